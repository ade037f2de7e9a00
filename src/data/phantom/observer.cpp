#include "data/phantom/observer.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "data/phantom/genes.hpp"

namespace photo51::data::phantom {
namespace {

/// The log odds given what is seen: normal with this mean and variance.
struct Belief {
  double mean, variance;
};

/// Sums the evidence of one quantity after another.
class Evidence {
 public:
  void see(const Loading& loading, double value) {
    const double weight = 1 / loading.noise_variance();
    precision_[0] += weight * loading.first * loading.first;
    precision_[1] += weight * loading.first * loading.second;
    precision_[2] += weight * loading.second * loading.second;
    pull_[0] += weight * loading.first * value;
    pull_[1] += weight * loading.second * value;
  }
  Belief log_odds() const {
    const double determinant = precision_[0] * precision_[2] - precision_[1] * precision_[1];
    // V (first, second)
    const double v0 = (precision_[2] * kGenotype.first - precision_[1] * kGenotype.second) / determinant;
    const double v1 = (precision_[0] * kGenotype.second - precision_[1] * kGenotype.first) / determinant;
    return {kGenotype.offset + v0 * pull_[0] + v1 * pull_[1], kGenotype.first * v0 + kGenotype.second * v1};
  }

 private:
  double precision_[3] = {1, 0, 1};
  double pull_[2] = {0, 0};
};

bool shows(const View& view, Trait trait) {
  switch (trait) {
    case irregularity:
    case elongation:
      return view.t1c || view.flair || view.ct;
    case texture:
      return view.t1c || view.flair;
    case enhancement:
      return view.t1c;
    default:
      return view.ct;
  }
}

Evidence gather(const View& view, const Patient* patient) {
  Evidence evidence;
  for (size_t t = 0; t < trait_count; ++t)
    if (shows(view, static_cast<Trait>(t))) evidence.see(kTraitLoadings[t], patient ? patient->traits[t] : 0);
  if (view.expression)
    for (size_t g = 0; g < gene_panel().size(); ++g)
      evidence.see(gene_panel()[g].loading, patient ? patient->expression[g] : 0);
  return evidence;
}

/// E sigmoid(mean + sqrt(variance) z) by the trapezium rule over ±8 standard deviations, which converges
/// faster than any power for such integrands.
double expected_sigmoid(const Belief& belief) {
  if (belief.variance <= 0) return sigmoid(belief.mean);
  constexpr int steps = 160;
  const double width = 16.0 / steps, deviation = std::sqrt(belief.variance);
  double sum = 0;
  for (int k = 0; k <= steps; ++k) {
    const double z = -8 + width * k;
    sum += std::exp(-z * z / 2) * sigmoid(belief.mean + deviation * z);
  }
  return sum * width / std::sqrt(2 * std::numbers::pi);
}

double prior_variance() {
  return kGenotype.first * kGenotype.first + kGenotype.second * kGenotype.second;
}

}  // namespace

double posterior(const Patient& patient, const View& view) {
  if (view.hidden_genes) return patient.probability;
  View seen = view;
  seen.t1c = view.t1c && patient.has_t1c;
  seen.flair = view.flair && patient.has_flair;
  seen.ct = view.ct && patient.has_ct;
  seen.expression = view.expression && patient.has_expression;
  return expected_sigmoid(gather(seen, &patient).log_odds());
}

double population_auroc(const View& view) {
  const double left = view.hidden_genes ? 0 : gather(view, nullptr).log_odds().variance;
  const double explained = prior_variance() - left;  // variance of the posterior mean over patients
  if (explained <= 1e-12) return 0.5;
  constexpr int steps = 4000;
  const double width = 16.0 / steps;
  double negatives = 0, positives = 0, wins = 0;
  for (int k = 0; k <= steps; ++k) {
    const double z = -8 + width * k;
    const double mass = std::exp(-z * z / 2);
    const double p = expected_sigmoid({kGenotype.offset + std::sqrt(explained) * z, left});
    // Half of this step's negatives lie below it.
    wins += mass * p * (negatives + mass * (1 - p) / 2);
    negatives += mass * (1 - p);
    positives += mass * p;
  }
  return wins / (negatives * positives);
}

double population_prevalence() {
  return expected_sigmoid({kGenotype.offset, prior_variance()});
}

double auroc(const std::vector<double>& scores, const std::vector<int>& labels) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < scores.size(); ++i)
    for (size_t j = 0; j < scores.size(); ++j)
      if (labels[i] == 1 && labels[j] == 0) {
        pairs += 1;
        wins += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
      }
  return pairs > 0 ? wins / pairs : std::numeric_limits<double>::quiet_NaN();
}

double c_index(const std::vector<double>& risks, const std::vector<double>& times,
               const std::vector<bool>& events) {
  double wins = 0, pairs = 0;
  for (size_t i = 0; i < risks.size(); ++i)
    for (size_t j = 0; j < risks.size(); ++j)
      if (events[i] && times[i] < times[j]) {
        pairs += 1;
        wins += risks[i] > risks[j] ? 1 : risks[i] == risks[j] ? 0.5 : 0;
      }
  return pairs > 0 ? wins / pairs : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace photo51::data::phantom
