// The timeline as a picture: a row per worker, a bar per attempt in the colour of its end, a cross where a worker was lost, a
// thin line where it waited. Pauses in which nobody worked are cut out, so that a night between stop and resume does not press
// the work into a corner.
#include <algorithm>
#include <cmath>

#include "report/numbers.h"
#include "report/plot_frame.h"
#include "report/report_figures.h"

namespace tomograd {
namespace {

constexpr size_t most_rows_of_one_worker = 24;

struct Lane {
  std::string label;
  std::vector<const WorkerRow*> workers;         // one after the other
};

// Workers that are started again after each kill are many; those that did not work at the same time share a row then.
std::vector<Lane> lanes_of(const Timeline& timeline) {
  std::vector<Lane> lanes;
  if (timeline.workers.size() <= most_rows_of_one_worker) {
    for (const auto& worker : timeline.workers) lanes.push_back({worker.owner, {&worker}});
    return lanes;
  }
  auto end_of = [](const WorkerRow& worker) {
    double end = 0;
    for (const auto& span : worker.attempts) end = std::max(end, span.end);
    return end;
  };
  for (const auto& worker : timeline.workers) {
    auto free = std::find_if(lanes.begin(), lanes.end(), [&](const Lane& lane) { return end_of(*lane.workers.back()) <= worker.attempts.front().begin; });
    if (free == lanes.end()) free = lanes.insert(free, Lane{});
    free->workers.push_back(&worker);
  }
  for (size_t i = 0; i < lanes.size(); ++i)
    lanes[i].label = lanes[i].workers.size() == 1 ? lanes[i].workers[0]->owner : text("row ", i + 1, ": ", lanes[i].workers.size(), " workers");
  return lanes;
}

// Time to place: linear, with each pause taking a fixed small width.
class TimeScale {
 public:
  TimeScale(const Timeline& timeline) : pauses_(pauses(timeline)) {
    worked_ = timeline.seconds;
    for (const auto& pause : pauses_) worked_ -= pause.end - pause.begin;
    worked_ = std::max(worked_, 1e-3);
    whole_ = worked_ * (1 + cut * double(pauses_.size()));
  }
  double at(double seconds) const {
    double place = seconds;
    for (const auto& pause : pauses_) {
      if (seconds >= pause.end) place += cut * worked_ - (pause.end - pause.begin);
      else if (seconds > pause.begin) place += (seconds - pause.begin) / (pause.end - pause.begin) * cut * worked_ - (seconds - pause.begin);
    }
    return place / whole_;
  }
  double worked() const { return worked_; }
  const std::vector<Pause>& all() const { return pauses_; }
  // The time of the clock since the start at which so much has been worked.
  double clock_at(double worked) const {
    for (const auto& pause : pauses_)
      if (worked > pause.begin) worked += pause.end - pause.begin;
    return worked;
  }

 private:
  static constexpr double cut = 0.04;            // of the time at work
  std::vector<Pause> pauses_;
  double worked_ = 0, whole_ = 0;
};

struct Unit { double seconds; const char* name; };
Unit unit_of(double seconds) {
  if (seconds < 180) return {1, "s"};
  if (seconds < 3 * 3600) return {60, "min"};
  return seconds < 3 * 86400 ? Unit{3600, "h"} : Unit{86400, "d"};
}

struct Kind { const char* outcome; const char* name; Color color; };
constexpr Kind kinds[] = {{"complete", "complete", okabe_ito::blue},      {"pruned", "pruned", okabe_ito::sky_blue}, {"preempted", "preempted", okabe_ito::orange}, {"failed", "failed", okabe_ito::vermillion},
                          {"lost", "lost (killed)", okabe_ito::purple}, {"cancelled", "cancelled", grey},         {"running", "running", okabe_ito::green}};

Color color_of(const std::string& outcome) {
  for (const auto& kind : kinds)
    if (outcome == kind.outcome) return kind.color;
  return grey;
}

class TimelineFigure : public Figure {
 public:
  explicit TimelineFigure(Timeline timeline) : timeline_(std::move(timeline)), scale_(timeline_), lanes_(lanes_of(timeline_)) {
    row_ = lanes_.size() <= most_rows_of_one_worker ? 20 : std::max(6.0, 480 / double(lanes_.size()));
    Unit unit = unit_of(scale_.worked());
    plot_.title = "Workers and attempts";
    plot_.x.label = text("time at work / ", unit.name, scale_.all().empty() ? "" : " (pauses cut out)");
    for (const auto& tick : number_ticks(0, scale_.worked() / unit.seconds, 8)) plot_.x.ticks.push_back({scale_.at(scale_.clock_at(tick.at * scale_.worked())), tick.label});
    plot_.x.lines = true;
    size_t every = size_t(std::ceil(12 / row_));
    for (size_t i = 0; i < lanes_.size(); i += every) plot_.y.ticks.push_back({1 - (double(i) + 0.5) / double(lanes_.size()), lanes_[i].label});
    plot_.width = 760, plot_.above = 17 + (timeline_.marks.empty() && scale_.all().empty() ? 0 : 13);
    plot_.height = 90 + plot_.above + row_ * double(lanes_.size());
  }
  double width() const override { return plot_.width; }
  double height() const override { return plot_.height; }

