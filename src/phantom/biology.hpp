#pragma once
/// What is true of a phantom patient, before any picture is taken: hidden genes, traits, labels, survival.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/core/random.hpp"
#include "photo51/phantom/phantom.hpp"

namespace photo51::phantom {

/// A standard normal quantity that hangs on the hidden genes:
/// x = first g1 + second g2 + sqrt(1 - first^2 - second^2) e, with e standard normal.
struct Loading {
  double first = 0, second = 0;
  double noise_variance() const { return 1 - first * first - second * second; }
  double draw(const std::array<double, 2>& genes, core::Random& random) const;
};

/// What the images show.
enum Trait : size_t {
  irregularity,  // MRI and CT
  elongation,
  texture,  // MRI
  enhancement,
  density,  // CT
  uptake,   // PET
  unevenness,
  spiculation,  // mammography
  calcification,
  breast_density,
  hypoechogenicity,  // ultrasound
  shadow,
  verticality,
  cellularity,  // histopathology
  nuclear_size,
  chromatin,
  tubules,
  trait_count
};
inline constexpr std::array<const char*, trait_count> kTraitNames{
    "irregularity", "elongation",  "texture",       "enhancement",    "density",          "uptake",
    "unevenness",   "spiculation", "calcification", "breast_density", "hypoechogenicity", "shadow",
    "verticality",  "cellularity", "nuclear_size",  "chromatin",      "tubules"};
inline constexpr std::array<Loading, trait_count> kTraitLoadings{{{0.85, 0.03},
                                                                  {0.80, 0.02},
                                                                  {0.70, 0.10},
                                                                  {0.90, 0.05},
                                                                  {0.60, 0.20},
                                                                  {0.10, 0.70},
                                                                  {0.45, 0.10},
                                                                  {0.70, 0.05},
                                                                  {0.10, 0.45},
                                                                  {0.25, 0},
                                                                  {0.10, 0.60},
                                                                  {0.50, 0.05},
                                                                  {0.50, 0.10},
                                                                  {0.05, 0.70},
                                                                  {0.10, 0.60},
                                                                  {0.10, 0.45},
                                                                  {0.65, 0.05}}};
/// The first traits, drawn from one stream; each of the others has its own.
inline constexpr size_t kHeadTraits = 5;

/// A gene is mutated when a standard normal quantity that hangs on the hidden genes exceeds a threshold.
struct Driver {
  const char* name;
  Loading loading;
  double threshold;
};
inline constexpr std::array<Driver, 2> kDrivers{{{"DRVF", {0.75, 0}, 0.5}, {"DRVG", {0, 0.75}, 0.4}}};
/// Which drivers are mutated: bit k = driver k.
using MutationPattern = unsigned;
inline constexpr MutationPattern kMutationPatterns = 1U << kDrivers.size();

/// The four mammograms in the order of the manifest's columns.
enum MammogramView : size_t { left_cc, left_mlo, right_cc, right_mlo, mammogram_views };

/// log odds of genotype 1 = offset + first g1 + second g2.
struct LogOdds {
  double offset, first, second;
};
inline constexpr LogOdds kGenotype{-0.3, 3.5, 3.5};

inline constexpr std::array<const char*, 3> kSubtypes{"alpha", "beta", "gamma"};
inline constexpr std::array<const char*, 3> kSites{"Ash", "Birch", "Cedar"};

struct Patient {
  int64_t index = 0;
  std::string id;
  size_t site = 0;
  double age = 0;
  bool female = false;
  std::array<double, 2> genes{};
  std::array<double, trait_count> traits{};
  std::vector<double> expression;  ///< standardised, in the order of `gene_panel()`
  double probability = 0;          ///< of genotype 1, given the hidden genes
  int genotype = 0;
  std::array<double, 3> subtype_probability{};
  size_t subtype = 0;
  double log_hazard = 0;
  double time = 0;  ///< days
  bool event = false;
  MutationPattern drivers = 0;
  bool left_breast = true;  ///< the side of the lesion
  bool has_t1c = true, has_flair = true, has_ct = true, has_expression = true;
  bool has_pet = true, has_ultrasound = true, has_slide = true, has_mutations = true;
  std::array<bool, mammogram_views> has_mammogram{true, true, true, true};

  /// Of the lesion's breast, at least one of the two: all that the observer asks for.
  bool has_mammography() const {
    return left_breast ? has_mammogram[left_cc] || has_mammogram[left_mlo]
                       : has_mammogram[right_cc] || has_mammogram[right_mlo];
  }
};

double sigmoid(double x);
/// The standard normal distribution function: a trait's rank in the population, 0..1.
double normal_rank(double x);

/// P(mutated | hidden genes).
double mutation_probability(const Driver& driver, const std::array<double, 2>& genes);

/// A stream of random numbers of its own for each patient and purpose.
core::Random stream(int64_t seed, int64_t index, const char* purpose);
Patient draw_patient(const PhantomOptions& options, int64_t index);

}  // namespace photo51::phantom
