// Minimum-cost flow by successive shortest paths (Dijkstra with potentials; Tomizawa 1971, Edmonds & Karp 1972): after k
// augmentations the matching is the cheapest of size k, and it stops at the largest. Whole numbers, so that nothing is rounded.
#include "evaluation/cell_matching.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <queue>

#include "base/error.h"

namespace tomograd {
namespace {

constexpr int64_t nowhere = std::numeric_limits<int64_t>::max();

struct Edge { int64_t to, cost; };               // cost in picometres

// Edges by place: b in boxes of the radius's side, each point looks at the 27 around it.
std::vector<std::vector<Edge>> edges_between(const std::vector<Point>& a, const std::vector<Point>& b, double radius) {
  auto box = [&](const Point& p) {
    return std::array<int64_t, 3>{int64_t(std::floor(p[0] / radius)), int64_t(std::floor(p[1] / radius)), int64_t(std::floor(p[2] / radius))};
  };
  std::map<std::array<int64_t, 3>, std::vector<int64_t>> boxes;
  for (size_t j = 0; j < b.size(); ++j) boxes[box(b[j])].push_back(int64_t(j));
  std::vector<std::vector<Edge>> edges(a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    auto at = box(a[i]);
    for (int64_t z = at[0] - 1; z <= at[0] + 1; ++z)
      for (int64_t y = at[1] - 1; y <= at[1] + 1; ++y)
        for (int64_t x = at[2] - 1; x <= at[2] + 1; ++x) {
          auto found = boxes.find({z, y, x});
          if (found == boxes.end()) continue;
          for (int64_t j : found->second) {
            const Point& q = b[size_t(j)];
            double distance = std::sqrt(std::pow(a[i][0] - q[0], 2) + std::pow(a[i][1] - q[1], 2) + std::pow(a[i][2] - q[2], 2));
            if (distance <= radius) edges[i].push_back({j, std::llround(distance * 1e6)});
          }
        }
    std::sort(edges[i].begin(), edges[i].end(), [](const Edge& p, const Edge& q) { return p.to < q.to; });
  }
  return edges;
}

class Matching {
 public:
  Matching(std::vector<std::vector<Edge>> edges, size_t right)
      : edges_(std::move(edges)), partner_of_left_(edges_.size(), -1), partner_of_right_(right, -1), left_potential_(edges_.size(), 0),
          right_potential_(right, 0),
        left_distance_(edges_.size(), nowhere), right_distance_(right, nowhere), from_(right, -1) {}

  // `lefts` are one connected group.
  void match(const std::vector<int64_t>& lefts) {
    while (augment(lefts)) {}
  }
  int64_t partner(int64_t left) const { return partner_of_left_[size_t(left)]; }

 private:
  bool augment(const std::vector<int64_t>& lefts) {
    using Entry = std::pair<int64_t, int64_t>;   // distance, left node
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    std::vector<int64_t> reached_left, reached_right;
    for (int64_t l : lefts)
      if (partner_of_left_[size_t(l)] < 0) {
        left_distance_[size_t(l)] = 0;           // a free left node's potential stays 0: nothing leads to it
        reached_left.push_back(l);
        queue.push({0, l});
      }
    int64_t best = -1, best_cost = nowhere;
    while (!queue.empty()) {
      auto [distance, l] = queue.top();
      queue.pop();
      if (distance > left_distance_[size_t(l)]) continue;
      for (const Edge& e : edges_[size_t(l)]) {
        if (partner_of_left_[size_t(l)] == e.to) continue;
        int64_t reduced = distance + e.cost + left_potential_[size_t(l)] - right_potential_[size_t(e.to)];
        int64_t& known = right_distance_[size_t(e.to)];
        if (reduced >= known) continue;
        if (known == nowhere) reached_right.push_back(e.to);
        known = reduced;
        from_[size_t(e.to)] = l;
        int64_t next = partner_of_right_[size_t(e.to)];
        if (next < 0) continue;
        // The way back along a matched pair costs nothing in reduced costs.
        if (left_distance_[size_t(next)] == nowhere) reached_left.push_back(next);
        left_distance_[size_t(next)] = reduced;
        queue.push({reduced, next});
      }
    }
    for (int64_t r : reached_right) {
      int64_t cost = right_distance_[size_t(r)] + right_potential_[size_t(r)];
      if (partner_of_right_[size_t(r)] < 0 && (cost < best_cost || (cost == best_cost && r < best))) best = r, best_cost = cost;
    }
    // What was not reached cannot be reached later either, so its potential does not matter.
    for (int64_t l : reached_left) left_potential_[size_t(l)] += left_distance_[size_t(l)], left_distance_[size_t(l)] = nowhere;
    for (int64_t r : reached_right) right_potential_[size_t(r)] += right_distance_[size_t(r)], right_distance_[size_t(r)] = nowhere;
    if (best < 0) return false;
    for (int64_t r = best; r >= 0;) {
      int64_t l = from_[size_t(r)], before = partner_of_left_[size_t(l)];
      partner_of_left_[size_t(l)] = r, partner_of_right_[size_t(r)] = l;
      r = before;
    }
    return true;
  }

