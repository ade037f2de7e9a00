#include "photo51/training/plan/nnunet_plans.hpp"

#include <nlohmann/json.hpp>

#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::training {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using PlansDocument = nlohmann::ordered_json;
using Sizes = std::vector<int64_t>;

/// What nnU-Net 2.8 writes of a CT, and of 2D slices in the spelling of 2.0.
PlansDocument ct_plans() {
  return PlansDocument::parse(R"({
    "dataset_name": "Dataset007_Pancreas",
    "transpose_forward": [0, 1, 2],
    "configurations": {
      "3d_fullres": {
        "batch_size": 2, "patch_size": [40, 224, 224], "spacing": [2.5, 0.8, 0.8],
        "median_image_size_in_voxels": [96.0, 512.0, 512.0],
        "normalization_schemes": ["CTNormalization"], "use_mask_for_norm": [false],
        "architecture": {
          "network_class_name": "dynamic_network_architectures.architectures.unet.PlainConvUNet",
          "arch_kwargs": {"n_stages": 3, "features_per_stage": [32, 64, 128],
                          "strides": [[1, 1, 1], [1, 2, 2], [2, 2, 2]],
                          "kernel_sizes": [[1, 3, 3], [3, 3, 3], [3, 3, 3]]}}},
      "3d_large": {"inherits_from": "3d_fullres", "batch_size": 4},
      "2d": {
        "batch_size": 12, "patch_size": [512, 512], "spacing": [0.8, 0.8],
        "median_image_size_in_voxels": [512.0, 512.0],
        "normalization_schemes": ["CTNormalization"], "use_mask_for_norm": [false],
        "UNet_class_name": "PlainConvUNet", "UNet_base_num_features": 32, "unet_max_num_features": 48,
        "pool_op_kernel_sizes": [[1, 1], [2, 2]], "conv_kernel_sizes": [[3, 3], [3, 3]]}},
    "foreground_intensity_properties_per_channel": {"0": {"percentile_00_5": -96.0, "percentile_99_5": 215.0}}
  })");
}

class NnunetPlansTest : public ::testing::Test {
 protected:
  NnunetPlans read(const PlansDocument& plans, const std::string& configuration = "") const {
    core::write_file_atomic(folder_ / "plans.json", plans.dump());
    return read_nnunet_plans(folder_ / "plans.json", configuration);
  }
  /// What is said of plans in which the value at `pointer` is `value`.
  std::string refusal(const std::string& pointer, const PlansDocument& value) const {
    PlansDocument plans = ct_plans();
    plans[PlansDocument::json_pointer(pointer)] = value;
    return test::message_of(core::Fault::data, [&] { read(plans); });
  }
  test::TemporaryFolder folder_;
};

TEST_F(NnunetPlansTest, ReadsTheFullResolution) {
  const NnunetPlans plans = read(ct_plans());
  EXPECT_EQ(plans.dataset, "Dataset007_Pancreas");
  EXPECT_EQ(plans.configuration, "3d_fullres");
  EXPECT_EQ(plans.network, "PlainConvUNet");
  EXPECT_THAT(plans.plan.spacing, ElementsAre(2.5, 0.8, 0.8));
  EXPECT_THAT(plans.plan.patch, ElementsAre(40, 224, 224));
  EXPECT_EQ(plans.plan.strides, (std::vector<Sizes>{{1, 1, 1}, {1, 2, 2}, {2, 2, 2}}));
  EXPECT_EQ(plans.plan.kernels, (std::vector<Sizes>{{1, 3, 3}, {3, 3, 3}, {3, 3, 3}}));
  EXPECT_THAT(plans.plan.features, ElementsAre(32, 64, 128));
  EXPECT_EQ(plans.plan.batch_size, 2);
  ASSERT_EQ(plans.channels.size(), 1U);
  EXPECT_EQ(plans.channels[0].scheme, "CTNormalization");
  EXPECT_THAT(*plans.channels[0].percentiles, ElementsAre(-96, 215));
}

