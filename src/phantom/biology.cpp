#include "phantom/biology.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "phantom/genes.hpp"
#include "phantom/modalities.hpp"

namespace photo51::phantom {
namespace {

// Weibull survival: S(t) = exp(-(t / scale)^shape exp(log hazard)).
constexpr double kWeibullShape = 1.3, kWeibullScale = 1100;  // days
constexpr double kHazardGene = 0.6, kHazardAge = 0.02;       // a standard deviation; a year
constexpr double kFollowUpMin = 300, kFollowUpMax = 2500;    // days until censoring, uniform

void draw_survival(Patient& patient, core::Random& random) {
  patient.log_hazard = kHazardGene * (patient.genes[0] + patient.genes[1]) + kHazardAge * (patient.age - 55);
  const double exponential = -std::log(1 - random.uniform());
  const double death =
      kWeibullScale * std::pow(exponential * std::exp(-patient.log_hazard), 1 / kWeibullShape);
  const double follow_up = random.uniform(kFollowUpMin, kFollowUpMax);
  patient.event = death <= follow_up;
  patient.time = std::max(1.0, std::round(std::min(death, follow_up)));
}

void draw_subtype(Patient& patient, core::Random& random) {
  const auto [first, second] = patient.genes;
  const std::array<double, 3> logits{1.8 * first, 1.8 * second, 0.3 - 0.9 * (first + second)};
  double sum = 0;
  for (size_t k = 0; k < 3; ++k) sum += patient.subtype_probability[k] = std::exp(logits[k]);
  for (double& p : patient.subtype_probability) p /= sum;
  const double u = random.uniform();
  patient.subtype = u < patient.subtype_probability[0]                                    ? 0
                    : u < patient.subtype_probability[0] + patient.subtype_probability[1] ? 1
                                                                                          : 2;
}

void draw_missing(Patient& patient, const PhantomOptions& options, core::Random& random) {
  patient.has_t1c = !random.chance(options.missing_sequence);
  patient.has_flair = !random.chance(options.missing_sequence);
  patient.has_ct = !random.chance(options.missing_ct);
  patient.has_expression = !random.chance(options.missing_expression);
  // A patient of whom nothing is known would not be in a cohort.
  if (!patient.has_t1c && !patient.has_flair && !patient.has_ct && !patient.has_expression)
    patient.has_flair = true;
}

/// A mammography is missing as a whole or by view; one view of the lesion's breast stays.
void draw_missing_mammograms(Patient& patient, const PhantomOptions& options, core::Random& random) {
  const bool whole = random.chance(options.missing_mammography);
  for (bool& has : patient.has_mammogram) has = !random.chance(options.missing_view) && !whole;
  if (!whole && !patient.has_mammography())
    patient.has_mammogram[patient.left_breast ? left_cc : right_cc] = true;
}

/// Takes away what the cohort does not have.
void keep_modalities(Patient& patient, const Modalities& kept) {
  patient.has_t1c = patient.has_t1c && kept.mri;
  patient.has_flair = patient.has_flair && kept.mri;
  patient.has_ct = patient.has_ct && kept.ct;
  patient.has_pet = patient.has_pet && kept.pet;
  for (bool& has : patient.has_mammogram) has = has && kept.mammography;
  patient.has_ultrasound = patient.has_ultrasound && kept.ultrasound;
  patient.has_slide = patient.has_slide && kept.histopathology;
  patient.has_expression = patient.has_expression && kept.expression;
  patient.has_mutations = patient.has_mutations && kept.mutations;
  if (patient.has_t1c || patient.has_flair || patient.has_ct || patient.has_pet ||
      patient.has_mammography() || patient.has_ultrasound || patient.has_slide || patient.has_expression ||
      patient.has_mutations)
    return;
  // Nothing is left: the first that the cohort has.
  if (kept.mri)
    patient.has_flair = true;
  else if (kept.ct)
    patient.has_ct = true;
  else if (kept.pet)
    patient.has_pet = true;
  else if (kept.mammography)
    patient.has_mammogram = {true, true, true, true};
  else if (kept.ultrasound)
    patient.has_ultrasound = true;
  else if (kept.histopathology)
    patient.has_slide = true;
  else if (kept.expression)
    patient.has_expression = true;
  else
    patient.has_mutations = true;
}

}  // namespace

double Loading::draw(const std::array<double, 2>& genes, core::Random& random) const {
  return first * genes[0] + second * genes[1] + std::sqrt(noise_variance()) * random.normal();
}

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double normal_rank(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

double mutation_probability(const Driver& driver, const std::array<double, 2>& genes) {
  const Loading& l = driver.loading;
  return normal_rank((l.first * genes[0] + l.second * genes[1] - driver.threshold) /
                     std::sqrt(l.noise_variance()));
}

core::Random stream(int64_t seed, int64_t index, const char* purpose) {
  return core::Random({core::hash_key("phantom"), static_cast<uint64_t>(seed), static_cast<uint64_t>(index),
                       core::hash_key(purpose)});
}

Patient draw_patient(const PhantomOptions& options, int64_t index) {
  Patient patient;
  patient.index = index;
  char id[24];
  std::snprintf(id, sizeof id, "P%04lld", static_cast<long long>(index + 1));
  patient.id = id;
  patient.site = static_cast<size_t>(index) % kSites.size();

  core::Random person = stream(options.seed, index, "person");
  patient.age = std::round(std::clamp(55 + 12 * person.normal(), 20.0, 88.0));
  patient.female = person.chance(0.5);
  for (double& gene : patient.genes) gene = person.normal();

  core::Random traits = stream(options.seed, index, "traits");
  for (size_t t = 0; t < kHeadTraits; ++t) patient.traits[t] = kTraitLoadings[t].draw(patient.genes, traits);
  for (size_t t = kHeadTraits; t < trait_count; ++t) {
    core::Random own = stream(options.seed, index, kTraitNames[t]);
    patient.traits[t] = kTraitLoadings[t].draw(patient.genes, own);
  }
  for (size_t k = 0; k < kDrivers.size(); ++k) {
    core::Random own = stream(options.seed, index, kDrivers[k].name);
    if (kDrivers[k].loading.draw(patient.genes, own) > kDrivers[k].threshold) patient.drivers |= 1U << k;
  }
  core::Random expression = stream(options.seed, index, "expression");
  patient.expression = draw_expression(patient.genes, expression);

  core::Random labels = stream(options.seed, index, "labels");
  patient.probability =
      sigmoid(kGenotype.offset + kGenotype.first * patient.genes[0] + kGenotype.second * patient.genes[1]);
  patient.genotype = labels.chance(patient.probability) ? 1 : 0;
  draw_subtype(patient, labels);
  core::Random survival = stream(options.seed, index, "survival");
  draw_survival(patient, survival);
  core::Random missing = stream(options.seed, index, "missing");
  draw_missing(patient, options, missing);
  core::Random breast = stream(options.seed, index, "breast side");
  patient.left_breast = breast.chance(0.5);
  core::Random more = stream(options.seed, index, "missing beyond the head");
  patient.has_pet = !more.chance(options.missing_pet);
  patient.has_ultrasound = !more.chance(options.missing_ultrasound);
  patient.has_slide = !more.chance(options.missing_histopathology);
  patient.has_mutations = !more.chance(options.missing_mutations);
  draw_missing_mammograms(patient, options, more);
  keep_modalities(patient, modalities_of(options));
  return patient;
}

}  // namespace photo51::phantom