  std::vector<std::vector<Edge>> edges_;
  std::vector<int64_t> partner_of_left_, partner_of_right_, left_potential_, right_potential_, left_distance_, right_distance_, from_;
};

}  // namespace

std::vector<std::pair<int64_t, int64_t>> match_points(const std::vector<Point>& a, const std::vector<Point>& b, double radius_um) {
  if (!(radius_um > 0 && radius_um <= 1e6)) fail_input(text("a matching radius of ", radius_um, " um; above 0 and up to 1e6 is expected"));
  for (const auto* points : {&a, &b})
    for (const Point& p : *points)
      for (double v : p)
        if (!(std::abs(v) <= 1e9)) fail_input(text("a cell at ", v, " um; at most 1e9 is expected"));
  auto edges = edges_between(a, b, radius_um);

  // Groups: union-find over left nodes, by the right nodes they share.
  std::vector<int64_t> parent(a.size()), first(b.size(), -1);
  std::iota(parent.begin(), parent.end(), int64_t{0});
  auto root = [&](int64_t i) {
    while (parent[size_t(i)] != i) i = parent[size_t(i)] = parent[size_t(parent[size_t(i)])];
    return i;
  };
  for (size_t i = 0; i < a.size(); ++i)
    for (const Edge& e : edges[i]) {
      int64_t& seen = first[size_t(e.to)];
      if (seen < 0) seen = int64_t(i);
      else parent[size_t(root(int64_t(i)))] = root(seen);
    }
  std::map<int64_t, std::vector<int64_t>> groups;
  for (size_t i = 0; i < a.size(); ++i)
    if (!edges[i].empty()) groups[root(int64_t(i))].push_back(int64_t(i));

  Matching matching(std::move(edges), b.size());
  for (const auto& [name, lefts] : groups) matching.match(lefts);
  std::vector<std::pair<int64_t, int64_t>> pairs;
  for (size_t i = 0; i < a.size(); ++i)
    if (int64_t j = matching.partner(int64_t(i)); j >= 0) pairs.push_back({int64_t(i), j});
  return pairs;
}

double CellScore::precision() const { return predicted + actual == 0 ? 1 : predicted ? double(matched) / double(predicted) : 0; }
double CellScore::recall() const { return predicted + actual == 0 ? 1 : actual ? double(matched) / double(actual) : 0; }
double CellScore::f1() const { return predicted + actual == 0 ? 1 : 2 * double(matched) / double(predicted + actual); }

CellScore score_cells(const std::vector<Point>& predicted, const std::vector<Point>& actual, double radius_um) {
  CellScore score{radius_um, int64_t(predicted.size()), int64_t(actual.size()), 0, 0};
  double sum = 0;
  for (auto [i, j] : match_points(predicted, actual, radius_um)) {
    const Point &p = predicted[size_t(i)], &q = actual[size_t(j)];
    sum += std::sqrt(std::pow(p[0] - q[0], 2) + std::pow(p[1] - q[1], 2) + std::pow(p[2] - q[2], 2));
    ++score.matched;
  }
  score.mean_distance_um = score.matched ? sum / double(score.matched) : std::numeric_limits<double>::quiet_NaN();
  return score;
}

}  // namespace tomograd
