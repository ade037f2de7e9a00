/// Spacing, patch, pooling and batch of three cohorts of files beside those of nnU-Net's own planner.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

#include "parity/peer.hpp"
#include "photo51/data/plan/image_inputs.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/training/plan/image_grids.hpp"
#include "photo51/training/plan/nnunet_plans.hpp"
#include "support/shared_data.hpp"

namespace photo51::training {
namespace {

namespace fs = std::filesystem;

/// How the images of a cohort lie; x, y, z.
struct Phantoms {
  std::string name;
  std::array<int64_t, 3> size;
  std::array<double, 3> spacing;
  std::array<int64_t, 3> empty;  ///< voxels of 0 on each side
  size_t channels = 1;
  double background = 0;
};

class NnunetPlanner : public test::PeerSuite<NnunetPlanner> {
 public:
  static constexpr const char* kScript = "nnunet_plan.py";

 protected:
  void SetUp() override {
    PeerSuite::SetUp();
    if (IsSkipped()) return;
    const auto there = peer_->ask({"folder", folder().path().string()});
    if (!there && std::string(there.message()).find("ModuleNotFoundError") != std::string::npos)
      GTEST_SKIP() << "needs nnunetv2 in the peers' environment (docs/planning.md): " << there.message();
    ASSERT_TRUE(there);
  }

  /// Six patients with ellipsoids, each of another size and, across the slices, another spacing.
  data::PlannedImages make(const Phantoms& of) const {
    const fs::path raw = folder() / ("raw/" + of.name);
    fs::create_directories(raw / "imagesTr");
    fs::create_directories(raw / "labelsTr");
    std::vector<data::FileColumn> columns(of.channels + 1);
    columns.back().name = "seg";
    for (int64_t i = 0; i < 6; ++i) {
      imaging::Volume image;
      image.geometry.size = {of.size[0] + 4 * i, of.size[1], of.size[2] + (of.size[2] > 1 ? i : 0)};
      image.geometry.spacing = of.spacing;
      image.geometry.spacing[2] *= 1 + 0.1 * static_cast<double>(i % 3);
      const auto& n = image.geometry.size;
      imaging::Volume labels = image;
      image.data = at::full({1, n[2], n[1], n[0]}, of.background, at::kShort);
      labels.data = at::zeros({1, n[2], n[1], n[0]}, at::kByte);
      const auto box = [&](const at::Tensor& data, std::array<int64_t, 3> margin) {
        return data.narrow(1, margin[2], n[2] - 2 * margin[2])
            .narrow(2, margin[1], n[1] - 2 * margin[1])
            .narrow(3, margin[0], n[0] - 2 * margin[0]);
      };
      at::Tensor inside = box(image.data, of.empty);
      inside.copy_((at::arange(inside.numel()) % 300).view(inside.sizes()).add(1 + i));
      box(labels.data, {n[0] / 3, n[1] / 3, n[2] / 3}).fill_(1);
      const std::string id = "case" + std::to_string(i);
      for (size_t channel = 0; channel < of.channels; ++channel) {
        const fs::path path = raw / ("imagesTr/" + id + "_000" + std::to_string(channel) + ".nii.gz");
        imaging::write_nifti(image, path);
        columns[channel].name = "t" + std::to_string(channel + 1);
        columns[channel].files.emplace_back(static_cast<size_t>(i), path);
      }
      imaging::write_nifti(labels, raw / ("labelsTr/" + id + ".nii.gz"));
      columns.back().files.emplace_back(static_cast<size_t>(i), raw / ("labelsTr/" + id + ".nii.gz"));
    }
    std::vector<data::MeasuredColumn> measured;
    for (const auto& column : columns) measured.push_back({column, data::measure_column(column)});
    return data::plan_images(std::move(measured));
  }

  NnunetPlans theirs(const Phantoms& of, const std::string& channel, const std::string& configuration) const {
    std::string channels = channel;
    for (size_t i = 1; i < of.channels; ++i) channels += "," + channel;
    EXPECT_TRUE(peer_->ask({"plan", of.name, channels, "2"}));
    return read_nnunet_plans(folder() / (of.name + ".json"), configuration);
  }

  void expect_same(const UnetPlan& ours, const UnetPlan& theirs) const {
    EXPECT_EQ(ours.axes, theirs.axes);
    ASSERT_EQ(ours.spacing.size(), theirs.spacing.size());
    for (size_t axis = 0; axis < ours.spacing.size(); ++axis)
      EXPECT_NEAR(ours.spacing[axis], theirs.spacing[axis], 1e-6);
    EXPECT_EQ(ours.median_size, theirs.median_size);
    EXPECT_EQ(ours.patch, theirs.patch);
    EXPECT_EQ(ours.strides, theirs.strides);
    EXPECT_EQ(ours.kernels, theirs.kernels);
    EXPECT_EQ(ours.features, theirs.features);
    EXPECT_EQ(ours.batch_size, theirs.batch_size);
  }

  /// One for the suite: nnU-Net reads once where its folders are.
  static const test::TemporaryFolder& folder() {
    static const test::TemporaryFolder made;
    return made;
  }
};

TEST_F(NnunetPlanner, IsotropicVolumes) {
  const Phantoms of{.name = "Dataset001_isotropic",
                    .size = {76, 70, 60},
                    .spacing = {1.1, 1, 1.05},
                    .empty = {9, 6, 5},
                    .channels = 2};
  const auto images = make(of);
  ASSERT_EQ(images.inputs.size(), 1U);
  const auto& input = images.inputs[0];
  const NnunetPlans plans = theirs(of, "MR", "3d_fullres");
  expect_same(plan_unet(grids_of(input), {}), plans.plan);
  expect_same(plan_unet(grids_of(input), {.dims = 2}), theirs(of, "MR", "2d").plan);
  EXPECT_EQ(share_of_nonzero(input) < 0.75, plans.channels.at(0).within_nonzero);
}

TEST_F(NnunetPlanner, AnisotropicVolumes) {
  const Phantoms of{
      .name = "Dataset002_anisotropic", .size = {150, 170, 15}, .spacing = {0.8, 0.8, 5}, .empty = {1, 2, 0}};
  const auto images = make(of);
  const auto& input = images.inputs.at(0);
  const UnetPlan plan = plan_unet(grids_of(input), {});
  EXPECT_TRUE(plan.resampled_to_10th);
  const NnunetPlans plans = theirs(of, "MR", "3d_fullres");
  expect_same(plan, plans.plan);
  EXPECT_EQ(share_of_nonzero(input) < 0.75, plans.channels.at(0).within_nonzero);
}

TEST_F(NnunetPlanner, Pictures) {
  const Phantoms of{
      .name = "Dataset003_flat", .size = {180, 140, 1}, .spacing = {0.5, 0.6, 4}, .empty = {3, 8, 0}};
  const auto images = make(of);
  const auto& input = images.inputs.at(0);
  EXPECT_EQ(input.dims, 2);
  expect_same(plan_unet(grids_of(input), {.dims = 2}), theirs(of, "MR", "2d").plan);
}

}  // namespace
}  // namespace photo51::training
