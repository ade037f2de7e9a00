// Matrices that the threads of the GPU's kernels count, here one after the other, against those of the CPU.
#include "radiomics/ibsi/gpu_texture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "photo51/core/device.hpp"
#include "radiomics/ibsi/families.hpp"
#include "radiomics/ibsi/runs.hpp"
#include "radiomics/phantom.hpp"
#include "radiomics/pyradiomics/common.hpp"
#include "support/errors.hpp"

namespace photo51::radiomics {
namespace {

using test::random_study;
using test::Study;
using ::testing::HasSubstr;

struct Sample {
  std::string name;
  Study study;
};

Study one_voxel() {
  Study study = test::empty_study({5, 5, 5});
  study.mask.data[0][2][2][2] = 1;
  study.image.data.fill_(3);
  return study;
}

/// Levels that are not all there, with long runs along the axes.
Study striped() {
  Study study = random_study({17, 9, 8}, 1, 0);
  for (int64_t x = 0; x < 17; ++x) study.image.data.select(3, x).fill_(1 + x / 6 * 40);
  return study;
}

std::vector<Sample> samples() {
  return {{"random", random_study({14, 12, 10}, 5, 1)},
          {"scattered", random_study({14, 12, 10}, 30, 0)},
          {"flat", random_study({9, 8, 7}, 1, 1)},
          {"one voxel", one_voxel()},
          {"a slice", random_study({20, 18, 1}, 5, 1)},
          {"a line", random_study({30, 1, 1}, 2, 0)},
          {"striped", striped()},
          {"256 levels", random_study({25, 20, 20}, 256, 0)},
          {"300 levels", random_study({29, 25, 25}, 300, 0)}};
}

/// What features are computed from.
struct Material {
  Region region;
  Levels levels;
  Texture texture;
};

Material material_of(const Study& study, int64_t reach) {
  Material material;
  material.region = make_region(study.image, study.mask, profile("ibsi_digital"), 0);
  material.levels = discretise(material.region, {.method = DiscretiseMethod::none}, {});
  material.texture = make_texture(material.region, material.levels, reach);
  return material;
}

Texture on_gpu(Texture texture, int64_t fewest = 0) {
  put_on(texture, "cpu", fewest);
  return texture;
}

void expect_same(double found, double expected, const std::string& what) {
  EXPECT_TRUE(found == expected || (std::isnan(found) && std::isnan(expected)))
      << what << ": " << found << " for " << expected;
}

using Cells = std::map<std::pair<int64_t, int64_t>, double>;
Cells cells_of(Counts& counts) {
  Cells cells;
  counts.for_each([&](int64_t row, int64_t column, double count) { cells[{row, column}] += count; });
  return cells;
}

TEST(GpuTexture, HasTheRunsOfTheCpu) {
  for (const Sample& sample : samples()) {
    const Texture here = material_of(sample.study, 1).texture, there = on_gpu(here);
    std::vector<Range> ranges{{0, here.voxels.size()}};
    for (size_t i = 0; i + 1 < here.slices.size(); ++i)
      ranges.push_back({here.slices[i], here.slices[i + 1]});
    for (size_t i = 0; i < ranges.size(); ++i)
      for (const bool planar : {true, false}) {
        if (i > 0 && !planar) continue;
        auto expected = runs(here, ranges[i], planar), found = runs(there, ranges[i], planar);
        ASSERT_EQ(found.size(), expected.size());
        for (size_t d = 0; d < found.size(); ++d) {
          EXPECT_EQ(cells_of(found[d]), cells_of(expected[d])) << sample.name << ", direction " << d;
          EXPECT_EQ(found[d].voxels, expected[d].voxels);
        }
      }
  }
}

TEST(GpuTexture, HasTheFeaturesOfTheCpuToTheLastBit) {
  using Space = Aggregation::Space;
  const std::array wanted{Aggregation{Space::slices, false},        Aggregation{Space::slices, true},
                          Aggregation{Space::merged_slices, false}, Aggregation{Space::merged_slices, true},
                          Aggregation{Space::volume, false},        Aggregation{Space::volume, true}};
  for (const Sample& sample : samples())
    for (const int64_t distance : {1, 2, 3}) {
      const Material material = material_of(sample.study, distance);
      const Texture there = on_gpu(material.texture);
      Settings settings;
      settings.distance = distance;
      const Neighbourhood none;
      for (const Family* family : {&glcm(), &glrlm()}) {
        const auto compute = [&](const Texture& texture) {
          return family->compute({material.region, material.levels, texture, none, settings, nullptr},
                                 wanted);
        };
        const Values found = compute(there), expected = compute(material.texture);
        for (size_t i = 0; i < wanted.size(); ++i)
          for (size_t j = 0; j < expected[i].size(); ++j)
            expect_same(found[i][j], expected[i][j],
                        sample.name + ", " + family->info.features[j].name + std::to_string(i));
      }
    }
}

TEST(GpuTexture, HasTheFeaturesOfThePyradiomicsProfileToTheLastBit) {
  for (const Sample& sample : samples())
    for (const bool symmetric : {true, false}) {
      Pyradiomics settings;
      settings.distances = {1, 2};
      settings.symmetrical_glcm = symmetric;
      settings.weighting_norm = symmetric ? WeightingNorm::none : WeightingNorm::euclidean;
      const Texture here = material_of(sample.study, 2).texture, there = on_gpu(here);
      for (auto* const compute : {&pyradiomics::glcm, &pyradiomics::glrlm}) {
        const auto found = compute(there, settings), expected = compute(here, settings);
        ASSERT_EQ(found.size(), expected.size());
        for (size_t i = 0; i < found.size(); ++i)
          expect_same(found[i].second, expected[i].second, sample.name + ", " + found[i].first);
      }
    }
}

TEST(GpuTexture, IsAskedWhereItIsWorthIt) {
  const Texture here = material_of(random_study({14, 12, 10}, 5, 1), 1).texture;
  const Range all{0, here.voxels.size()};
  const auto asked = [&](const Texture& texture, Range range) {
    std::vector<Counts> pairs(1, Counts(texture.rows(), texture.rows(), 10000, Counts::Shape::square));
    std::vector<Counts> of_runs(1, Counts(texture.rows(), 17, 10000));
    const bool both = add_pairs_on_gpu(pairs, texture, range, {1});
    EXPECT_EQ(add_runs_on_gpu(of_runs, texture, range, {1}, 16), both);
    EXPECT_EQ(cells_of(pairs.front()).empty(), !both);
    return both;
  };
  EXPECT_FALSE(asked(here, all));
  EXPECT_TRUE(asked(on_gpu(here), all));
  EXPECT_TRUE(asked(on_gpu(here, all.size()), all));
  EXPECT_FALSE(asked(on_gpu(here, all.size()), {0, all.end - 1}));
  EXPECT_FALSE(asked(on_gpu(here, all.size() + 1), all));
  Texture sparse = on_gpu(here);
  sparse.value.resize(all.size());  // rows
  EXPECT_FALSE(asked(sparse, all));
}

TEST(GpuTexture, IsRefusedWithoutAGpu) {
  if (core::gpu_present()) GTEST_SKIP() << "this machine has a GPU";
  const Study study = random_study({5, 5, 5}, 3, 0);
  EXPECT_EQ(texture_device("cpu"), "cpu");
  EXPECT_EQ(texture_device("auto"), "cpu");
  PHOTO51_EXPECT_ERROR(extract(study.image, study.mask, {}, nullptr, "gpu"), usage, HasSubstr("cuda:N"));
  PHOTO51_EXPECT_ERROR(extract(study.image, study.mask, {}, nullptr, "cuda"), run, HasSubstr("no NVIDIA"));
  Texture texture = material_of(study, 1).texture;
  PHOTO51_EXPECT_ERROR(put_on(texture, "cuda", 0), run, HasSubstr("count textures on the GPU: "));
}

TEST(GpuTexture, OfKernelsHasTheFeaturesOfTheCpu) {
  if (!core::gpu_present()) GTEST_SKIP() << "no GPU answers";
  try {
    texture_device("cuda");
  } catch (const core::Error& error) {
    GTEST_SKIP() << error.what();
  }
  for (const int levels : {1, 32, 256, 700}) {
    const Study study = random_study({70, 60, 50}, levels, 1);
    for (const char* name : {"ibsi_digital", "pyradiomics"}) {
      Settings settings = profile(name);
      settings.pyradiomics.bin_width = 1;
      const auto here = extract(study.image, study.mask, settings);
      const auto there = extract(study.image, study.mask, settings, nullptr, "cuda");
      ASSERT_EQ(here.size(), there.size());
      for (size_t i = 0; i < here.size(); ++i) expect_same(there[i].value, here[i].value, here[i].tag);
    }
  }
}

}  // namespace
}  // namespace photo51::radiomics
