#include <ATen/ATen.h>

#include "data/fixture.hpp"
#include "photo51/data/images/label_map.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/preprocess/geometry/restore.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class LabelMaps : public CohortFolder {
 protected:
  void volume(const std::string& name, const at::Tensor& data, imaging::Geometry grid = {}) const {
    grid.size = {data.size(3), data.size(2), data.size(1)};
    imaging::write_nifti(imaging::make_volume(data, grid), folder_ / name);
  }
  /// An image and its mask of two boxes, on a grid whose axes point elsewhere than prepared ones.
  void boxes() const {
    imaging::Geometry grid{.spacing = {1, 1, 2}, .origin = {5, -3, 2}};
    grid.direction = {-1, 0, 0, 0, 0, 1, 0, 1, 0};
    volume("t1.nii", at::arange(12 * 14 * 16, at::kFloat).view({1, 12, 14, 16}), grid);
    at::Tensor mask = at::zeros({1, 12, 14, 16}, at::kByte);
    mask.slice(1, 2, 6).slice(2, 3, 9).slice(3, 4, 12).fill_(1);
    mask.slice(1, 6, 9).slice(2, 5, 8).slice(3, 2, 6).fill_(4);
    volume("seg.nii", mask, grid);
  }
  static TaskSpec spec() {
    TaskSpec made = label_spec("lesion", "segmentation", "seg");
    made.classes = {"core", "edge"};
    made.values = {1, 4};
    made.input = "mri";
    made.inputs = {"mri"};
    return made;
  }
  Cohort one(const MriOptions& mri, const std::string& mask = "seg.nii") const {
    return read("patient,t1,seg\nP1,t1.nii," + mask + "\n", {{"mri", input(mri)}}, {spec()});
  }
  static Case load(const Cohort& cohort, const core::SampleKey& key = {}, bool maps = true) {
    const CaseLoader cases(cohort, fit(cohort, {0}));
    return cases.load(0, key, {}, std::numeric_limits<int64_t>::max(), maps);
  }
  static MriOptions mri() { return image_input({"t1"}); }
  static int64_t different(const at::Tensor& a, const at::Tensor& b) { return a.ne(b).sum().item<int64_t>(); }
  /// The prepared map on the file's grid, each class by itself.
  static at::Tensor back(const Case& loaded) {
    const auto& grids = *loaded.inputs.at("mri").grids;
    std::vector<at::Tensor> classes;
    for (int64_t k = 0; k < 3; ++k) classes.push_back(loaded.labels.at("lesion").map.eq(k).to(at::kFloat));
    return preprocess::restore(at::stack(classes), grids.prepared, grids.original).argmax(0).to(at::kByte);
  }
};

TEST_F(LabelMaps, GoThroughPreparationAndBack) {
  boxes();
  const Cohort cohort = one(mri());
  const LabelMap drawn = original_label(cohort, 0, "lesion");
  const Case loaded = load(cohort);
  EXPECT_EQ(loaded.labels.at("lesion").map.sizes(), loaded.inputs.at("mri").values[0].sizes());
  EXPECT_EQ(different(back(loaded), drawn.classes), 0);
  EXPECT_EQ(drawn.classes.eq(2).sum().item<int64_t>(), 3 * 3 * 4);
  // At another spacing the borders move by less than a voxel: what is one voxel within or without stays.
  auto coarse = mri();
  coarse.preprocess.spacing = {1.3, 1.2, 1.7};
  const at::Tensor again = back(load(one(coarse)));
  for (int64_t k = 1; k < 3; ++k) {
    const at::Tensor was = drawn.classes.eq(k).to(at::kFloat).unsqueeze(0), is = again.eq(k);
    const at::Tensor grown = at::max_pool3d(was, 3, 1, 1)[0].gt(0.5);
    const at::Tensor shrunk = (1 - at::max_pool3d(1 - was, 3, 1, 1))[0].gt(0.5);
    EXPECT_FALSE(is.logical_and(grown.logical_not()).any().item<bool>()) << k;
    EXPECT_FALSE(shrunk.logical_and(is.logical_not()).any().item<bool>()) << k;
  }
}

TEST_F(LabelMaps, MoveWithTheirImage) {
  boxes();
  auto options = mri();
  options.preprocess.orientation = "none";
  options.augment.flip = {preprocess::Axis::x, preprocess::Axis::y, preprocess::Axis::z};
  options.patch = PatchOptions{.size = {8, 8, 8}, .foreground = 1, .overlap = 0.5};
  const Cohort cohort = one(options);
  const at::Tensor mask = original_label(cohort, 0, "lesion").classes;
  bool any = false;
  for (int64_t epoch = 0; epoch < 8; ++epoch) {
    const Case loaded = load(cohort, {.seed = 1, .epoch = epoch});
    const at::Tensor values = loaded.inputs.at("mri").values, map = loaded.labels.at("lesion").map;
    ASSERT_EQ(values.sizes(), (at::IntArrayRef{1, 8, 8, 8}));
    // A voxel's value is its number, which says what its class is.
    const at::Tensor expected = mask.flatten().index_select(0, values.flatten().to(at::kLong)).view_as(map);
    EXPECT_TRUE(map.equal(expected));
    EXPECT_EQ(loaded.inputs.at("mri").grids, nullptr);
    any = any || map.any().item<bool>();
  }
  EXPECT_TRUE(any);
}