  void draw(Canvas& canvas, double left, double top) const override {
    PlotFrame frame(plot_, left, top);
    frame.draw(canvas);
    draw_legend(canvas, frame.x0, top + 46);
    draw_pauses_and_marks(canvas, frame);
    for (size_t i = 0; i < lanes_.size(); ++i) {
      double middle = frame.y0 + (double(i) + 0.5) * (frame.y1 - frame.y0) / double(lanes_.size());
      for (const auto* worker : lanes_[i].workers) draw_worker(canvas, frame, *worker, middle);
    }
  }

 private:
  int64_t count(const char* outcome) const {
    int64_t n = 0;
    for (const auto& worker : timeline_.workers)
      for (const auto& span : worker.attempts) n += span.outcome == outcome;
    return n;
  }

  void draw_legend(Canvas& canvas, double x, double y) const {
    for (const auto& kind : kinds) {
      int64_t n = count(kind.outcome);
      if (n == 0) continue;
      std::string name = text(kind.name, " ", n);
      canvas.rectangle(x, y - 7.5, 11, 8, kind.color, 1);
      if (std::string(kind.outcome) == "lost") cross(canvas, {x + 11, y - 3.5});
      canvas.write({x + 18, y}, name, {type_size::small, ink, Anchor::start, false, false});
      x += 18 + text_width(name, type_size::small) + 16;
    }
    canvas.line({{x, y - 3.5}, {x + 14, y - 3.5}}, grey, 1);
    canvas.write({x + 19, y}, "waiting", {type_size::small, ink, Anchor::start, false, false});
  }

  void draw_pauses_and_marks(Canvas& canvas, const PlotFrame& frame) const {
    double free = -1e9;                          // right end of the last label
    auto label = [&](double x, const std::string& said) {
      double half = text_width(said, 8.5) / 2, middle = std::clamp(x, frame.x0 + half, frame.x1 - half);
      if (middle - half < free + 4) return;
      canvas.write({middle, frame.y0 - 4}, said, {8.5, grey, Anchor::middle, false, false});
      free = middle + half;
    };
    std::vector<std::pair<double, std::string>> labels;
    for (const auto& pause : scale_.all()) {
      double x = frame.at(scale_.at(pause.begin), 0).x, end = frame.at(scale_.at(pause.end), 0).x;
      canvas.rectangle(x, frame.y0, end - x, frame.y1 - frame.y0, {236, 236, 236}, 1);
      labels.emplace_back((x + end) / 2, "pause " + duration(pause.end - pause.begin));
    }
    for (const auto& mark : timeline_.marks) {
      if (mark.kind == "retry") continue;        // a bar follows it
      double x = frame.at(scale_.at(std::min(mark.at, timeline_.seconds)), 0).x;
      canvas.line({{x, frame.y0}, {x, frame.y1}}, grey, 0.9, 3);
      bool at_pause = std::any_of(scale_.all().begin(), scale_.all().end(), [&](const Pause& p) { return mark.at > p.begin - 0.02 * scale_.worked() && mark.at < p.end + 0.02 * scale_.worked(); });
      if (!at_pause) labels.emplace_back(x, mark.kind);
    }
    std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [x, said] : labels) label(x, said);
  }

  static std::string duration(double seconds) {
    Unit unit = unit_of(seconds);
    return fixed_text(seconds / unit.seconds, seconds / unit.seconds < 10 ? 1 : 0) + " " + unit.name;
  }

  static void cross(Canvas& canvas, Point at) {
    for (double side : {1.0, -1.0}) canvas.line({{at.x - 3.2, at.y - 3.2 * side}, {at.x + 3.2, at.y + 3.2 * side}}, ink, 1.4);
  }

  void draw_worker(Canvas& canvas, const PlotFrame& frame, const WorkerRow& worker, double middle) const {
    double height = row_ * 0.68;
    auto place = [&](double seconds) { return frame.at(scale_.at(seconds), 0).x; };
    double end = 0;
    for (const auto& span : worker.attempts) end = std::max(end, span.end);
    canvas.line({{place(worker.attempts.front().begin), middle}, {place(end), middle}}, grey, 1);
    for (const auto& span : worker.attempts) {
      double from = place(span.begin), width = std::max(0.8, place(span.end) - from - 0.5);
      Color color = color_of(span.outcome);
      canvas.rectangle(from, middle - height / 2, width, height, color, 1);
      std::string number = std::to_string(span.trial);
      if (height > 9 && width > text_width(number, 8) + 4) canvas.write({from + width / 2, middle + 3}, number, {8, paper, Anchor::middle, false, false});
    }
    for (const auto& span : worker.attempts)
      if (span.outcome == "lost") cross(canvas, {place(span.end), middle});
  }

  Timeline timeline_;
  TimeScale scale_;
  std::vector<Lane> lanes_;
  Plot plot_;
  double row_ = 20;
};

}  // namespace

std::unique_ptr<Figure> timeline_figure(Timeline timeline) { return std::make_unique<TimelineFigure>(std::move(timeline)); }

}  // namespace tomograd
