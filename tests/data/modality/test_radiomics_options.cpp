#include "data/radiomics_fixture.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST_F(RadiomicsInput, TheResolvedConfigReadsBack) {
  auto options = parsed(
      "{modality: radiomics, from: mri.t1, mask: seg, profile: ibsi_ct_c, settings: {distance: 2},"
      " location: true, filter: {reliability: 0.75, variance: 0.01, correlation: 0.9}}");
  EXPECT_THAT(options.channels, ElementsAre("t1"));
  EXPECT_EQ(options.settings->distance, 2);
  EXPECT_EQ(options.settings->range, (std::vector<double>{-1000, 400}));
  EXPECT_EQ(options.filter.reliability.minimum, 0.75);
  const auto dumped = config::to_yaml(config::dump(options));
  auto again = parsed("modality: radiomics\n" + dumped);
  EXPECT_EQ(config::to_yaml(config::dump(again)), dumped);
  EXPECT_EQ(
      parsed("{modality: radiomics, from: t1, mask: seg, filter: {reliability: {minimum: 0.5, cases: 9}}}")
          .filter.reliability.cases,
      9);
}

TEST_F(RadiomicsInput, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refused("{modality: radiomics, mask: seg}"),
              HasSubstr("from: name at least one image: `<input>.<channel>` or a manifest column"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1}"),
              HasSubstr("mask: radiomic features need the mask of their region"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, profile: pyradiomic}"),
              HasSubstr("did you mean `pyradiomics`"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, channels: [t2], mask: seg}"),
              HasSubstr("either from or channels"));
  EXPECT_THAT(refused("{modality: radiomics, from: [mri.t1, ct.t1], mask: seg}"),
              HasSubstr("name each channel once"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, settings: {profile: ibsi_ct_a}}"),
              HasSubstr("its profile is `ibsi_ct_a`, the input's is `ibsi`"));
  EXPECT_THAT(
      refused("{modality: radiomics, from: t1, mask: seg, mask_label: 3, profile: pyradiomics, settings: "
              "{pyradiomics: {label: 2}}}"),
      HasSubstr("both say what the region is"));
  EXPECT_THAT(refused("{modality: mri, channels: [t1], mask_outside: crop}"),
              HasSubstr("say how a mask is read; name its column"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, mask_label: 2, mask_threshold: 0.5}"),
              HasSubstr("leave out mask_label"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, settings: {famlies: [glcm]}}"),
              HasSubstr("did you mean `families`"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, dims: 2}"), HasSubstr("dims: unknown key"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, preprocess: {spacing: [1, 1, 1]}}"),
              HasSubstr("preprocess: unknown key"));
  EXPECT_THAT(refused("{modality: radiomics, from: t1, mask: seg, augment: {flip: [x]}}"),
              HasSubstr("augment: unknown key"));
  for (const char* option : {"from: t1", "profile: pyradiomics", "settings: {distance: 2}", "location: true"})
    EXPECT_THAT(refused(std::string("{modality: lesion, channels: [a], mask: m, ") + option + "}"),
                HasSubstr("unknown key"));
  EXPECT_THAT(refused("{modality: lesion, channels: [a], mask: m, filter: {reliability: 0.5}}"),
              HasSubstr("filter.reliability: unknown key"));
  EXPECT_THAT(refused("{modality: clinical, columns: [a], filter: {variance: 0.5}}"),
              HasSubstr("filter: unknown key"));
  const auto reliability = [&](const std::string& options) {
    return refused("{modality: radiomics, from: t1, mask: seg, filter: {reliability: {" + options + "}}}");
  };
  EXPECT_THAT(reliability("minimum: 0.5, rotation: [0], volume: [0]"),
              HasSubstr("two perturbations or more"));
  EXPECT_THAT(reliability("cases: 1"), HasSubstr("0 (all) or at least 2"));
  EXPECT_THAT(reliability("contour: redrawn"), HasSubstr("kept, supervoxels, distance"));
  std::string angles = "0";
  for (int i = 1; i < 200; ++i) angles += ", " + std::to_string(i % 100);
  EXPECT_THAT(reliability("rotation: [" + angles + "]"), HasSubstr("256 at most"));
}

TEST_F(RadiomicsInput, ImagesThatAreNotThere) {
  const auto rad = [](const std::string& from) {
    return parsed("{modality: radiomics, from: " + from + ", mask: seg}");
  };
  const auto refused_with = [&](const std::string& from) {
    return failure(core::Fault::usage, [&] {
      read(manifest(), {{"mri", data::input(image_input({"t1", "t2"}))}, {"rad", data::input(rad(from))}});
    });
  };
  EXPECT_THAT(refused_with("mri.t3"), HasSubstr("input rad: from: input `mri` has no channel `t3`"));
  EXPECT_THAT(refused_with("mr.t1"), AllOf(HasSubstr("neither an input `mr` nor a column `mr.t1`"),
                                           HasSubstr("did you mean `mri`")));
  EXPECT_THAT(data_failure(manifest(), {{"rad", data::input(rad("t4"))}}),
              HasSubstr("there is no column `t4`"));
  EXPECT_NO_THROW(
      read(manifest(), {{"rad", data::input(rad("mri.t2"))}}));  // a column of that name, without the input
  EXPECT_NO_THROW(read(manifest(), {{"rad", data::input(rad("t1"))}}));
}

}  // namespace
}  // namespace photo51::data