TEST_F(LabelMaps, ComeOnlyWhereTheyAreAskedFor) {
  boxes();
  const Cohort cohort = one(mri());
  EXPECT_FALSE(load(cohort, {}, false).labels.at("lesion").map.defined());
  const Cohort unknown = one(mri(), "");
  EXPECT_FALSE(load(unknown).labels.at("lesion").map.defined());
  EXPECT_FALSE(original_label(unknown, 0, "lesion").classes.defined());
  PHOTO51_EXPECT_ERROR(original_label(cohort, 0, "lesoin"), usage,
                       HasSubstr("no head `lesoin` whose labels are"));
}

TEST_F(LabelMaps, AreCachedLikeImages) {
  boxes();
  auto with_cache = options();
  with_cache.cache.folder = folder_ / "cache";
  write("cohort.csv", "patient,t1,seg\nP1,t1.nii,seg.nii\n");
  const Inputs inputs{{"mri", input(mri())}};
  const at::Tensor first = load(Cohort(with_cache, inputs, {spec()})).labels.at("lesion").map.clone();
  // A second process reads no mask: other voxels in a file of the same stamp would not be seen.
  const at::Tensor second = load(Cohort(with_cache, inputs, {spec()})).labels.at("lesion").map;
  EXPECT_TRUE(first.equal(second));
  auto other = spec();
  other.values = {4, 1};
  const at::Tensor swapped = load(Cohort(with_cache, inputs, {other})).labels.at("lesion").map;
  EXPECT_TRUE(swapped.eq(2).equal(first.eq(1)));
}

TEST_F(LabelMaps, SlicesOfAVolumeAreDrawnInTraining) {
  boxes();
  auto options = mri();
  options.dims = 2;
  options.patch = PatchOptions{.size = {8, 8, 1}, .foreground = 1, .overlap = 0.5};
  const Cohort cohort = one(options);
  const Case drawn = load(cohort, {.seed = 1, .epoch = 0});
  EXPECT_EQ(drawn.inputs.at("mri").values.sizes(), (at::IntArrayRef{1, 8, 8}));
  EXPECT_EQ(drawn.labels.at("lesion").map.sizes(), (at::IntArrayRef{8, 8}));
  const Case whole = load(cohort);
  EXPECT_EQ(whole.inputs.at("mri").values.dim(), 4);
  EXPECT_EQ(whole.labels.at("lesion").map.dim(), 3);
  const auto info = input_info(cohort.inputs(), fit(cohort, {0})).at("mri");
  EXPECT_EQ(info.size, (std::vector<int64_t>{8, 8}));
  EXPECT_EQ(info.window, (std::vector<int64_t>{1, 8, 8}));
}

TEST_F(LabelMaps, WhatDoesNotFitIsRefused) {
  boxes();
  volume("small.nii", at::ones({1, 4, 4, 4}, at::kByte), {.spacing = {1, 1, 1}, .origin = {500, 0, 0}});
  PHOTO51_EXPECT_ERROR(
      load(one(mri(), "small.nii")), data,
      AllOf(HasSubstr("case P1: input mri: label seg"), HasSubstr("small.nii"), HasSubstr("outside")));
  at::Tensor odd = at::zeros({1, 12, 14, 16}, at::kByte);
  odd[0][1][1][1] = 7;
  volume("odd.nii", odd);
  PHOTO51_EXPECT_ERROR(load(one(mri(), "odd.nii")), data, HasSubstr("holds the value 7, which is no class"));
  auto masked = image_input({"t1"}, "seg");
  PHOTO51_EXPECT_ERROR(one(masked), usage,
                       AllOf(HasSubstr("input mri: `seg` is the mask that head `lesion` is to draw"),
                             HasSubstr("also as its `mask`")));
  PHOTO51_EXPECT_ERROR(one(image_input({"t1", "seg"})), usage, HasSubstr("is the mask that head `lesion`"));
}

TEST_F(LabelMaps, PatchesHaveASize) {
  PHOTO51_EXPECT_ERROR(read_input("{modality: mri, channels: [a], patch: {size: [8, 8]}}"), usage,
                       HasSubstr("takes three numbers (x, y, z)"));
  PHOTO51_EXPECT_ERROR(read_input("{modality: mri, channels: [a], patch: {}}"), usage,
                       HasSubstr("takes three numbers (x, y, z)"));
  PHOTO51_EXPECT_ERROR(read_input("{modality: mri, channels: [a], dims: 2, patch: {size: [8, 8, 2]}}"), usage,
                       HasSubstr("dims: 2 takes one slice, size: [x, y, 1]"));
  PHOTO51_EXPECT_ERROR(read_input("{modality: mri, channels: [a], bag: always, patch: {size: [8, 8, 8]}}"),
                       usage, HasSubstr("a bag's instances are seen whole"));
}

}  // namespace
}  // namespace photo51::data
