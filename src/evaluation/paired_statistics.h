// Honest statistics for few patients: paired differences, exact Wilcoxon signed rank, Hodges-Lehmann with its attained
// coverage, both widened where patients share trainings, Holm's correction, Kendall's tau, and the smallest p that n pairs can reach.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tomograd {

// Differences must be finite (Error(input) otherwise). Zeros are dropped and ties get average ranks; the distribution is exact,
// conditional on the ties, up to 50 pairs and the normal approximation (ties corrected, no continuity correction) beyond.
struct Wilcoxon { double w_plus = 0, w_minus = 0, p_two_sided = 1; int64_t n = 0; bool exact = true; };
Wilcoxon wilcoxon_signed_rank(const std::vector<double>& differences);
double smallest_p(int64_t n);                    // 2 / 2^n

// Median of the Walsh averages, zeros included, and the shortest interval of Walsh averages whose coverage reaches the wanted
// one, or the widest there is when n is too small for it (n <= 5 for 0.95).
struct Interval { double estimate = 0, low = 0, high = 0, coverage = 0; };  // coverage attained, exact
Interval hodges_lehmann(const std::vector<double>& differences, double wanted_coverage = 0.95);

// Two-sided p of Student's t and the t that |T| stays below with this chance; degrees of freedom >= 1.
double student_p(double t, int64_t degrees);
double student_quantile(double chance, int64_t degrees);

// The two above where patients share trainings: a training's luck moves all its patients together, which the signed rank takes
// for their agreement. So a difference must show against the spread between trainings, too: p is the larger of the signed
// rank's and that of Student's t over `trainings`, the mean difference of each training; the interval holds those of both.
// No trainings: every patient has its own, the signed rank alone is right. One: p = 1, luck and effect cannot be told apart.
struct PairedTest { Interval interval; double p = 1; };
PairedTest paired_test(const std::vector<double>& differences, const std::vector<double>& trainings, double wanted_coverage = 0.95);

std::vector<double> holm(const std::vector<double>& p);          // adjusted p, same order; NaN = no test, not counted
double kendall_tau(const std::vector<double>& a, const std::vector<double>& b);   // tau-b; NaN when one list is constant
// Of a table [patient][seed], one-way random effects. A negative estimate is 0. With one seed per patient the two cannot be
// told apart: `patient` is then their sum and `seed` NaN.
struct VarianceParts { double patient = 0, seed = 0; };
VarianceParts variance_parts(const std::vector<std::vector<double>>& table);

}  // namespace tomograd
