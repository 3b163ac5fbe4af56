#include "report/importance.h"

#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "report/numbers.h"

namespace tomograd {
namespace {

constexpr int most_levels = 12;
constexpr size_t least_in_leaf = 2;

// The part of one variable's values that a box holds: an interval, or some of the listed values.
struct Side {
  double low = 0, high = 1;
  std::vector<bool> listed;                      // empty = an interval
  double share() const {
    if (listed.empty()) return high - low;
    return double(std::count(listed.begin(), listed.end(), true)) / double(listed.size());
  }
};

struct Leaf {
  std::vector<Side> box;
  double value = 0;
};

class Tree {
 public:
  Tree(const ImportancePoints& points, Random& random) : p_(points), random_(random), seen_(points.metric.size()) {
    std::vector<size_t> drawn;
    for (size_t i = 0; i < seen_.size(); ++i) {
      size_t at = size_t(random.below(int64_t(seen_.size())));
      drawn.push_back(at), seen_[at] = true;
    }
    std::vector<Side> box(p_.values.size());
    for (size_t v = 0; v < box.size(); ++v)
      if (p_.values[v] > 0) box[v].listed.assign(size_t(p_.values[v]), true);
    grow(drawn, box, 0);
  }

  bool seen(size_t point) const { return seen_[point]; }

  double predict(size_t point) const {
    for (const auto& leaf : leaves_) {
      bool inside = true;
      for (size_t v = 0; v < leaf.box.size() && inside; ++v) inside = holds(leaf.box[v], v, at(point, v));
      if (inside) return leaf.value;
    }
    return leaves_.empty() ? 0 : leaves_.front().value;
  }

  // Variance over the whole space, and the part of each variable alone.
  double variance(std::vector<double>& alone) const {
    double mean = 0, square = 0;
    std::vector<double> volumes;
    for (const auto& leaf : leaves_) {
      double volume = 1;
      for (const auto& side : leaf.box) volume *= side.share();
      volumes.push_back(volume), mean += volume * leaf.value, square += volume * leaf.value * leaf.value;
    }
    alone.assign(p_.values.size(), 0);
    for (size_t v = 0; v < alone.size(); ++v) alone[v] = std::max(0.0, p_.values[v] > 0 ? of_listed(v, volumes, mean) : of_interval(v, volumes, mean));
    return std::max(0.0, square - mean * mean);
  }

 private:
  double at(size_t point, size_t v) const { return std::isfinite(p_.at[point][v]) ? std::clamp(p_.at[point][v], 0.0, 1.0) : 0.5; }
  size_t value_of(size_t point, size_t v) const { return std::min(size_t(p_.values[v]) - 1, size_t(at(point, v) * double(p_.values[v]))); }
  bool holds(const Side& side, size_t v, double x) const {
    if (!side.listed.empty()) return side.listed[std::min(side.listed.size() - 1, size_t(x * double(p_.values[v])))];
    return x >= side.low && (x < side.high || side.high == 1);
  }

  double of_listed(size_t v, const std::vector<double>& volumes, double mean) const {
    double variance = 0;
    size_t count = size_t(p_.values[v]);
    for (size_t value = 0; value < count; ++value) {
      double marginal = 0;
      for (size_t l = 0; l < leaves_.size(); ++l)
        if (const Side& side = leaves_[l].box[v]; side.listed[value]) marginal += volumes[l] / side.share() * leaves_[l].value;
      variance += (marginal - mean) * (marginal - mean) / double(count);
    }
    return variance;
  }

  double of_interval(size_t v, const std::vector<double>& volumes, double mean) const {
    std::vector<double> cuts = {0, 1};
    for (const auto& leaf : leaves_) cuts.push_back(leaf.box[v].low);
    std::sort(cuts.begin(), cuts.end());
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    double variance = 0;
    for (size_t c = 0; c + 1 < cuts.size(); ++c) {
      double middle = (cuts[c] + cuts[c + 1]) / 2, marginal = 0;
      for (size_t l = 0; l < leaves_.size(); ++l)
        if (const Side& side = leaves_[l].box[v]; side.low <= middle && middle < side.high) marginal += volumes[l] / side.share() * leaves_[l].value;
      variance += (marginal - mean) * (marginal - mean) * (cuts[c + 1] - cuts[c]);
    }
    return variance;
  }

  struct Cut {
    double gain = 0, threshold = 0;
    size_t variable = 0;
    std::vector<bool> left;                      // of listed values
  };

  // The best cut of a sorted list of (place, metric): maximises the sum of squares between the two sides. Places of equal
  // value are never parted. Returns the number of items on the left; 0 = none.
  static size_t best_cut(const std::vector<std::pair<double, double>>& sorted, double& gain) {
    double left = 0, whole = 0;
    for (const auto& item : sorted) whole += item.second;
    size_t best = 0;
    for (size_t i = 1; i < sorted.size(); ++i) {
      left += sorted[i - 1].second;
      if (i < least_in_leaf || sorted.size() - i < least_in_leaf || sorted[i].first == sorted[i - 1].first) continue;
      double n = double(sorted.size()), n_left = double(i), right = whole - left;
      double between = left * left / n_left + right * right / (n - n_left) - whole * whole / n;
      if (between > gain + 1e-12) gain = between, best = i;
    }
    return best;
  }

