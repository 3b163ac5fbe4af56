// How much each variable matters: functional ANOVA of a random forest (Hutter, Hoos, Leyton-Brown, "An efficient approach for
// assessing hyperparameter importance", ICML 2014). A tree cuts the space of the variables into boxes of equal prediction, so
// the variance that one variable alone causes, averaged over all values of the others, is a sum over boxes and exact.
#pragma once

#include <cstdint>
#include <vector>

namespace tomograd {

struct ImportancePoints {
  std::vector<std::vector<double>> at;           // [point][variable], 0 to 1; NaN counts as 0.5
  std::vector<double> metric;                    // [point]
  std::vector<int64_t> values;                   // per variable: number of listed values (at = (i + 0.5) / values), 0 = a range
};

struct Share {                                   // of the variance of the forest's predictions
  double mean = 0, low = 0, high = 0;            // over trees, and their 10 % and 90 % quantiles; each tree has seen its own
                                                 // draw of the trials, so this is what other draws would have said
};

struct Importance {
  std::vector<Share> variables;                  // of each alone
  Share together;                                // what only combinations of variables cause
  // 1 - mean squared error / variance, of points predicted by the trees that have not seen them: at most 1; 0 or less = the
  // forest predicts no better than the mean, and its shares say nothing.
  double explained = 0;
  int64_t points = 0, trees = 0;
};

constexpr int64_t least_points_for_importance = 8;

// 0 < points; the same points give the same result.
Importance variable_importance(const ImportancePoints& points, int64_t trees = 64);

}  // namespace tomograd
