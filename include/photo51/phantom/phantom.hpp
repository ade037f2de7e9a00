#pragma once
/// A cohort with a known answer: a lesion whose look in six imaging modalities, and expression and mutations
/// whose values, depend on two hidden genes. docs/phantom.md gives the formulas.

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace photo51::phantom {

struct PhantomOptions {
  int64_t patients = 150;
  int64_t seed = 1;
  /// What patients have: mri, ct, pet, mammography, ultrasound, histopathology, expression, mutations; empty
  /// = all. A modality's files do not depend on which others there are.
  std::vector<std::string> modalities = {};
  double missing_sequence = 0.07;  ///< probability that a patient lacks t1c; the same for flair
  double missing_ct = 0.15;
  double missing_expression = 0.10;
  double missing_pet = 0.15;
  double missing_mammography = 0.15;
  double missing_view = 0.05;  ///< of a mammography; one view of the lesion's breast stays
  double missing_ultrasound = 0.10;
  double missing_histopathology = 0.10;
  double missing_mutations = 0.10;
  int threads = 0;  ///< 0 = one a processor
};

/// How well the genotype can be told, by what the ideal observer sees: `hidden_genes`, `everything` and
/// `images` (all, and all images, that the cohort has), each modality by its name, and where these are only a
/// part of the cohort `mri_ct` and `mri_ct_expression`.
using BestAuroc = std::map<std::string, double>;

struct PhantomSummary {
  std::vector<std::string> observers;  ///< in the order to show them
  /// In the population, nobody missing anything: from the true probabilities, by quadrature.
  BestAuroc population;
  /// The same observers on this cohort's patients and drawn labels, each patient with what it has; a group of
  /// patients (`all`, `site=Ash` …) with both genotypes -> observer -> AUROC.
  std::map<std::string, BestAuroc> cohort;
  double prevalence = 0;                   ///< of genotype 1
  double events = 0;                       ///< part of the patients whose death was observed
  double c_index = 0;                      ///< Harrell's, of the true log hazard on the drawn times
  double subtype_accuracy = 0;             ///< expected of the ideal observer of the hidden genes
  std::map<std::string, int64_t> missing;  ///< column -> patients without it
};

/// Writes `cohort.csv`, `expression.tsv`, `pathways.gmt`, `mutations.maf`, `hidden.csv` (what no model may
/// see), `phantom.json` and a folder a patient into `folder`. The same seed gives a patient the same files
/// whatever the number of patients and threads. Errors: usage (fewer than 4 patients, a probability outside
/// 0..1, a modality that there is not), run (the disk).
PhantomSummary write_phantom(const PhantomOptions& options, const std::filesystem::path& folder);

}  // namespace photo51::phantom
