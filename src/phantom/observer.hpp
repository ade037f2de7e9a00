#pragma once
/// The ideal observer: all quantities are jointly normal, so what any part of them says of the genotype is
/// known in closed form up to one integral.
///
/// Observed x = W g + e with e ~ N(0, D) gives g | x ~ N(m, V), V = (I + W' D^-1 W)^-1, m = V W' D^-1 x. The
/// log odds are then normal too, and P(genotype = 1 | x) = E sigmoid(log odds): increasing in its mean.
/// Mutations are yes or no: P(pattern | g) is a product of normal distribution functions, and what they add
/// is summed over a grid of g ~ N(m, V).

#include <vector>

#include "phantom/biology.hpp"

namespace photo51::phantom {

/// What an observer sees.
struct View {
  bool hidden_genes = false;
  bool t1c = false, flair = false, ct = false, expression = false;
  bool pet = false, mammography = false, ultrasound = false, histopathology = false, mutations = false;
};

/// P(genotype = 1 | what the view shows of the patient); the modalities that the patient lacks are not shown.
double posterior(const Patient& patient, const View& view);

/// The AUROC of that observer in the population when nothing is missing:
/// P(score of a random positive > score of a random negative), by quadrature.
double population_auroc(const View& view);
/// P(genotype = 1) in the population.
double population_prevalence();

/// AUROC of scores against drawn labels (ties count half); NaN when one class is absent.
double auroc(const std::vector<double>& scores, const std::vector<int>& labels);
/// Harrell's c-index of a risk (higher = earlier); NaN when no pair is comparable.
double c_index(const std::vector<double>& risks, const std::vector<double>& times,
               const std::vector<bool>& events);

}  // namespace photo51::phantom
