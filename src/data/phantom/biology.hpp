#pragma once
/// What is true of a phantom patient, before any picture is taken: hidden genes, traits, labels, survival.

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "photo51/core/random.hpp"
#include "photo51/data/phantom.hpp"

namespace photo51::data::phantom {

/// A standard normal quantity that hangs on the hidden genes:
/// x = first g1 + second g2 + sqrt(1 - first^2 - second^2) e, with e standard normal.
struct Loading {
  double first = 0, second = 0;
  double noise_variance() const { return 1 - first * first - second * second; }
  double draw(const std::array<double, 2>& genes, core::Random& random) const;
};

/// What the images show.
enum Trait : size_t { irregularity, elongation, texture, enhancement, density, trait_count };
inline constexpr std::array<const char*, trait_count> kTraitNames{"irregularity", "elongation", "texture",
                                                                  "enhancement", "density"};
inline constexpr std::array<Loading, trait_count> kTraitLoadings{
    {{0.85, 0.03}, {0.80, 0.02}, {0.70, 0.10}, {0.90, 0.05}, {0.60, 0.20}}};

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
  bool has_t1c = true, has_flair = true, has_ct = true, has_expression = true;
};

double sigmoid(double x);
/// The standard normal distribution function: a trait's rank in the population, 0..1.
double normal_rank(double x);

/// A stream of random numbers of its own for each patient and purpose.
core::Random stream(int64_t seed, int64_t index, const char* purpose);
Patient draw_patient(const PhantomOptions& options, int64_t index);

}  // namespace photo51::data::phantom
