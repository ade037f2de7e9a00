#include "photo51/data/modality/features.hpp"

#include <ATen/ATen.h>

#include <set>

#include "data/fixture.hpp"
#include "photo51/data/features/feature_file.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class FeatureBags : public CohortFolder {
 protected:
  /// Row i of every element first + i.
  void write_bag(const std::string& name, int64_t count, int64_t width, double first,
                 const std::string& encoder = "") const {
    FeatureBag bag;
    bag.features = (at::arange(count, at::kFloat) + first).unsqueeze(1).expand({count, width});
    bag.encoder = encoder;
    write_features(folder_ / name, name.ends_with(".h5") ? FeatureFormat::h5 : FeatureFormat::safetensors,
                   bag);
  }
  static FeaturesOptions uni(int64_t instances = 0) {
    FeaturesOptions options;
    options.channels = {"uni"};
    options.instances = instances;
    return options;
  }
  static std::vector<int64_t> firsts(const at::Tensor& values) {
    const at::Tensor first = values.select(1, 0).to(at::kLong).contiguous();
    return {first.const_data_ptr<int64_t>(), first.const_data_ptr<int64_t>() + first.numel()};
  }
};

TEST_F(FeatureBags, ABagIsAllOfACasesFiles) {
  write_bag("a.h5", 3, 4, 0);
  write_bag("b.safetensors", 2, 4, 10);
  FeaturesOptions options = uni();
  options.channels = {"uni", "more"};
  const auto cohort = read("patient,uni,more\nP1,a.h5;b.safetensors,\nP2,,b.safetensors\nP3,,\n",
                           {{"f", data::input(options)}});
  const auto fitted = fit(cohort, {0, 1});
  const auto info = input_info(cohort.inputs(), fitted).at("f");
  EXPECT_TRUE(info.bag);
  EXPECT_FALSE(info.image);
  EXPECT_EQ(info.channels, 4);
  EXPECT_EQ(info.views, 2);
  EXPECT_FALSE(cohort.has_input(2, "f"));
  const CaseLoader cases(cohort, fitted);
  const Batch batch = collate({cases.load(0), cases.load(1)}, {{"f", info}}, {});
  const InputBatch& input = batch.inputs.at("f");
  EXPECT_THAT(firsts(input.values), ElementsAre(0, 1, 2, 10, 11, 10, 11));
  EXPECT_TRUE(at::equal(input.offsets, at::tensor({0, 5, 7}, at::kLong)));
  EXPECT_TRUE(at::equal(input.view, at::tensor({0, 0, 0, 0, 0, 1, 1}, at::kLong)));
  EXPECT_TRUE(at::equal(input.channel_present, at::tensor({1, 0, 0, 1}).view({2, 2}).to(at::kBool)));
}

TEST_F(FeatureBags, TrainingDrawsInstancesAnewInEveryEpoch) {
  write_bag("a.safetensors", 50, 2, 0);
  write_bag("b.safetensors", 5, 2, 0);
  const auto cohort = read("patient,uni\nP1,a.safetensors\nP2,b.safetensors\n", {{"f", data::input(uni(8))}});
  const auto fitted = fit(cohort, {0, 1});
  const CaseLoader cases(cohort, fitted);
  std::set<std::vector<int64_t>> seen;
  for (const int64_t epoch : {0, 1, 2}) {
    const core::SampleKey key{.seed = 1, .epoch = epoch};
    const auto drawn = firsts(cases.load(0, key).inputs.at("f").values);
    EXPECT_EQ(drawn.size(), 8U);
    EXPECT_TRUE(std::is_sorted(drawn.begin(), drawn.end()));
    EXPECT_EQ(drawn, firsts(CaseLoader(cohort, fitted).load(0, key).inputs.at("f").values));
    seen.insert(drawn);
    EXPECT_EQ(cases.load(1, key).inputs.at("f").values.size(0), 5);  // no more than there are
  }
  EXPECT_EQ(seen.size(), 3U);
  EXPECT_EQ(cases.load(0).inputs.at("f").values.size(0), 50);  // prediction sees all
}

