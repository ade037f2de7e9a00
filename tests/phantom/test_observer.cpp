#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "phantom/genes.hpp"
#include "phantom/observer.hpp"

namespace photo51::phantom {
namespace {

const View kEverything{.t1c = true, .flair = true, .ct = true, .expression = true};
const View kImages{.t1c = true, .flair = true, .ct = true};
const View kCt{.ct = true};
const View kExpression{.expression = true};
const View kHidden{.hidden_genes = true};
const View kMutations{.mutations = true};
const View kAll{.t1c = true,
                .flair = true,
                .ct = true,
                .expression = true,
                .pet = true,
                .mammography = true,
                .ultrasound = true,
                .histopathology = true,
                .mutations = true};

PhantomOptions complete(int64_t seed) {
  return {.seed = seed,
          .missing_sequence = 0,
          .missing_ct = 0,
          .missing_expression = 0,
          .missing_pet = 0,
          .missing_mammography = 0,
          .missing_ultrasound = 0,
          .missing_histopathology = 0,
          .missing_mutations = 0};
}

/// Bayes' rule by summing over a grid of hidden genes, with no closed form.
double posterior_on_a_grid(const std::vector<std::pair<Loading, double>>& seen,
                           const MutationPattern* drivers = nullptr) {
  double positive = 0, all = 0;
  for (double g1 = -5; g1 <= 5; g1 += 0.05)
    for (double g2 = -5; g2 <= 5; g2 += 0.05) {
      double log_likelihood = -(g1 * g1 + g2 * g2) / 2;
      for (const auto& [loading, value] : seen) {
        const double error = value - loading.first * g1 - loading.second * g2;
        log_likelihood -= error * error / (2 * loading.noise_variance());
      }
      double mass = std::exp(log_likelihood);
      for (size_t k = 0; drivers != nullptr && k < kDrivers.size(); ++k) {
        const double mutated = mutation_probability(kDrivers[k], {g1, g2});
        mass *= (*drivers >> k & 1U) != 0 ? mutated : 1 - mutated;
      }
      all += mass;
      positive += mass / (1 + std::exp(0.3 - 3.5 * g1 - 3.5 * g2));
    }
  return positive / all;
}

TEST(Observer, PosteriorAgreesWithBayesOnAGrid) {
  for (int64_t i = 0; i < 6; ++i) {
    const Patient p = draw_patient(complete(2), i);
    std::vector<std::pair<Loading, double>> traits, expression;
    for (size_t t = 0; t < kHeadTraits; ++t) traits.emplace_back(kTraitLoadings[t], p.traits[t]);
    for (size_t g = 0; g < gene_panel().size(); ++g)
      expression.emplace_back(gene_panel()[g].loading, p.expression[g]);
    EXPECT_NEAR(posterior(p, kImages), posterior_on_a_grid(traits), 1e-4);
    EXPECT_NEAR(posterior(p, kExpression), posterior_on_a_grid(expression), 1e-4);
    auto both = traits;
    both.insert(both.end(), expression.begin(), expression.end());
    EXPECT_NEAR(posterior(p, kEverything), posterior_on_a_grid(both), 1e-4);
    EXPECT_NEAR(posterior(p, kCt),
                posterior_on_a_grid({traits[irregularity], traits[elongation], traits[density]}), 1e-4);
  }
}

TEST(Observer, PosteriorsOfTheOtherModalitiesAgreeWithBayesOnAGrid) {
  std::set<MutationPattern> patterns;
  for (int64_t i = 0; i < 8; ++i) {
    const Patient p = draw_patient(complete(2), i);
    patterns.insert(p.drivers);
    const auto grid = [&](std::initializer_list<Trait> traits) {
      std::vector<std::pair<Loading, double>> seen;
      for (const Trait t : traits) seen.emplace_back(kTraitLoadings[t], p.traits[t]);
      return posterior_on_a_grid(seen);
    };
    EXPECT_NEAR(posterior(p, {.pet = true}), grid({uptake, unevenness}), 1e-4);
    EXPECT_NEAR(posterior(p, {.mammography = true}), grid({spiculation, calcification, breast_density}),
                1e-4);
    EXPECT_NEAR(posterior(p, {.ultrasound = true}), grid({hypoechogenicity, shadow, verticality}), 1e-4);
    EXPECT_NEAR(posterior(p, {.histopathology = true}), grid({cellularity, nuclear_size, chromatin, tubules}),
                1e-4);
    EXPECT_NEAR(posterior(p, kMutations), posterior_on_a_grid({}, &p.drivers), 1e-4);
    std::vector<std::pair<Loading, double>> all;
    for (size_t t = 0; t < trait_count; ++t) all.emplace_back(kTraitLoadings[t], p.traits[t]);
    for (size_t g = 0; g < gene_panel().size(); ++g)
      all.emplace_back(gene_panel()[g].loading, p.expression[g]);
    EXPECT_NEAR(posterior(p, kAll), posterior_on_a_grid(all, &p.drivers), 1e-4);
  }
  EXPECT_GE(patterns.size(), 3U);
}

TEST(Observer, WhatAPatientLacksIsNotSeen) {
  Patient p = draw_patient(complete(2), 3);
  p.has_ct = p.has_expression = false;
  EXPECT_EQ(posterior(p, kEverything), posterior(p, {.t1c = true, .flair = true}));
  EXPECT_NEAR(posterior(p, kExpression), population_prevalence(), 1e-12);
  p.has_t1c = p.has_flair = p.has_ultrasound = p.has_slide = p.has_mutations = false;
  p.has_mammogram = {};
  EXPECT_EQ(posterior(p, kAll), posterior(p, {.pet = true}));
  // Views of the other breast alone do not count as a mammography.
  p.left_breast = true;
  p.has_mammogram[right_cc] = true;
  EXPECT_EQ(posterior(p, kAll), posterior(p, {.pet = true}));
  p.has_mammogram[left_mlo] = true;
  EXPECT_EQ(posterior(p, kAll), posterior(p, {.pet = true, .mammography = true}));
}

TEST(Observer, BestAurocMatchesMonteCarlo) {
  const int64_t many = 4000;  // standard error below 0.008
  std::vector<int> labels;
  std::map<std::string, std::pair<View, std::vector<double>>> observers{
      {"hidden", {kHidden, {}}},
      {"everything", {kEverything, {}}},
      {"images", {kImages, {}}},
      {"ct", {kCt, {}}},
      {"expression", {kExpression, {}}},
      {"pet", {{.pet = true}, {}}},
      {"mammography", {{.mammography = true}, {}}},
      {"ultrasound", {{.ultrasound = true}, {}}},
      {"histopathology", {{.histopathology = true}, {}}},
      {"mutations", {kMutations, {}}},
      {"all", {kAll, {}}}};
  double positives = 0;
  for (int64_t i = 0; i < many; ++i) {
    const Patient p = draw_patient(complete(8), i);
    labels.push_back(p.genotype);
    positives += p.genotype;
    for (auto& [name, observer] : observers) observer.second.push_back(posterior(p, observer.first));
  }
  for (const auto& [name, observer] : observers)
    EXPECT_NEAR(population_auroc(observer.first), auroc(observer.second, labels), 0.02) << name;
  EXPECT_NEAR(population_prevalence(), positives / many, 0.03);
}

TEST(Observer, SeeingMoreIsBetterAndTheSourcesComplement) {
  const double hidden = population_auroc(kHidden), everything = population_auroc(kEverything);
  const double images = population_auroc(kImages), expression = population_auroc(kExpression);
  EXPECT_GT(hidden, everything);
  EXPECT_GT(everything, images + 0.08);
  EXPECT_GT(everything, expression + 0.08);
  EXPECT_GT(images, population_auroc(kCt));
  EXPECT_EQ(population_auroc({}), 0.5);
  const double all = population_auroc(kAll);
  EXPECT_GT(all, everything + 0.002);
  EXPECT_LT(all, hidden);
  for (const View& alone : {View{.pet = true}, View{.mammography = true}, View{.ultrasound = true},
                            View{.histopathology = true}, kMutations}) {
    EXPECT_GT(population_auroc(alone), 0.7);
    EXPECT_LT(population_auroc(alone), 0.86);
  }
}

TEST(Observer, AurocAndCIndexByHand) {
  EXPECT_DOUBLE_EQ(auroc({0.1, 0.4, 0.35, 0.8}, {0, 0, 1, 1}), 0.75);
  EXPECT_DOUBLE_EQ(auroc({0.5, 0.5}, {0, 1}), 0.5);
  EXPECT_TRUE(std::isnan(auroc({0.5, 0.5}, {1, 1})));
  // Pairs: (1,2), (1,3) and (2,3) by time; 3 is censored last. Risks order two of three rightly.
  EXPECT_DOUBLE_EQ(c_index({2, 3, 1}, {10, 20, 30}, {true, true, false}), 2.0 / 3);
  EXPECT_TRUE(std::isnan(c_index({1, 2}, {5, 6}, {false, false})));
}

}  // namespace
}  // namespace photo51::phantom
