// Textures against what their definitions say, counted the slow way.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <set>

#include "photo51/core/thread_pool.hpp"
#include "radiomics/ibsi/counts.hpp"
#include "radiomics/phantom.hpp"

namespace photo51::radiomics {
namespace {

using test::features;
using test::random_study;
using test::Study;
using Place = std::array<int64_t, 3>;  ///< z, y, x

int level_at(const Study& study, Place at) {
  for (int axis = 0; axis < 3; ++axis)
    if (at[axis] < 0 || at[axis] >= study.mask.data.size(axis + 1)) return 0;
  const auto [z, y, x] = at;
  return study.mask.data[0][z][y][x].item<int>() != 0 ? study.image.data[0][z][y][x].item<int>() : 0;
}

/// Calls `visit(place, level)` for each voxel of the mask.
void for_each(const Study& study, const std::function<void(Place, int)>& visit) {
  for (int64_t z = 0; z < study.mask.data.size(1); ++z)
    for (int64_t y = 0; y < study.mask.data.size(2); ++y)
      for (int64_t x = 0; x < study.mask.data.size(3); ++x)
        if (const int level = level_at(study, {z, y, x}); level != 0) visit({z, y, x}, level);
}

/// Neighbours within `reach` but for the voxel itself; one of each two opposite ones where `half` is set.
std::vector<Place> neighbourhood(int64_t reach, bool half) {
  std::vector<Place> result;
  for (int64_t z = -reach; z <= reach; ++z)
    for (int64_t y = -reach; y <= reach; ++y)
      for (int64_t x = -reach; x <= reach; ++x)
        if (const Place at{z, y, x}; half ? at > Place{} : at != Place{}) result.push_back(at);
  return result;
}

Place moved(Place at, Place by, int64_t times = 1) {
  for (int axis = 0; axis < 3; ++axis) at[axis] += times * by[axis];
  return at;
}

const std::vector kTextureFamilies{FeatureFamily::glcm,  FeatureFamily::glrlm, FeatureFamily::glszm,
                                   FeatureFamily::gldzm, FeatureFamily::ngtdm, FeatureFamily::ngldm};

Settings of_family(FeatureFamily family) {
  Settings settings = profile("ibsi_digital");
  settings.aggregation = {TextureAggregation::merged_3d};
  settings.families = {family};
  return settings;
}

/// A cell a pair; the levels are many enough for the list instead of the dense matrix in the second case.
class Cooccurrence : public testing::TestWithParam<std::tuple<int, int>> {};

TEST_P(Cooccurrence, CountsPairsOfNeighbours) {
  const auto [levels, distance] = GetParam();
  const Study study = random_study({9, 8, 7}, levels, 0);
  std::map<std::pair<int, int>, double> pairs;
  double total = 0;
  for_each(study, [&](Place at, int level) {
    for (const Place by : neighbourhood(1, false)) {
      const int other = level_at(study, moved(at, by, distance));
      if (other == 0) continue;
      pairs[{level, other}] += 1;
      total += 1;
    }
  });
  double most = 0, energy = 0, contrast = 0, entropy = 0;
  for (const auto& [pair, count] : pairs) {
    const double p = count / total;
    most = std::max(most, p);
    energy += p * p;
    contrast += p * std::pow(pair.first - pair.second, 2);
    entropy -= p * std::log2(p);
  }
  Settings settings = of_family(FeatureFamily::glcm);
  settings.distance = distance;
  const auto of = features(study, settings);
  EXPECT_NEAR(of.at("cm_joint_max_3D_comb"), most, 1e-12);
  EXPECT_NEAR(of.at("cm_energy_3D_comb"), energy, 1e-12);
  EXPECT_NEAR(of.at("cm_contrast_3D_comb"), contrast, 1e-9 * contrast);
  EXPECT_NEAR(of.at("cm_joint_entr_3D_comb"), entropy, 1e-9);
}
INSTANTIATE_TEST_SUITE_P(LevelsAndDistances, Cooccurrence,
                         testing::Combine(testing::Values(4, 1000), testing::Values(1, 3)));

TEST(Runs, EndWhereTheLevelChanges) {
  for (const int levels : {2, 500}) {
    const Study study = random_study({9, 8, 7}, levels, 0);
    double runs = 0, lengths = 0;
    for (const Place by : neighbourhood(1, true))
      for_each(study, [&](Place at, int level) {
        if (level_at(study, moved(at, by, -1)) == level) return;
        int64_t length = 1;
        while (level_at(study, moved(at, by, length)) == level) ++length;
        runs += 1;
        lengths += static_cast<double>(length * length);
      });
    const auto of = features(study, of_family(FeatureFamily::glrlm));
    EXPECT_NEAR(of.at("rlm_lre_3D_comb"), lengths / runs, 1e-9 * lengths / runs);
    double voxels = 0;
    for_each(study, [&](Place, int) { voxels += 13; });
    EXPECT_NEAR(of.at("rlm_r_perc_3D_comb"), runs / voxels, 1e-12);
  }
}

/// Sizes of the zones by flooding.
std::vector<double> flooded(const Study& study) {
  std::set<Place> seen;
  std::vector<double> sizes;
  for_each(study, [&](Place seed, int level) {
    if (!seen.insert(seed).second) return;
    std::vector<Place> queue{seed};
    for (size_t head = 0; head < queue.size(); ++head)
      for (const Place by : neighbourhood(1, false))
        if (const Place next = moved(queue[head], by);
            level_at(study, next) == level && seen.insert(next).second)
          queue.push_back(next);
    sizes.push_back(static_cast<double>(queue.size()));
  });
  return sizes;
}

TEST(Zones, AreWhatAFloodReaches) {
  for (const int levels : {2, 3, 6, 300}) {  // from one zone through everything to single voxels
    const Study study = random_study({10, 9, 8}, levels, 0, 7);
    const std::vector<double> sizes = flooded(study);
    double voxels = 0, squares = 0;
    for (const double size : sizes) {
      voxels += size;
      squares += size * size;
    }
    const auto count = static_cast<double>(sizes.size());
    const auto of = features(study, of_family(FeatureFamily::glszm));
    EXPECT_NEAR(of.at("szm_z_perc_3D"), count / voxels, 1e-12) << levels;
    EXPECT_NEAR(of.at("szm_lze_3D"), squares / count, 1e-9 * squares / count) << levels;
    EXPECT_NEAR(features(study, of_family(FeatureFamily::gldzm)).at("dzm_z_perc_3D"), count / voxels, 1e-12)
        << levels;
  }
}

TEST(Dependences, CountNeighboursThatAreClose) {
  const Study study = random_study({9, 8, 7}, 9, 0);
  for (const int64_t reach : {1, 2})
    for (const int64_t close : {0, 2}) {
      double voxels = 0, sum = 0;
      for_each(study, [&](Place at, int level) {
        double dependence = 1;
        for (const Place by : neighbourhood(reach, false)) {
          const int other = level_at(study, moved(at, by));
          dependence += other != 0 && std::abs(other - level) <= close;
        }
        voxels += 1;
        sum += dependence * dependence;
      });
      Settings settings = of_family(FeatureFamily::ngldm);
      settings.distance = reach;
      settings.coarseness = close;
      EXPECT_NEAR(features(study, settings).at("ngl_hde_3D"), sum / voxels, 1e-9 * sum / voxels)
          << reach << close;
    }
}

TEST(ToneDifferences, AreToTheMeanOfTheNeighbours) {
  const Study study = random_study({9, 8, 7}, 9, 0);
  for (const int64_t reach : {1, 2}) {
    std::map<int, double> count, differences;
    double total = 0;
    for_each(study, [&](Place at, int level) {
      double sum = 0, around = 0;
      for (const Place by : neighbourhood(reach, false))
        if (const int other = level_at(study, moved(at, by)); other != 0) {
          sum += other;
          around += 1;
        }
      if (around == 0) return;
      count[level] += 1;
      differences[level] += std::abs(level - sum / around);
      total += 1;
    });
    double weighted = 0;
    for (const auto& [level, n] : count) weighted += n / total * differences[level];
    Settings settings = of_family(FeatureFamily::ngtdm);
    settings.distance = reach;
    EXPECT_NEAR(features(study, settings).at("ngt_coarseness_3D"), 1 / weighted, 1e-9 / weighted) << reach;
  }
}

TEST(Textures, OfOneVoxelAreUndefinedOrFlat) {
  Study study = test::empty_study({5, 5, 5});
  study.mask.data[0][2][2][2] = 1;
  study.image.data.fill_(3);
  Settings settings = profile("ibsi_digital");
  settings.aggregation = {TextureAggregation::average_2d, TextureAggregation::merged_2_5d,
                          TextureAggregation::average_3d};
  settings.families = kTextureFamilies;
  const auto of = features(study, settings);
  EXPECT_TRUE(std::isnan(of.at("cm_contrast_3D_avg")));  // no neighbour, no pair
  EXPECT_TRUE(std::isnan(of.at("ngt_contrast_3D")));
  EXPECT_EQ(of.at("rlm_lre_3D_avg"), 1);
  EXPECT_EQ(of.at("szm_zs_entr_2D"), 0);
  EXPECT_EQ(of.at("dzm_sde_2_5D"), 1);
  EXPECT_EQ(of.at("ngl_hde_3D"), 1);
}

TEST(Textures, OfAFlatRegionAreFinite) {
  Study study = random_study({9, 8, 7}, 1, 1);
  Settings settings = profile("ibsi_digital");
  settings.families = kTextureFamilies;
  for (const auto& [tag, value] : features(study, settings)) EXPECT_TRUE(std::isfinite(value)) << tag;
}

TEST(Textures, OfASliceAreThoseOfThePlane) {
  const Study study = random_study({20, 18, 1}, 5, 1);
  Settings settings = profile("ibsi_digital");
  settings.families = kTextureFamilies;
  const auto of = features(study, settings);
  for (const auto& [tag, value] : of) {
    const auto at = tag.find("_2_5D");
    if (at == std::string::npos) continue;
    EXPECT_NEAR(value, of.at(tag.substr(0, at) + "_2D" + tag.substr(at + 5)), 1e-9 * std::abs(value)) << tag;
  }
  // Space has no directions but those of the plane; the others hold no pair, and every voxel is a run there.
  EXPECT_NEAR(of.at("cm_contrast_3D_avg"), of.at("cm_contrast_2D_avg"), 1e-9);
  EXPECT_NEAR(of.at("szm_zs_entr_3D"), of.at("szm_zs_entr_2D"), 1e-9);
}

TEST(Textures, AreTheSameOnSeveralThreads) {
  const Study study = random_study({20, 18, 9}, 12, 0);
  const Settings settings = profile("ibsi_digital");
  core::ThreadPool pool(3);
  const auto alone = extract(study.image, study.mask, settings);
  const auto together = extract(study.image, study.mask, settings, &pool);
  ASSERT_EQ(alone.size(), together.size());
  for (size_t i = 0; i < alone.size(); ++i) {
    EXPECT_EQ(alone[i].tag, together[i].tag);
    EXPECT_TRUE(alone[i].value == together[i].value ||
                (std::isnan(alone[i].value) && std::isnan(together[i].value)))
        << alone[i].tag;
  }
}

TEST(Counts, AreTheSameDenseAndListed) {
  // Room for a few columns of 50 rows, for all of them, and for none.
  Counts some(50, 400, 4000), all(50, 400, 1000000), none(50, 400, 0, Counts::Shape::square);
  std::mt19937 random(3);
  std::map<std::pair<int64_t, int64_t>, double> wanted;
  for (int i = 0; i < 20000; ++i) {
    const auto row = static_cast<int64_t>(random() % 50), column = static_cast<int64_t>(random() % 400);
    for (Counts* counts : {&some, &all, &none}) counts->add(row, column);
    wanted[{row, column}] += 1;
  }
  const auto seen = [](Counts& counts) {
    std::map<std::pair<int64_t, int64_t>, double> result;
    counts.for_each([&](int64_t row, int64_t column, double count) { result[{row, column}] += count; });
    return result;
  };
  for (Counts* counts : {&some, &all, &none}) EXPECT_EQ(seen(*counts), wanted);
  all.add(some);
  none.add(some);
  for (auto& [cell, count] : wanted) count *= 2;
  EXPECT_EQ(seen(all), wanted);
  EXPECT_EQ(seen(none), wanted);
}

}  // namespace
}  // namespace photo51::radiomics
