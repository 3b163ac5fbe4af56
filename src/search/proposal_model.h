// What a Bayesian proposal rests on: the trials before it, and the Gaussian process that they give. Shared by who proposes and who says what was
// expected of a proposal, so that both speak of the same model. Private to this room.
#pragma once

#include <Eigen/Dense>
#include <optional>
#include <vector>

#include "base/random.h"
#include "search/acquisition.h"
#include "search/kernel_fit.h"
#include "search/proposal.h"
#include "search/search_space.h"

namespace tomograd {

constexpr int64_t least_results = 3;             // before there is a model

struct Known {                                   // what the trials before say
  std::vector<Eigen::VectorXd> complete, failed, pending;
  std::vector<double> values;                    // of the complete ones, smaller is better
};

// Nothing when a trial that is needed has no outcome, or was never told.
std::optional<Known> known_before(const SearchSpace& space, const StrategySpec& strategy, int64_t parallel, int64_t number, const std::vector<Observation>& told);

Eigen::MatrixXd columns_of(const std::vector<Eigen::VectorXd>& points, Eigen::Index rows);
// bend: if wanted, how the values were bent before they were fitted.
Surrogate surrogate_of(const SearchSpace& space, const Known& known, Random& random, Bend* bend = nullptr);

struct ProposalModel {
  Surrogate surrogate;                           // with the pending trials believed; best: without `margin`
  Bend bend;                                     // from negated values to those of the surrogate
  Random random;                                 // as the fit has left it
  std::vector<Eigen::VectorXd> centres;          // the best points, best first
  bool exploits = false;                         // goes for the lowest mean, since others run already
  double margin = 0;                             // that improvements are counted from above the best, then
};
ProposalModel model_of(const SearchSpace& space, const Known& known, int64_t seed, int64_t number);

}  // namespace tomograd
