// The cluster as a drawing: your machine and the bucket on the left, controller and shared storage in the middle, queues of
// workers on the right, data along the arrows. Texts shrink to the room they have, so none runs into its neighbour.
#include <algorithm>

#include "base/error.h"
#include "base/markup.h"
#include "base/memory.h"
#include "planning/cluster_configuration.h"

namespace tomograd {
namespace {

constexpr double left_x = 24, left_width = 190, middle_x = 384, middle_width = 230, right_x = 794, right_width = 310;
constexpr double top_y = 92, page_width = 1128;
constexpr int64_t most_nodes_drawn = 6;
constexpr double node_width = 88, node_height = 62, node_gap = 9;

std::string svg_number(double value) { return plain_number(value, 1); }

struct Box { double x, y, width, height; };

class Pen {
 public:
  void box(const Box& at, const std::string& fill, const std::string& line) {
    std::string corner = svg_number(std::min(6.0, at.height / 8));
    svg_ += "<rect x=\"" + svg_number(at.x) + "\" y=\"" + svg_number(at.y) + "\" width=\"" + svg_number(at.width) + "\" height=\"" + svg_number(at.height) +
            "\" rx=\"" + corner + "\" fill=\"" + fill + "\" stroke=\"" + line + "\"/>\n";
  }
  struct Style { double size = 12; const char* anchor = "start"; const char* color = "#222222"; bool bold = false; };
  // No wider than `room`: letters of these fonts take 0.58 of their size on average, 0.62 when bold.
  void write(double x, double y, const std::string& content, double room, const Style& style) {
    double letters = double(letter_count(content));
    double size = std::min(style.size, room / (std::max(1.0, letters) * (style.bold ? 0.62 : 0.58)));
    svg_ += "<text x=\"" + svg_number(x) + "\" y=\"" + svg_number(y) + "\" font-size=\"" + svg_number(size) +
            "\" text-anchor=\"" + style.anchor + "\" fill=\"" + style.color + "\"" + (style.bold ? " font-weight=\"bold\"" : "") + ">" + escaped_markup(content) + "</text>\n";
  }
  void titled(const Box& at, const std::string& title, const std::vector<std::string>& below, const std::string& fill, const std::string& line) {
    box(at, fill, line);
    double room = at.width - 20, y = at.y + 22;
    write(at.x + 10, y, title, room, {13.5, "start", "#111111", true});
    for (const auto& words : below) write(at.x + 10, y += 18, words, room, {12, "start", "#444444", false});
  }
  void arrow(double x1, double y1, double x2, double y2, bool both) {
    svg_ += "<line x1=\"" + svg_number(x1) + "\" y1=\"" + svg_number(y1) + "\" x2=\"" + svg_number(x2) + "\" y2=\"" + svg_number(y2) +
            "\" stroke=\"#555555\" stroke-width=\"1.6\" marker-end=\"url(#tip)\"" + (both ? " marker-start=\"url(#tip)\"" : "") + "/>\n";
  }
  // Words above a horizontal arrow, or beside a vertical one.
  void across(double x1, double x2, double y, const std::vector<std::string>& words, bool both = false) {
    arrow(x1 + 4, y, x2 - 4, y, both);
    for (size_t i = 0; i < words.size(); ++i) write((x1 + x2) / 2, y - 8 - 16 * double(words.size() - 1 - i), words[i], x2 - x1 - 16, {12, "middle", "#444444", false});
  }
  void down(double x, double y1, double y2, const std::vector<std::string>& words, double room, bool both = false) {
    arrow(x, y1 + 4, x, y2 - 4, both);
    double y = (y1 + y2) / 2 + 4 - 8 * double(words.size() - 1);
    for (size_t i = 0; i < words.size(); ++i) write(x + 10, y + 16 * double(i), words[i], room, {12, "start", "#444444", false});
  }
  const std::string& body() const { return svg_; }

