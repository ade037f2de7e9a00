#include "inference/prepared.hpp"

#include <gmock/gmock.h>

#include "photo51/config/read.hpp"
#include "photo51/data/modality/mri.hpp"
#include "photo51/data/segmenters/segmenter.hpp"
#include "support/errors.hpp"

namespace photo51::inference {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

data::Inputs inputs(const preprocess::PreprocessOptions& options) {
  data::MriOptions mri;
  mri.preprocess = options;
  return {{"mri", config::choose("mri", mri)}};
}

preprocess::PreprocessOptions fixed(const std::vector<double>& mean, const std::vector<double>& std,
                                    double full_scale) {
  preprocess::PreprocessOptions options;
  options.spacing = {1, 1, 2};
  options.normalize.method = preprocess::NormalizeMethod::fixed;
  options.normalize.mean = mean;
  options.normalize.std = std;
  options.normalize.full_scale = full_scale;
  return options;
}

TEST(Prepared, OtherSpacingOrIntensitiesAreRefused) {
  const auto trained = fixed({0.5}, {0.25}, 255);
  const Prepared prepared = prepared_as(inputs(trained));
  EXPECT_THAT(prepared, AllOf(Contains(Pair("inputs.mri.preprocess.spacing", "[1, 1, 2]")),
                              Contains(Pair("inputs.mri.preprocess.normalize.method", "fixed")),
                              Contains(Pair("inputs.mri.preprocess.normalize.mean", "[0.5]"))));
  require_prepared(prepared, inputs(trained));
  require_prepared({}, inputs(trained));  // of a version that did not say
  auto other = trained;
  other.spacing = {1, 1, 1};
  other.normalize.std = {0.3};
  other.size = {32, 32, 32};
  EXPECT_THAT(message_of(core::Fault::usage, [&] { require_prepared(prepared, inputs(other)); }),
              AllOf(HasSubstr("inputs.mri.preprocess.spacing is `[1, 1, 1]` and was `[1, 1, 2]`"),
                    HasSubstr("inputs.mri.preprocess.normalize.std is `[0.3]` and was `[0.25]`"),
                    HasSubstr("leave the preparation as it was")));
  EXPECT_EQ(prepared_from(to_json(prepared)), prepared);
}

/// How the region is found is a part of the preparation; where its program lies is not.
TEST(Prepared, AnotherSegmenterIsRefused) {
  const auto with = [](const data::TorchScriptSegmenterOptions& segmenter) {
    data::MriOptions mri;
    mri.segmenter = config::choose("torchscript", segmenter);
    return data::Inputs{{"mri", config::choose("mri", mri)}};
  };
  data::TorchScriptSegmenterOptions options;
  options.program = "here.pt";
  options.preprocess.spacing = {1, 1, 1};
  const Prepared prepared = prepared_as(with(options)), none = prepared_as(inputs({}));
  EXPECT_EQ(prepared.at("inputs.mri.segmenter.name"), "torchscript");
  EXPECT_EQ(prepared.at("inputs.mri.segmenter.preprocess.spacing"), "[1, 1, 1]");
  EXPECT_FALSE(prepared.contains("inputs.mri.segmenter.program"));
  options.program = "there.pt";
  require_prepared(prepared, with(options));
  const auto refused = [&](const Prepared& before, const data::Inputs& now) {
    return message_of(core::Fault::usage, [&] { require_prepared(before, now); });
  };
  EXPECT_THAT(refused(prepared, inputs({})),
              HasSubstr("inputs.mri.segmenter.name is none and was `torchscript`"));
  EXPECT_THAT(refused(none, with(options)),
              HasSubstr("inputs.mri.segmenter.name is `torchscript` and there was none"));
  options.dilate = 2;
  EXPECT_THAT(refused(prepared, with(options)), HasSubstr("inputs.mri.segmenter.dilate is `2` and was `0`"));
}

TEST(Prepared, WhatPretrainedWeightsWereMadeForIsCompared) {
  const auto told = [](const nn::MadeFor& made, const preprocess::PreprocessOptions& options) {
    return unlike(made, "mri", inputs(options).front().second);
  };
  const nn::MadeFor natural{.mean = {0.485, 0.456, 0.406}, .std = {0.229, 0.224, 0.225}, .range = {{0, 255}}};
  EXPECT_THAT(told({}, {}), IsEmpty());
  EXPECT_THAT(told(natural, fixed({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}, 255)), IsEmpty());
  EXPECT_THAT(told(natural, fixed({0.45}, {0.225}, 255)), IsEmpty());  // one channel, among theirs
  EXPECT_THAT(told(natural, fixed({0.1}, {0.225}, 1)),
              ElementsAre(HasSubstr("inputs.mri.preprocess.normalize is fixed"),
                          "inputs.mri.preprocess.normalize.mean is [0.1] and the weights were made for "
                          "[0.485, 0.456, 0.406]"));
  EXPECT_THAT(told(natural, fixed({0.485, 0.456}, {0.229, 0.224}, 255)),
              ElementsAre(HasSubstr("normalize.mean is [0.485, 0.456]"), HasSubstr("normalize.std is")));
  EXPECT_THAT(told(natural, {}),
              ElementsAre(HasSubstr("normalize is none"),
                          HasSubstr("normalize.method is none and the weights were made for fixed")));
  preprocess::PreprocessOptions window;
  window.normalize.method = preprocess::NormalizeMethod::window;
  window.normalize.window = {-175, 250};
  const nn::MadeFor scan{.range = {{-175, 250}}, .spacing = {1.5, 1.5, 2}};
  EXPECT_THAT(
      told(scan, window),
      ElementsAre("inputs.mri.preprocess.spacing is [] and the weights were made for [1.5, 1.5, 2] mm"));
  window.spacing = {1.5, 1.5, 2};
  EXPECT_THAT(told(scan, window), IsEmpty());
  window.spacing = {1, 1.5, 2};
  window.normalize.window = {-100, 250};
  EXPECT_THAT(told(scan, window), ElementsAre(HasSubstr("spacing"), HasSubstr("window [-100, 250]")));
}

TEST(Prepared, WhereWeightsComeFromIsKept) {
  const std::map<std::string, PretrainedInput> from{{"us",
                                                     {.file = "w.pth",
                                                      .library = "timm",
                                                      .changes = {"inflate: repeat, kernels, 20"},
                                                      .made_for = {.mean = {0.5}, .std = {0.5}}}}};
  const auto again = pretrained_from(to_json(from));
  EXPECT_EQ(again.at("us").file, "w.pth");
  EXPECT_EQ(again.at("us").library, "timm");
  EXPECT_EQ(again.at("us").changes, from.at("us").changes);
  EXPECT_EQ(again.at("us").made_for.mean, from.at("us").made_for.mean);
  EXPECT_THAT(message_of(core::Fault::data, [] { pretrained_from(R"({"us": {"file": 3}})"); }),
              HasSubstr("file"));
  EXPECT_THAT(message_of(core::Fault::data, [] { prepared_from(R"({"a": 1})"); }), HasSubstr("`prepared.a`"));
}

}  // namespace
}  // namespace photo51::inference
