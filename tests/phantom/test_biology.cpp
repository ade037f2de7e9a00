#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "phantom/biology.hpp"
#include "phantom/genes.hpp"

namespace photo51::phantom {
namespace {

constexpr int64_t kMany = 6000;

const std::vector<Patient>& population() {
  static const std::vector<Patient> patients = [] {
    std::vector<Patient> drawn;
    for (int64_t i = 0; i < kMany; ++i) drawn.push_back(draw_patient({.patients = kMany, .seed = 4}, i));
    return drawn;
  }();
  return patients;
}

template <class A, class B>
double correlation(A a, B b) {
  double sa = 0, sb = 0, saa = 0, sbb = 0, sab = 0;
  for (const Patient& p : population()) {
    sa += a(p), sb += b(p), saa += a(p) * a(p), sbb += b(p) * b(p), sab += a(p) * b(p);
  }
  const double n = kMany;
  return (sab - sa * sb / n) / std::sqrt((saa - sa * sa / n) * (sbb - sb * sb / n));
}

TEST(Biology, TheGenotypeFollowsItsFormula) {
  // In every decile of the probability that the formula gives, that part of the patients has genotype 1.
  std::array<double, 10> expected{}, drawn{}, count{};
  for (const Patient& p : population()) {
    const double odds = std::exp(-0.3 + 3.5 * p.genes[0] + 3.5 * p.genes[1]);
    ASSERT_NEAR(p.probability, odds / (1 + odds), 1e-12);
    const auto bin = static_cast<size_t>(std::min(9.0, 10 * p.probability));
    expected[bin] += p.probability;
    drawn[bin] += p.genotype;
    count[bin] += 1;
  }
  for (size_t b = 0; b < 10; ++b)
    EXPECT_NEAR(drawn[b], expected[b], 4 * std::sqrt(0.25 * count[b])) << "decile " << b;
}

TEST(Biology, TraitsAndGenesHangOnTheHiddenGenesByTheirLoadings) {
  for (size_t t = 0; t < trait_count; ++t) {
    const auto trait = [&](const Patient& p) { return p.traits[t]; };
    EXPECT_NEAR(correlation(trait, [](const Patient& p) { return p.genes[0]; }), kTraitLoadings[t].first,
                0.04);
    EXPECT_NEAR(correlation(trait, [](const Patient& p) { return p.genes[1]; }), kTraitLoadings[t].second,
                0.04);
  }
  ASSERT_EQ(gene_panel().size(), 100U);
  for (size_t g = 0; g < gene_panel().size(); ++g) {
    const auto value = [&](const Patient& p) { return p.expression[g]; };
    EXPECT_NEAR(correlation(value, [](const Patient& p) { return p.genes[0]; }),
                gene_panel()[g].loading.first, 0.055)
        << gene_panel()[g].name;
    EXPECT_NEAR(correlation(value, [](const Patient& p) { return p.genes[1]; }),
                gene_panel()[g].loading.second, 0.055)
        << gene_panel()[g].name;
  }
}

TEST(Biology, HeadImagesTellOfTheFirstGeneAndExpressionOfTheSecond) {
  for (size_t t = 0; t < kHeadTraits; ++t) EXPECT_GT(kTraitLoadings[t].first, kTraitLoadings[t].second);
  double first = 0, second = 0;
  for (const Gene& gene : gene_panel()) {
    EXPECT_GT(gene.loading.noise_variance(), 0);
    first += gene.loading.first * gene.loading.first;
    second += gene.loading.second * gene.loading.second;
  }
  EXPECT_GT(second, 5 * first);
}

TEST(Biology, SurvivalIsWeibullWithTheDocumentedHazard) {
  // The cumulative hazard at death or censoring has as many deaths as it expects (martingale residuals).
  double expected = 0, deaths = 0;
  for (const Patient& p : population()) {
    const double hazard = 0.6 * (p.genes[0] + p.genes[1]) + 0.02 * (p.age - 55);
    ASSERT_NEAR(p.log_hazard, hazard, 1e-12);
    expected += std::pow(p.time / 1100, 1.3) * std::exp(hazard);
    deaths += p.event;
    EXPECT_GE(p.time, 1);
    EXPECT_LE(p.time, 2500);
  }
  EXPECT_NEAR(deaths, expected, 4 * std::sqrt(deaths));
  EXPECT_GT(deaths / kMany, 0.4);
  EXPECT_LT(deaths / kMany, 0.8);
}

TEST(Biology, ModalitiesAreMissingAsOftenAsAsked) {
  double t1c = 0, flair = 0, ct = 0, expression = 0;
  for (const Patient& p : population()) {
    t1c += !p.has_t1c, flair += !p.has_flair, ct += !p.has_ct, expression += !p.has_expression;
    EXPECT_TRUE(p.has_t1c || p.has_flair || p.has_ct || p.has_expression);
  }
  EXPECT_NEAR(t1c / kMany, 0.07, 0.014);
  EXPECT_NEAR(flair / kMany, 0.07, 0.014);
  EXPECT_NEAR(ct / kMany, 0.15, 0.019);
  EXPECT_NEAR(expression / kMany, 0.10, 0.016);
}

TEST(Biology, OtherModalitiesAreMissingAsOftenAsAskedAndTheLesionsBreastKeepsAView) {
  double pet = 0, ultrasound = 0, slide = 0, mutations = 0, whole = 0, left = 0, views = 0;
  for (const Patient& p : population()) {
    pet += !p.has_pet, ultrasound += !p.has_ultrasound, slide += !p.has_slide, mutations += !p.has_mutations;
    double here = 0;
    for (const bool has : p.has_mammogram) here += has;
    whole += here == 0;
    views += here;
    left += p.left_breast;
    EXPECT_EQ(p.has_mammography(), here > 0);
  }
  EXPECT_NEAR(pet / kMany, 0.15, 0.019);
  EXPECT_NEAR(ultrasound / kMany, 0.10, 0.016);
  EXPECT_NEAR(slide / kMany, 0.10, 0.016);
  EXPECT_NEAR(mutations / kMany, 0.10, 0.016);
  EXPECT_NEAR(whole / kMany, 0.15, 0.019);
  EXPECT_NEAR(left / kMany, 0.5, 0.026);
  EXPECT_NEAR(views / (kMany - whole), 4 * 0.95, 0.03);
}

TEST(Biology, DriversAreMutatedAsTheHiddenGenesSay) {
  for (size_t k = 0; k < kDrivers.size(); ++k) {
    std::array<double, 10> expected{}, drawn{}, count{};
    for (const Patient& p : population()) {
      const double probability = mutation_probability(kDrivers[k], p.genes);
      const auto bin = static_cast<size_t>(std::min(9.0, 10 * probability));
      expected[bin] += probability;
      drawn[bin] += p.drivers >> k & 1U;
      count[bin] += 1;
    }
    for (size_t b = 0; b < 10; ++b)
      EXPECT_NEAR(drawn[b], expected[b], 4 * std::sqrt(0.25 * count[b]))
          << kDrivers[k].name << " decile " << b;
  }
  // By hand: loading 0.75, threshold 0.5, noise sqrt(1 - 0.5625).
  EXPECT_NEAR(mutation_probability(kDrivers[0], {1, -3}),
              0.5 * std::erfc(-(0.75 - 0.5) / std::sqrt(0.4375) / std::sqrt(2.0)), 1e-12);
}

TEST(Biology, ACohortOfSomeModalitiesHasThePatientsOfTheWhole) {
  const PhantomOptions some{.seed = 4, .modalities = {"pet", "mutations"}};
  for (int64_t i = 0; i < 200; ++i) {
    const Patient p = draw_patient(some, i);
    const Patient& whole = population()[static_cast<size_t>(i)];
    EXPECT_EQ(p.traits, whole.traits);
    EXPECT_EQ(p.drivers, whole.drivers);
    EXPECT_EQ(p.genotype, whole.genotype);
    EXPECT_FALSE(p.has_t1c || p.has_flair || p.has_ct || p.has_expression || p.has_mammography() ||
                 p.has_ultrasound || p.has_slide);
    // Whoever lacks both is given the first.
    EXPECT_EQ(p.has_pet, whole.has_pet || !whole.has_mutations);
    EXPECT_EQ(p.has_mutations, whole.has_mutations);
  }
  for (const char* only :
       {"mri", "ct", "pet", "mammography", "ultrasound", "histopathology", "expression", "mutations"})
    for (int64_t i = 0; i < 60; ++i) {
      const Patient p = draw_patient({.seed = 4, .modalities = {only}}, i);
      EXPECT_EQ(1, (p.has_t1c || p.has_flair) + p.has_ct + p.has_pet + p.has_mammography() +
                       p.has_ultrasound + p.has_slide + p.has_expression + p.has_mutations)
          << only;
    }
}

TEST(Biology, APatientIsTheSameInAnyCohortOfTheSeed) {
  const Patient one = draw_patient({.patients = 10, .seed = 4}, 7);
  const Patient& other = population()[7];
  EXPECT_EQ(one.id, "P0008");
  EXPECT_EQ(one.id, other.id);
  EXPECT_EQ(one.expression, other.expression);
  EXPECT_EQ(one.traits, other.traits);
  EXPECT_EQ(one.time, other.time);
  // Missing files change nothing else.
  const Patient whole = draw_patient({.seed = 4, .missing_ct = 0, .missing_expression = 0}, 7);
  EXPECT_EQ(whole.genes, one.genes);
  EXPECT_TRUE(whole.has_ct && whole.has_expression);
  EXPECT_NE(draw_patient({.seed = 5}, 7).genes, one.genes);
}

TEST(Biology, SubtypesAreDrawnFromTheirProbabilities) {
  std::array<double, 3> expected{}, drawn{};
  for (const Patient& p : population()) {
    for (size_t k = 0; k < 3; ++k) expected[k] += p.subtype_probability[k];
    drawn[p.subtype] += 1;
  }
  for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(drawn[k], expected[k], 4 * std::sqrt(kMany * 0.25));
}

}  // namespace
}  // namespace photo51::phantom