 private:
  std::string svg_;
};

std::string amount(double bytes) { return bytes > 0 ? bytes_text(int64_t(bytes)) : ""; }

std::string with(const std::string& words, const std::string& more) { return more.empty() ? words : words + " " + more; }

double queue_height(const ClusterQueue& queue) {
  int64_t drawn = std::min(queue.max_count, most_nodes_drawn), rows = (drawn + 2) / 3;
  return 70 + double(rows) * (node_height + node_gap) + (queue.max_count > drawn ? 20 : 0);
}

void draw_node(Pen& pen, const ClusterQueue& queue, const Box& at) {
  pen.box(at, "#ffffff", "#8c6d1f");
  pen.write(at.x + at.width / 2, at.y + 16, queue.types.front(), at.width - 10, {10, "middle", "#444444", false});
  int64_t in_row = std::min<int64_t>(4, queue.devices);
  for (int64_t i = 0; i < std::min<int64_t>(8, queue.devices); ++i) {
    double side = 15, step = 19, left = at.x + at.width / 2 - double(in_row) * step / 2 + (step - side) / 2;
    pen.box({left + double(i % 4) * step, at.y + 22 + double(i / 4) * step, side, side}, queue.cpu ? "#b9c7d6" : "#76b043", "#3d5c20");
  }
}

void draw_queue(Pen& pen, const ClusterQueue& queue, double y, double height) {
  Box all = {right_x, y, right_width, height};
  std::string kind = text(queue.spot ? "spot" : "on demand", ", ", queue.min_count, " to ", queue.max_count, queue.max_count == 1 ? " node" : " nodes");
  pen.titled(all, "Workers: " + queue.name, {kind, text(queue.devices, " x ", queue.device, " each, a trial on each")}, "#fdf3d8", "#8c6d1f");
  int64_t drawn = std::min(queue.max_count, most_nodes_drawn);
  for (int64_t i = 0; i < drawn; ++i) draw_node(pen, queue, {right_x + 14 + double(i % 3) * (node_width + node_gap), y + 70 + double(i / 3) * (node_height + node_gap), node_width, node_height});
  if (queue.max_count > drawn) pen.write(right_x + right_width / 2, y + queue_height(queue) - 9, text("and ", queue.max_count - drawn, " more"), right_width - 20, {12, "middle", "#444444", false});
}

}  // namespace

std::string cluster_svg(const ClusterConfiguration& cluster) {
  Pen pen;
  bool lustre = cluster.lustre_gigabytes > 0;
  double storage_y = top_y + 200, queues = 0;
  for (const auto& queue : cluster.queues) queues += queue_height(queue) + 16;
  double bottom = std::max(top_y + queues, storage_y + (lustre ? 196 : 86) + 16);

  pen.write(left_x, 34, "Cluster " + cluster.name, page_width - 48, {18, "start", "#111111", true});
  pen.write(left_x, 56, text("AWS ParallelCluster, ", cluster.region, ", Slurm; all but your machine in one subnet"), page_width - 48, {12, "start", "#666666", false});
  pen.titled({left_x, top_y, left_width, 86}, "Your machine", {"scans, spec", "page and report"}, "#eeeeee", "#777777");
  pen.titled({left_x, storage_y, left_width, 86}, "S3 bucket", {"s3://" + cluster.bucket, "data/, setup.sh, results/"}, "#e3efda", "#4c7a2a");
  pen.titled({middle_x, top_y, middle_width, 86}, "Controller (head node)", {cluster.head_node + ", Slurm", "experiment store, claims, leases"}, "#dce9f7", "#2f5f93");
  std::string holds = lustre ? "program, trials, checkpoints" : "program, data, trials, checkpoints";
  pen.titled({middle_x, storage_y, middle_width, 86}, "EBS at /shared", {text(cluster.shared_gigabytes, " GB, gp3, by NFS"), holds}, "#e8e2f4", "#5d4a8c");
  std::vector<std::string> scratch = {text(cluster.lustre_gigabytes, " GB, scratch"), "data, from the bucket at first use"};
  if (lustre) pen.titled({middle_x, storage_y + 110, middle_width, 86}, "FSx for Lustre at /fsx", scratch, "#e8e2f4", "#5d4a8c");
  double y = top_y;
  for (size_t i = 0; i < cluster.queues.size(); ++i) {  // the last box reaches down to where the arrows of the storage end
    double height = queue_height(cluster.queues[i]);
    draw_queue(pen, cluster.queues[i], y, i + 1 == cluster.queues.size() ? std::max(height, bottom - 16 - y) : height);
    y += height + 16;
  }

  double left_end = left_x + left_width, middle_end = middle_x + middle_width;
  pen.across(left_end, middle_x, top_y + 52, {"experiment run", "status, report"}, true);
  pen.across(middle_end, right_x, top_y + 52, {"trials through Slurm", "leases, metrics"}, true);
  pen.down(left_x + 40, top_y + 86, storage_y, {with("scans", amount(cluster.dataset_bytes)), "once"}, left_width - 50);
  pen.down(middle_x + 40, top_y + 86, storage_y, {"store, logs"}, middle_width - 50, true);
  std::string data = with("data", amount(cluster.dataset_bytes)), results = with("results", amount(cluster.results_bytes));
  pen.across(left_end, middle_x, storage_y + 52, lustre ? std::vector<std::string>{"setup", results} : std::vector<std::string>{data, results}, true);
  pen.across(middle_end, right_x, storage_y + 52, lustre ? std::vector<std::string>{"checkpoints, models"} : std::vector<std::string>{"patches' data", "checkpoints, models"}, true);
  if (lustre) {
    double from = left_x + left_width / 2, low = storage_y + 162;
    pen.arrow(from, low, middle_x - 4, low, false);
    pen.arrow(from, storage_y + 90, from, low, false);
    pen.write((left_end + middle_x) / 2, low - 8, "import " + data, middle_x - left_end - 16, {12, "middle", "#444444", false});
    pen.across(middle_end, right_x, low, {"patches' data"});
  }
  std::string head = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + svg_number(page_width) + "\" height=\"" + svg_number(bottom) + "\" viewBox=\"0 0 " + svg_number(page_width) + " " + svg_number(bottom) +
                     "\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n"
                     "<defs><marker id=\"tip\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto-start-reverse\">"
                     "<path d=\"M0 0L10 5L0 10z\" fill=\"#555555\"/></marker></defs>\n"
                     "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  return head + pen.body() + "</svg>\n";
}

}  // namespace tomograd