TEST_F(NnunetPlansTest, FollowsWhatAConfigurationInherits) {
  const NnunetPlans plans = read(ct_plans(), "3d_large");
  EXPECT_EQ(plans.plan.batch_size, 4);
  EXPECT_THAT(plans.plan.patch, ElementsAre(40, 224, 224));
}

TEST_F(NnunetPlansTest, ReadsTheEarlierSpellingAndItsAxes) {
  PlansDocument plans = ct_plans();
  plans["transpose_forward"] = {2, 0, 1};
  const NnunetPlans flat = read(plans, "2d");
  EXPECT_THAT(flat.plan.features, ElementsAre(32, 48));
  EXPECT_THAT(flat.plan.axes, ElementsAre(0, 1));
  EXPECT_EQ(flat.plan.strides, (std::vector<Sizes>{{1, 1}, {2, 2}}));
  plans["configurations"].erase("3d_fullres");
  plans["configurations"].erase("3d_large");
  EXPECT_EQ(read(plans).configuration, "2d") << "there is no other";
}

TEST_F(NnunetPlansTest, NamesFileAndKeyOfWhatIsWrong) {
  const std::string at = "/configurations/3d_fullres/";
  EXPECT_THAT(refusal(at + "patch_size", "large"),
              AllOf(HasSubstr("plans.json: configurations.3d_fullres.patch_size is not a list of numbers"),
                    HasSubstr("nnUNetv2_plan_experiment")));
  EXPECT_THAT(refusal(at + "patch_size", {40, 224, 0}), HasSubstr("no number of at least 1"));
  EXPECT_THAT(refusal(at + "patch_size", {40, 224, 1.5}), HasSubstr("not whole"));
  EXPECT_THAT(refusal(at + "patch_size", {40}), HasSubstr("neither two nor three"));
  EXPECT_THAT(refusal(at + "spacing", {1, 1}), HasSubstr("not as many numbers as patch_size"));
  EXPECT_THAT(refusal(at + "median_image_size_in_voxels", {1, 1}),
              HasSubstr("median_image_size_in_voxels has not"));
  EXPECT_THAT(refusal(at + "architecture/arch_kwargs/strides", 2),
              HasSubstr("arch_kwargs.strides is not a list"));
  EXPECT_THAT(refusal(at + "architecture/arch_kwargs/strides", PlansDocument::parse("[[1, 1]]")),
              HasSubstr("a stage of 2 axes"));
  EXPECT_THAT(refusal(at + "architecture/arch_kwargs/features_per_stage", {32}),
              HasSubstr("another number of stages"));
  EXPECT_THAT(refusal(at + "architecture", 1), HasSubstr("pool_op_kernel_sizes is missing"));
  EXPECT_THAT(refusal(at + "normalization_schemes", "CT"), HasSubstr("not a list of names"));
  EXPECT_THAT(refusal(at + "normalization_schemes", {1}), HasSubstr("holds what is no name"));
  EXPECT_THAT(refusal(at + "inherits_from", "3d_giant"), HasSubstr("does not name a configuration"));
  EXPECT_THAT(refusal(at + "inherits_from", "3d_fullres"), HasSubstr("leads back to itself"));
  EXPECT_THAT(refusal("/transpose_forward", {0, 1, 1}), HasSubstr("not an order of the axes"));
  EXPECT_THAT(refusal("/transpose_forward", {0, 1, 3}), HasSubstr("not an order of the axes"));
  EXPECT_THAT(refusal("/transpose_forward", 1), HasSubstr("not an order of the axes"));
  EXPECT_THAT(refusal("/configurations", 1), HasSubstr("no `configurations`"));
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { read(ct_plans(), "3d_fulres"); }),
              HasSubstr("did you mean `3d_fullres`?"));
  core::write_file_atomic(folder_ / "plans.json", "[1]");
  EXPECT_THAT(test::message_of(core::Fault::data, [&] { read_nnunet_plans(folder_ / "plans.json"); }),
              HasSubstr("no object of JSON"));
}

}  // namespace
}  // namespace photo51::training