TEST_F(FeatureBags, PredictionStreamsThem) {
  write_bag("a.h5", 7, 2, 0);
  write_bag("b.safetensors", 2, 2, 100);
  const auto cohort = read("patient,uni\nP1,a.h5\nP2,\nP3,b.safetensors\n", {{"f", data::input(uni(3))}});
  const auto fitted = fit(cohort, {0, 2});
  const CaseLoader cases(cohort, fitted);
  std::vector<Case> loaded;
  for (const int64_t row : {0, 2}) loaded.push_back(cases.load(row, {}, {}, 32));
  for (const auto& one : loaded) EXPECT_FALSE(one.inputs.at("f").values.defined());
  const Batch batch = collate(loaded, input_info(cohort.inputs(), fitted), {});
  const auto stream = batch.inputs.at("f").stream;
  ASSERT_TRUE(stream);
  EXPECT_THAT(firsts(stream->next(4)), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(firsts(stream->next(4)), ElementsAre(4, 5, 6, 100));
  EXPECT_THAT(firsts(stream->next(4)), ElementsAre(101));
  EXPECT_FALSE(stream->next(4).defined());
  EXPECT_TRUE(at::equal(stream->offsets(), at::tensor({0, 7, 9}, at::kLong)));
  EXPECT_THAT(stream->numbers(), ElementsAre(0, 1, 2, 3, 4, 5, 6, 0, 1));
}

/// A case may be stored in 16 bits and another not: neither loses anything.
TEST_F(FeatureBags, StoredTypesMayDiffer) {
  nn::write_safetensors(folder_ / "a.safetensors", {{"features", at::full({2, 2}, 0.5, at::kHalf)}});
  nn::write_safetensors(folder_ / "b.safetensors", {{"features", at::full({1, 2}, 1e-7F)}});
  const auto cohort = read("patient,uni\nP1,a.safetensors\nP2,b.safetensors\n", {{"f", data::input(uni())}});
  const auto fitted = fit(cohort, {0, 1});
  const auto info = input_info(cohort.inputs(), fitted);
  const CaseLoader cases(cohort, fitted);
  const at::Tensor whole = collate({cases.load(0), cases.load(1)}, info, {}).inputs.at("f").values;
  EXPECT_EQ(whole[2][0].item<float>(), 1e-7F);
  const Batch streamed = collate({cases.load(0, {}, {}, 0), cases.load(1, {}, {}, 0)}, info, {});
  EXPECT_TRUE(at::equal(streamed.inputs.at("f").stream->next(3), whole));
}

TEST_F(FeatureBags, AreOfOneEncoder) {
  write_bag("a.h5", 3, 4, 0, "one");
  write_bag("b.h5", 3, 5, 0, "one");
  write_bag("c.h5", 3, 4, 0, "two");
  write_bag("d.safetensors", 3, 4, 0);
  const auto fails = [&](const std::string& b) {
    const auto cohort = read("patient,uni\nP1,a.h5\nP2," + b + "\n", {{"f", data::input(uni())}});
    const std::string at_fitting = failure(core::Fault::data, [&] { fit(cohort, {0, 1}); });
    const CaseLoader cases(cohort, fit(cohort, {0}));
    const std::string at_loading = failure(core::Fault::data, [&] { cases.load(1); });
    return std::pair{at_fitting, at_loading};
  };
  const auto [fitting, loading] = fails("b.h5");
  for (const auto& said : {fitting, loading})
    EXPECT_THAT(said, AllOf(HasSubstr("case P2"), HasSubstr("b.h5: its features have 5 numbers"),
                            HasSubstr("a.h5 has 4"), HasSubstr("channel uni")));
  const auto [mixed, mixed_loading] = fails("c.h5");
  for (const auto& said : {mixed, mixed_loading})
    EXPECT_THAT(said, AllOf(HasSubstr("another encoder or preparation (two)"), HasSubstr("(one)")));
  EXPECT_EQ(fails("d.safetensors").first, "no error");  // nothing says what it is of
}

TEST_F(FeatureBags, WhatIsFittedTravels) {
  write_bag("a.h5", 3, 4, 0, "one");
  write_bag("b.h5", 3, 5, 0);
  const Inputs inputs{{"f", data::input(uni())}};
  const auto cohort = read("patient,uni\nP1,a.h5\nP2,b.h5\nP3,\n", inputs);
  const auto fitted = fit(cohort, {0});
  const auto again = fitted_from(to_json(fitted), inputs);
  EXPECT_EQ(to_json(again), to_json(fitted));
  EXPECT_EQ(input_info(inputs, again).at("f").channels, 4);
  EXPECT_EQ(to_json(merge(fitted, again)), to_json(fitted));
  PHOTO51_EXPECT_ERROR(merge(fitted, fit(cohort, {1})), usage, HasSubstr("of 4 and 5 numbers"));
  PHOTO51_EXPECT_ERROR(fit(cohort, {2}), data, HasSubstr("no case of the training part has it"));
  PHOTO51_EXPECT_ERROR(input_info(inputs, {}), data, HasSubstr("nothing was fitted for input `f`"));
  std::string broken = to_json(fitted);
  broken.replace(broken.find("\"width\":4"), 9, "\"width\":0");
  PHOTO51_EXPECT_ERROR(fitted_from(broken, inputs), data, HasSubstr("width"));
}

TEST_F(FeatureBags, ABadFileIsItsCasesFault) {
  write_bag("a.h5", 3, 4, 0);
  write("b.h5", "nothing of it");
  const std::string manifest = "patient,uni\nP1,a.h5\nP2,b.h5\n";
  const auto cohort = read(manifest, {{"f", data::input(uni())}});
  PHOTO51_EXPECT_ERROR(fit(cohort, {0, 1}), data, AllOf(HasSubstr("case P2"), HasSubstr("b.h5")));
  auto skipping = options();
  skipping.on_bad_case = BadCase::skip;
  const Cohort lenient(skipping, {{"f", data::input(uni())}}, {});
  EXPECT_EQ(input_info(lenient.inputs(), fit(lenient, {0, 1})).at("f").channels, 4);
  PHOTO51_EXPECT_ERROR(fit(lenient, {1}), data, HasSubstr("none can be read"));
}

TEST_F(FeatureBags, OptionsAreChecked) {
  EXPECT_EQ(read_input_as<FeaturesOptions>("{modality: features, channels: [uni]}").instances, 2048);
  PHOTO51_EXPECT_ERROR(read_input("{modality: features}"), usage, HasSubstr("name at least one channel"));
  PHOTO51_EXPECT_ERROR(read_input("{modality: features, channels: [a], dims: 2}"), usage, HasSubstr("dims"));
}

}  // namespace
}  // namespace photo51::data