  Cut cut_of(const std::vector<size_t>& points, size_t v) const {
    Cut cut;
    cut.variable = v;
    std::vector<std::pair<double, double>> sorted;
    std::vector<double> sum, count;
    if (p_.values[v] > 0) {                      // listed values in the order of their means: Breiman et al. 1984, §4.2.2
      sum.assign(size_t(p_.values[v]), 0), count = sum;
      for (size_t i : points) sum[value_of(i, v)] += p_.metric[i], ++count[value_of(i, v)];
      for (size_t i : points) sorted.emplace_back(sum[value_of(i, v)] / count[value_of(i, v)], p_.metric[i]);
    } else {
      for (size_t i : points) sorted.emplace_back(at(i, v), p_.metric[i]);
    }
    std::sort(sorted.begin(), sorted.end());
    size_t n_left = best_cut(sorted, cut.gain);
    if (n_left == 0) return cut;
    cut.threshold = (sorted[n_left - 1].first + sorted[n_left].first) / 2;
    for (size_t value = 0; value < sum.size(); ++value) cut.left.push_back(count[value] > 0 ? sum[value] / count[value] < cut.threshold : value % 2 == 0);
    return cut;
  }

  void grow(const std::vector<size_t>& points, std::vector<Side>& box, int level) {
    Cut best;
    if (level < most_levels && points.size() >= 2 * least_in_leaf) {
      std::vector<size_t> order(box.size());     // one variable in three is not looked at, so that trees differ
      for (size_t v = 0; v < order.size(); ++v) order[v] = v;
      for (size_t v = order.size(); v > 1; --v) std::swap(order[v - 1], order[size_t(random_.below(int64_t(v)))]);
      order.resize((2 * order.size() + 2) / 3);
      for (size_t v : order)
        if (Cut cut = cut_of(points, v); cut.gain > best.gain) best = std::move(cut);
    }
    if (best.gain <= 0) {
      Leaf leaf{box, 0};
      for (size_t i : points) leaf.value += p_.metric[i] / double(points.size());
      leaves_.push_back(std::move(leaf));
      return;
    }
    size_t v = best.variable;
    std::vector<size_t> parts[2];
    for (size_t i : points) parts[best.left.empty() ? at(i, v) >= best.threshold : !best.left[value_of(i, v)]].push_back(i);
    const Side whole = box[v];
    for (int right = 0; right < 2; ++right) {
      if (best.left.empty()) (right ? box[v].low : box[v].high) = best.threshold;
      for (size_t value = 0; value < best.left.size(); ++value) box[v].listed[value] = whole.listed[value] && best.left[value] != bool(right);
      grow(parts[right], box, level + 1);
      box[v] = whole;
    }
  }

  const ImportancePoints& p_;
  Random& random_;
  std::vector<bool> seen_;
  std::vector<Leaf> leaves_;
};

Share share_of(const std::vector<double>& of_trees) { return {mean_of(of_trees), quantile_of(of_trees, 0.1), quantile_of(of_trees, 0.9)}; }

}  // namespace

Importance variable_importance(const ImportancePoints& points, int64_t trees) {
  size_t n = points.metric.size(), variables = points.values.size();
  Importance result;
  result.points = int64_t(n);
  std::vector<std::vector<double>> alone(variables);
  std::vector<double> together, predicted(n), predictions(n);
  for (int64_t t = 0; t < trees; ++t) {
    Random random(1, "report/importance", 0, uint64_t(t));
    Tree tree(points, random);
    for (size_t i = 0; i < n; ++i)
      if (!tree.seen(i)) predicted[i] += tree.predict(i), ++predictions[i];
    std::vector<double> parts;
    double whole = tree.variance(parts), sum = 0;
    if (!(whole > 0)) continue;                  // a tree of one leaf knows of no differences
    ++result.trees;
    for (size_t v = 0; v < variables; ++v) alone[v].push_back(parts[v] / whole), sum += parts[v] / whole;
    together.push_back(std::max(0.0, 1 - sum));
  }
  for (const auto& shares : alone) result.variables.push_back(share_of(shares));
  result.together = share_of(together);
  double mean = mean_of(points.metric), error = 0, variance = 0;
  for (size_t i = 0; i < n; ++i) {
    if (predictions[i] == 0) continue;
    error += std::pow(points.metric[i] - predicted[i] / predictions[i], 2), variance += std::pow(points.metric[i] - mean, 2);
  }
  result.explained = variance > 0 ? 1 - error / variance : 0;
  return result;
}

}  // namespace tomograd
