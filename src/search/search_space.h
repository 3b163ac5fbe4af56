// The variables of an experiment as coordinates of a Gaussian process, and back.
//
// Numbers of a range lie in [0, 1] along their scale, whole numbers on the grid that their values make there; a list of three or more rising
// numbers is such a grid too, in equal steps. Other lists are categories 0, 1, 2, ... A variable that its condition leaves out rests at 0.5, as a
// category at -1, so that what has no meaning adds no distance between two points that both lack it.
#pragma once

#include <Eigen/Dense>
#include <string>
#include <vector>

#include "base/random.h"
#include "search/space.h"

namespace tomograd {

class SearchSpace {
 public:
  explicit SearchSpace(const std::vector<VariableSpec>& variables);  // Error(input) names the variable that is wrong

  Eigen::Index coordinates() const { return Eigen::Index(axes_.size()); }
  bool is_category(Eigen::Index j) const { return axes_[size_t(j)].kind == Kind::category; }
  bool is_real(Eigen::Index j) const { return axes_[size_t(j)].kind == Kind::real; }
  std::vector<char> categories() const;          // 1 per coordinate that is one

  // Numbers of [0, 1) per coordinate to the point they choose: uniform over grids and categories, along the scale of ranges.
  Eigen::VectorXd from_uniform(const std::vector<double>& uniform) const;
  // Nearest point that means something: on the grids, inside the ranges, coordinates that are left out at rest.
  Eigen::VectorXd snapped(Eigen::VectorXd x) const;
  // Points that differ in one discrete coordinate: every other category, the grid points beside this one and some further off.
  std::vector<Eigen::VectorXd> neighbours(const Eigen::VectorXd& x) const;
  // A point near x: some coordinates moved, numbers by a normal step of `scale` (at least one grid step where a grid moves).
  Eigen::VectorXd perturbed(const Eigen::VectorXd& x, double scale, Random& random) const;

  Value::Table settings(const Eigen::VectorXd& x) const;  // of the variables that are there; x snapped
  // Error(input) when a variable is missing or has a value that it cannot have. Values outside a range, of a spec that was changed since, move to its end.
  Eigen::VectorXd point(const Value& settings) const;

 private:
  enum class Kind { real, whole, listed, category };
  struct Axis {
    std::string key;
    Kind kind = Kind::real;
    bool log = false;
    double low = 0, high = 1;                    // of real and whole, as the spec gives them
    std::vector<Value> values;                   // of listed and category
    Condition condition;
    double steps() const;                        // grid points - 1; whole and listed
  };
  static double place(const Axis& axis, double value);     // of a number of a range in [0, 1]
  static double number(const Axis& axis, double place);
  static double on_grid(const Axis& axis, double place);
  static double shifted(const Axis& axis, double place, double steps);
  Value value(const Axis& axis, double coordinate) const;
  std::vector<Axis> axes_;
};

}  // namespace tomograd
