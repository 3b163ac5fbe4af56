// Expected improvement below `best` of a normal variable, in logarithms: far from any good point the improvement underflows while its
// logarithm still says which way is better (Ament et al., Unexpected Improvements to Expected Improvement, NeurIPS 2023).
#pragma once

namespace tomograd {

// log(phi(z) + z Phi(z)) for any z, relative error of a few 1e-15 of max(1, |result|); `slope` by z if wanted.
double log_improvement(double z, double* slope = nullptr);

double normal_density(double z);
double normal_share(double z);                   // Phi
// log Phi(z) and its slope.
double log_normal_share(double z, double* slope = nullptr);

}  // namespace tomograd
