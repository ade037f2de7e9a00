#include "phantom/observer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "phantom/genes.hpp"

namespace photo51::phantom {
namespace {

/// The log odds given what is seen: normal with this mean and variance.
struct Belief {
  double mean, variance;
};

/// The hidden genes given what is seen: normal with this mean and covariance (V11, V12, V22).
struct GeneBelief {
  std::array<double, 2> mean;
  std::array<double, 3> covariance;
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
  GeneBelief genes() const {
    const double determinant = precision_[0] * precision_[2] - precision_[1] * precision_[1];
    const std::array<double, 3> v{precision_[2] / determinant, -precision_[1] / determinant,
                                  precision_[0] / determinant};
    return {{v[0] * pull_[0] + v[1] * pull_[1], v[1] * pull_[0] + v[2] * pull_[1]}, v};
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
    case density:
      return view.ct;
    case uptake:
    case unevenness:
      return view.pet;
    case spiculation:
    case calcification:
    case breast_density:
      return view.mammography;
    case hypoechogenicity:
    case shadow:
    case verticality:
      return view.ultrasound;
    default:
      return view.histopathology;
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

/// A grid over the plane for E f(g), g ~ N(mean, covariance): points mean + L z with weights that sum to 1.
/// The trapezium rule again; `step` in standard deviations.
template <class Visit>
void for_each_gene(const GeneBelief& belief, double step, Visit visit) {
  const auto& v = belief.covariance;
  const double l11 = std::sqrt(v[0]), l21 = l11 > 0 ? v[1] / l11 : 0;
  const double l22 = std::sqrt(std::max(0.0, v[2] - l21 * l21));
  const int reach = static_cast<int>(std::ceil(6 / step));
  for (int a = -reach; a <= reach; ++a)
    for (int b = -reach; b <= reach; ++b) {
      const double z1 = step * a, z2 = step * b;
      const double weight = std::exp(-(z1 * z1 + z2 * z2) / 2) * step * step / (2 * std::numbers::pi);
      visit(std::array<double, 2>{belief.mean[0] + l11 * z1, belief.mean[1] + l21 * z1 + l22 * z2}, weight);
    }
}

/// P(pattern) and P(pattern, genotype = 1) of every mutation pattern.
struct Joint {
  std::array<double, kMutationPatterns> all{}, positive{};
};

Joint with_mutations(const GeneBelief& belief) {
  const auto& v = belief.covariance;
  const double first = kGenotype.first, second = kGenotype.second;
  const double variance = first * first * v[0] + 2 * first * second * v[1] + second * second * v[2];
  // The sigmoid's poles lie pi from the real axis: the error falls as exp(-2 pi^2 / (step deviation)).
  const double step = std::clamp(1.2 / std::sqrt(std::max(variance, 1e-12)), 0.2, 0.5);
  Joint joint;
  for_each_gene(belief, step, [&](const std::array<double, 2>& genes, double weight) {
    const double positive = sigmoid(kGenotype.offset + first * genes[0] + second * genes[1]);
    std::array<double, kDrivers.size()> mutated{};
    for (size_t k = 0; k < kDrivers.size(); ++k) mutated[k] = mutation_probability(kDrivers[k], genes);
    for (MutationPattern pattern = 0; pattern < kMutationPatterns; ++pattern) {
      double mass = weight;
      for (size_t k = 0; k < kDrivers.size(); ++k)
        mass *= (pattern >> k & 1U) != 0 ? mutated[k] : 1 - mutated[k];
      joint.all[pattern] += mass;
      joint.positive[pattern] += mass * positive;
    }
  });
  return joint;
}

/// The AUROC of an observer that sees mutations beside what is jointly normal. The posterior mean of the
/// genes is the latter's sufficient statistic: normal, with what is left of the prior as its covariance.
double auroc_with_mutations(const GeneBelief& left) {
  const GeneBelief means{
      {0, 0},
      {std::max(0.0, 1 - left.covariance[0]), -left.covariance[1], std::max(0.0, 1 - left.covariance[2])}};
  struct Outcome {
    double score, positive, negative;
  };
  std::vector<Outcome> outcomes;
  const auto add = [&](const std::array<double, 2>& mean, double weight) {
    if (weight < 1e-9) return;
    const Joint joint = with_mutations({mean, left.covariance});
    for (MutationPattern p = 0; p < kMutationPatterns; ++p)
      outcomes.push_back({joint.positive[p] / joint.all[p], weight * joint.positive[p],
                          weight * (joint.all[p] - joint.positive[p])});
  };
  if (means.covariance[0] < 1e-12 && means.covariance[2] < 1e-12)
    add({0, 0}, 1);
  else
    for_each_gene(means, 0.2, add);
  std::ranges::sort(outcomes, {}, &Outcome::score);
  double negatives = 0, positives = 0, wins = 0;
  for (const Outcome& o : outcomes) {
    wins += o.positive * (negatives + o.negative / 2);
    negatives += o.negative;
    positives += o.positive;
  }
  return wins / (negatives * positives);
}

}  // namespace

double posterior(const Patient& patient, const View& view) {
  if (view.hidden_genes) return patient.probability;
  View seen = view;
  seen.t1c = view.t1c && patient.has_t1c;
  seen.flair = view.flair && patient.has_flair;
  seen.ct = view.ct && patient.has_ct;
  seen.expression = view.expression && patient.has_expression;
  seen.pet = view.pet && patient.has_pet;
  seen.mammography = view.mammography && patient.has_mammography();
  seen.ultrasound = view.ultrasound && patient.has_ultrasound;
  seen.histopathology = view.histopathology && patient.has_slide;
  if (view.mutations && patient.has_mutations) {
    const Joint joint = with_mutations(gather(seen, &patient).genes());
    return joint.positive[patient.drivers] / joint.all[patient.drivers];
  }
  return expected_sigmoid(gather(seen, &patient).log_odds());
}

double population_auroc(const View& view) {
  if (view.mutations && !view.hidden_genes) return auroc_with_mutations(gather(view, nullptr).genes());
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

}  // namespace photo51::phantom
