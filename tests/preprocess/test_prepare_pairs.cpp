// Whatever two steps a preparation is made of, it gives what the two give one after the other through files.
#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "preprocess/cases.hpp"
#include "preprocess/geometry/affine.hpp"
#include "support/shared_data.hpp"

namespace photo51::preprocess {
namespace {

using imaging::Volume;

enum Step { n4, registration, orientation, spacing, mask, crop, size, augmentation, steps };
constexpr const char* names[] = {"N4",   "Registration", "Orientation", "Spacing",
                                 "Mask", "Crop",         "Size",        "Augmentation"};

constexpr int64_t side = 24;
constexpr double bright = 3000;

/// A place of the frame to the same anatomy in the other scan's world.
AffineMap to_other() {
  const double angle = 7 * std::numbers::pi / 180;
  AffineMap map;
  map.matrix = {std::cos(angle), -std::sin(angle), 0, std::sin(angle), std::cos(angle), 0, 0, 0, 1};
  map.offset = {6, -4.5, 2.25};
  return map;
}

struct Scans {
  test::Channels channels;
  std::optional<Volume> mask;
};

/// A frame and another scan of the same anatomy, which is linear in mm, so that resampling it twice is exact;
/// with a bright block to crop around in the frame where no step resamples it twice. The mask lies on a grid
/// of its own whose x axis runs the other way.
Scans scans(bool block, bool registered, bool with_mask) {
  imaging::Geometry geometry;
  geometry.size = {side, side, side};
  Volume frame = test::world_field(geometry);
  if (block) frame.data.slice(1, 4, 13).slice(2, 4, 13).slice(3, 4, 13).add_(4000);
  Volume other = test::world_field(geometry);
  if (registered) {
    const AffineMap map = to_other(), back = inverse(map);
    const auto centre = transform(map, {11.5, 11.5, 11.5});
    geometry.size = {44, 44, 36};
    geometry.origin = {centre[0] - 21.5, centre[1] - 21.5, centre[2] - 17.5};
    other = test::world_field(geometry);
    float* value = other.data.data_ptr<float>();
    for (int64_t z = 0; z < geometry.size[2]; ++z)
      for (int64_t y = 0; y < geometry.size[1]; ++y)
        for (int64_t x = 0; x < geometry.size[0]; ++x)
          *value++ = static_cast<float>(
              test::field(transform(back, geometry.to_world({double(x), double(y), double(z)}))));
  }
  Scans made{{frame, other}, {}};
  if (with_mask) {
    imaging::Geometry own;
    own.size = {15, 14, 13};
    own.origin = {18, 2, 3};
    own.direction[0] = -1;
    auto voxels = at::zeros({13, 14, 15}, at::kByte);
    voxels.slice(0, 1, 10).slice(1, 2, 11).slice(2, 2, 11).fill_(1);  // a voxel of the frame is on an edge
    made.mask = test::volume(voxels, own);
  }
  return made;
}

/// Prepares with these steps alone.
Prepared with(const Scans& scans, const std::set<int>& which, bool crop_mask) {
  PreprocessOptions options;
  options.orientation = which.contains(orientation) ? "SAR" : "none";
  if (which.contains(n4)) {
    options.bias_field_correction.method = BiasMethod::n4;
    options.bias_field_correction.shrink = 3;
    options.bias_field_correction.iterations = {3};
    options.bias_field_correction.region = BiasRegion::all;
  }
  if (which.contains(spacing)) options.spacing = {2, 2, 2};
  if (which.contains(crop)) {
    options.crop.around = crop_mask ? CropAround::mask : CropAround::foreground;
    options.crop.threshold = bright;
  }
  if (which.contains(size)) options.size = {6, 8, 4};
  Augmentation change;
  change.flip = {true, false, false};
  change.affine = true;
  change.rotate = {0, 0, 10};
  change.scale = 1.5;
  change.translate = {0.3, -0.2, 0.1};
  change.channels.resize(2);
  Registrations registrations;
  if (which.contains(registration)) registrations = {std::nullopt, to_other()};
  return prepare(scans.channels, scans.mask, scans.mask.has_value(), options,
                 which.contains(augmentation) ? &change : nullptr, {}, nullptr, registrations);
}

/// What was prepared, written and read again.
Scans through_files(const Prepared& prepared, bool has_mask) {
  const test::TemporaryFolder folder;
  Scans made;
  for (int64_t c = 0; c < prepared.values.size(0); ++c) {
    const auto path = folder / (std::to_string(c) + ".nii.gz");
    imaging::write_nifti(test::volume(prepared.values.narrow(0, c, 1).contiguous(), prepared.geometry), path);
    if (c < 2)
      made.channels.emplace_back(imaging::read_volume(path));
    else if (has_mask)
      made.mask = imaging::read_volume(path);
  }
  return made;
}

class PrepareInPairs : public ::testing::TestWithParam<std::pair<int, int>> {};

TEST_P(PrepareInPairs, GivesWhatTheStepsGiveOneAfterTheOther) {
  const auto [first, second] = GetParam();
  const std::set<int> both{first, second};
  const bool with_mask = both.contains(mask), by_mask = with_mask;
  const Scans all = scans(both.contains(crop) && !by_mask, both.contains(registration), with_mask);
  const Prepared at_once = with(all, both, by_mask);

  Scans before = all;
  if (second == mask) before.mask.reset();
  Scans between;
  if (first == n4 && second == registration) {
    // The bias is that of each scan on its own grid, before one is brought to the other.
    for (const auto& channel : before.channels) {
      const Prepared alone = with({{channel}, {}}, {n4}, by_mask);
      between.channels.push_back(through_files(alone, false).channels.at(0));
    }
  } else {
    between = through_files(with(before, {first}, by_mask), before.mask.has_value());
  }
  if (second == mask) between.mask = all.mask;
  const Prepared in_turn = with(between, {second}, by_mask);

  EXPECT_EQ(at_once.geometry.size, in_turn.geometry.size);
  EXPECT_TRUE(at_once.geometry.matches(in_turn.geometry, 1e-3));
  ASSERT_EQ(at_once.values.sizes(), in_turn.values.sizes());
  EXPECT_GT(at_once.values.select(0, 0).count_nonzero().item<int64_t>(), 0);
  const auto apart = (at_once.values - in_turn.values).abs() / in_turn.values.abs().clamp_min(1);
  EXPECT_LT(apart.max().item<double>(), 1e-4);
  // The steps did something, and the other scan's anatomy lies where the frame's does.
  const Prepared neither = with(all, {}, by_mask);
  EXPECT_TRUE(at_once.values.sizes() != neither.values.sizes() ||
              !at::allclose(at_once.values, neither.values));
  if (both.contains(registration) && !both.contains(n4) && !both.contains(crop)) {
    EXPECT_LT((at_once.values[0] - at_once.values[1]).abs().max().item<double>(), 0.1);
  }
}

std::vector<std::pair<int, int>> pairs() {
  std::vector<std::pair<int, int>> all;
  for (int first = 0; first < steps; ++first)
    for (int second = first + 1; second < steps; ++second) all.emplace_back(first, second);
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, PrepareInPairs, ::testing::ValuesIn(pairs()), [](const auto& item) {
  return std::string(names[item.param.first]) + "And" + names[item.param.second];
});

}  // namespace
}  // namespace photo51::preprocess
