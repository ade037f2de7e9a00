// What a published model carries to be checked by on another machine.
#include "photo51/inference/self_test.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "inference/self_test_cases.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/trained_model.hpp"
#include "support/errors.hpp"
#include "training/tabular_cohort.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Two members of three heads, published once.
class SelfTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    files_ = new test::TabularCohort;
    files_->config();
    files_->run("run", {"train.epochs=2"});
    export_model(*files_ / "run", *files_ / "published");
  }
  static void TearDownTestSuite() {
    delete files_;
    files_ = nullptr;
  }
  void SetUp() override { fs::copy(*files_ / "published", model()); }
  fs::path model() const { return folder_ / "model"; }
  fs::path file() const { return model() / "self_test.safetensors"; }
  static std::vector<std::string> heads(const SelfTestResult& result) {
    std::vector<std::string> names;
    for (const auto& head : result.heads) names.push_back(head.head);
    return names;
  }
  /// Rewrites a file of the model.
  template <class Change>
  void change(const std::string& name, const Change& change) const {
    auto stored = nn::read_safetensors(model() / name);
    for (auto& [key, tensor] : stored.tensors) tensor = tensor.clone();
    change(stored);
    nn::write_safetensors(model() / name, stored.tensors, stored.metadata);
  }

  static test::TabularCohort* files_;
  test::TemporaryFolder folder_;
};
test::TabularCohort* SelfTest::files_ = nullptr;

TEST_F(SelfTest, ComesWithAPublishedModelAndPassesWhereItWasMade) {
  const auto result = run_self_test(model());
  EXPECT_THAT(heads(result), ElementsAre("idh", "y", "os"));
  for (const auto& head : result.heads) EXPECT_LE(head.largest, 1e-6) << head.head;
  EXPECT_TRUE(result.passed());
  EXPECT_EQ(result.precision, "float32");
  EXPECT_EQ(result.allowed, 1e-4);
  EXPECT_THAT(result.made_by,
              AllOf(HasSubstr("photo51 "), HasSubstr("LibTorch "), HasSubstr("kernels for ")));
  EXPECT_THAT(result.changed, IsEmpty());
  const auto stored = nn::read_safetensors(file());
  EXPECT_THAT(stored.tensors.at("outputs.idh").sizes(), ElementsAre(2, 2, 2));  // members, cases, classes
  EXPECT_THAT(stored.tensors.at("outputs.os").sizes(), ElementsAre(2, 2, 1));
}

TEST_F(SelfTest, HoldsWhatPredictionSaysOfItsCases) {
  const Predictor predictor(model());
  const auto stored = nn::read_safetensors(file());
  const TestCases cases = cases_from(stored.tensors, predictor.inputs(0));
  for (int64_t member = 0; member < 2; ++member)
    for (const auto& said : predictor.predict(member, batch_of(cases, 1, predictor.inputs(member))))
      if (said.class_name.empty()) {  // y, and os on the scale of its member
        EXPECT_NEAR(stored.tensors.at("outputs." + said.head)[member][1][0].item<double>(), said.value, 1e-6);
      }
}

TEST_F(SelfTest, FindsAChangedWeight) {
  change("weights_1.safetensors", [](auto& of) { of.tensors.at("heads.y.linear.weight")[0][0] += 10; });
  const auto result = run_self_test(model());
  EXPECT_FALSE(result.passed());
  for (const auto& head : result.heads)
    if (head.head == "y") {
      EXPECT_GT(head.largest, 1e-2);
      EXPECT_EQ(head.weights, "weights_1.safetensors");
    } else {
      EXPECT_LE(head.largest, 1e-6) << head.head;
    }
  EXPECT_THAT(result.changed, ElementsAre("weights_1.safetensors"));
}

TEST_F(SelfTest, FindsAMachineThatComputesOtherNumbers) {
  change("self_test.safetensors", [](auto& of) { of.tensors.at("outputs.idh")[0] += 1e-3; });
  const auto result = run_self_test(model());
  EXPECT_FALSE(result.passed());
  EXPECT_GT(result.heads[0].largest, 9e-4);
  EXPECT_EQ(result.heads[0].weights, "weights_0.safetensors");
  EXPECT_THAT(result.changed, IsEmpty());
}

TEST_F(SelfTest, ANumberThatIsNoneNeverPasses) {
  change("weights_0.safetensors", [](auto& of) {
    of.tensors.at("heads.y.linear.weight").fill_(3e38);
    of.tensors.at("encoders.table.layer1.bias").fill_(3);
  });
  const auto result = run_self_test(model());
  EXPECT_TRUE(std::isinf(result.heads[1].largest));
  EXPECT_FALSE(result.passed());
}

TEST_F(SelfTest, IsAddedToAModelWithoutOneAndNeverReplaced) {
  PHOTO51_EXPECT_ERROR(
      write_self_test(model()), usage,
      AllOf(HasSubstr("self_test.safetensors: is there already"), HasSubstr("remove the file")));
  const std::string before = core::read_file(file());
  fs::remove(file());
  EXPECT_EQ(Predictor(model()).size(), 2) << "models of before have none";
  PHOTO51_EXPECT_ERROR(run_self_test(model()), data,
                       AllOf(HasSubstr("has no self-test (self_test.safetensors)"),
                             HasSubstr("`photo51 doctor --model " + model().string() + " --write`")));
  write_self_test(model());
  EXPECT_TRUE(run_self_test(model()).passed());
  EXPECT_EQ(core::read_file(file()), before);
}

TEST_F(SelfTest, IsOfPublishedModels) {
  const auto refused = AllOf(HasSubstr("is a run"), HasSubstr("publish it by `photo51 export`"));
  PHOTO51_EXPECT_ERROR(write_self_test(*files_ / "run"), usage, refused);
  PHOTO51_EXPECT_ERROR(run_self_test(*files_ / "run"), usage, refused);
}

TEST_F(SelfTest, LeadsNotOutOfTheFolder) {
  fs::rename(file(), folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", file());
  PHOTO51_EXPECT_ERROR(run_self_test(model()), data, HasSubstr("is a link that leads out of its folder"));
}

TEST_F(SelfTest, OfAStrangerIsChecked) {
  const auto sound = nn::read_safetensors(file());
  const auto refused = [&](const std::string& says, const auto& damage) {
    auto stored = sound;
    damage(stored);
    nn::write_safetensors(file(), stored.tensors, stored.metadata);
    PHOTO51_EXPECT_ERROR(run_self_test(model()), data,
                         AllOf(HasSubstr("self_test.safetensors: " + says),
                               HasSubstr("write it anew with `photo51 doctor --model MODEL --write`")));
  };
  const std::string unfit = " is missing or does not fit the model's ";
  refused("is no self-test that this program reads (its `format` is not `photo51 self-test 1`)",
          [](auto& of) { of.metadata["format"] = "photo51 self-test 2"; });
  refused("`sizes.table`" + unfit + "input", [](auto& of) { of.tensors.erase("sizes.table"); });
  refused("`sizes.table`" + unfit + "input",
          [](auto& of) { of.tensors["sizes.table"] = at::tensor({1}, at::kLong); });
  refused("it holds no case", [](auto& of) {
    of.tensors.erase("cases.0.table.cells");
    of.tensors.erase("cases.1.table.cells");
  });
  const int64_t wide = sound.tensors.at("cases.1.table.cells").size(0) + 1;
  for (const at::Tensor& cells : {at::zeros({wide - 1}), at::zeros({wide - 1, 1}, at::kByte),
                                  at::zeros({wide}, at::kByte), at::zeros({0}, at::kByte)})
    refused("`cases.1.table.cells`" + unfit + "input",
            [&](auto& of) { of.tensors["cases.1.table.cells"] = cells; });
  refused("`outputs.y`" + unfit + "head", [](auto& of) { of.tensors.erase("outputs.y"); });
  refused("`outputs.y`" + unfit + "head",
          [](auto& of) { of.tensors["outputs.y"] = of.tensors["outputs.y"].to(at::kFloat); });
  refused("`outputs.y`" + unfit + "head", [](auto& of) {
    of.tensors["outputs.y"] = at::zeros({2, 2, 2}, at::kDouble);
  });
}

TEST_F(SelfTest, AModelThatSaysNoNumbersIsPublishedWithout) {
  const fs::path run = folder_ / "run";
  fs::copy(*files_ / "run", run, fs::copy_options::recursive);
  const auto best = run / "checkpoints/fold_0/best.safetensors";
  auto stored = nn::read_safetensors(best);
  for (auto& [name, tensor] : stored.tensors) tensor = tensor.clone();
  stored.tensors.at("heads.y.linear.weight").fill_(3e38);
  stored.tensors.at("encoders.table.layer1.bias").fill_(3);
  nn::write_safetensors(best, stored.tensors, stored.metadata);
  ::testing::internal::CaptureStderr();
  export_model(run, folder_ / "odd");
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, AllOf(HasSubstr("odd: is published without a self-test"),
                          HasSubstr("head y says values that are not finite of made-up cases")));
  EXPECT_FALSE(fs::exists(folder_ / "odd/self_test.safetensors"));
  EXPECT_EQ(Predictor(folder_ / "odd").size(), 2);
}

data::InputInfo image(int64_t channels, int64_t dims, const std::vector<int64_t>& size = {}) {
  data::InputInfo info;
  info.channels = channels;
  info.dims = dims;
  info.size = size;
  return info;
}
data::InputInfo table(int64_t features) {
  data::InputInfo info;
  info.image = false;
  info.channels = features;
  return info;
}

TEST(SelfTestCases, LackInputsAndChannelsByTurns) {
  const InputInfos inputs{{"ct", image(1, 3, {4, 6, 8})}, {"genes", table(5)}, {"mri", image(2, 2, {6, 6})}};
  const TestCases cases = draw_cases(inputs);
  ASSERT_EQ(cases.cases.size(), 4U);
  std::map<std::string, std::vector<bool>> present;
  for (size_t which = 0; which < 4; ++which) {
    const auto batch = batch_of(cases, which, inputs);
    for (const auto& [name, input] : batch.inputs) present[name].push_back(input.present.item<bool>());
  }
  EXPECT_THAT(present["ct"], ElementsAre(true, true, true, false));
  EXPECT_THAT(present["genes"], ElementsAre(true, true, false, true));
  EXPECT_THAT(present["mri"], ElementsAre(true, true, true, false));
  const auto whole = batch_of(cases, 0, inputs), less = batch_of(cases, 1, inputs);
  EXPECT_THAT(whole.inputs.at("ct").values.sizes(), ElementsAre(1, 1, 4, 6, 8));
  EXPECT_THAT(whole.inputs.at("genes").values.sizes(), ElementsAre(1, 5));
  EXPECT_TRUE(whole.inputs.at("mri").channel_present.all().item<bool>());
  EXPECT_TRUE(whole.inputs.at("mri").values.select(1, 1).any().item<bool>());
  EXPECT_FALSE(less.inputs.at("mri").channel_present[0][1].item<bool>());
  EXPECT_FALSE(less.inputs.at("mri").values.select(1, 1).any().item<bool>());
  EXPECT_FALSE(at::equal(whole.inputs.at("ct").values, less.inputs.at("ct").values));
  EXPECT_GT(whole.inputs.at("ct").values.std().item<double>(), 0.5);
}

TEST(SelfTestCases, OfLargeImagesAreSmallAndEnlargedExactly) {
  const InputInfos inputs{{"mri", image(4, 3, {160, 192, 100})}, {"rna", table(60000)}};
  const TestCases cases = draw_cases(inputs);
  nn::Tensors tensors;
  add_cases(cases, tensors);
  size_t bytes = 0;
  for (const auto& [name, tensor] : tensors) bytes += tensor.nbytes();
  EXPECT_LT(bytes, 100'000U);
  EXPECT_GT(bytes, 20'000U);
  const auto values = batch_of(cases, 2, inputs).inputs.at("mri").values;  // the mri alone
  ASSERT_THAT(values.sizes(), ElementsAre(1, 4, 160, 192, 100));
  const at::Tensor& cells = cases.cases[2].at("mri").cells;
  for (const int64_t z : {0, 1, 57, 159})
    for (const int64_t y : {0, 100, 191})
      for (const int64_t x : {0, 49, 99}) {
        const auto cell = cells[2][z * cells.size(1) / 160][y * cells.size(2) / 192][x * cells.size(3) / 100];
        EXPECT_EQ(values[0][2][z][y][x].item<float>(),
                  (static_cast<float>(cell.item<uint8_t>()) - 128.0F) / 32.0F);
      }
}

TEST(SelfTestCases, ComeBackFromAFile) {
  InputInfos inputs{{"he", image(3, 2, {32, 32})}, {"ct", image(1, 3)}, {"genes", table(7)}};
  inputs.at("he").bag = true;
  inputs.at("he").views = 2;
  const TestCases cases = draw_cases(inputs);
  nn::Tensors tensors;
  add_cases(cases, tensors);
  const TestCases back = cases_from(tensors, inputs);
  ASSERT_EQ(back.cases.size(), cases.cases.size());
  InputInfos narrow = inputs;
  narrow.at("genes").channels = 4;  // of a member that was fitted to fewer
  for (size_t which = 0; which < cases.cases.size(); ++which) {
    const auto a = batch_of(cases, which, narrow), b = batch_of(back, which, narrow);
    for (const auto& [name, input] : a.inputs) {
      EXPECT_TRUE(at::equal(input.values, b.inputs.at(name).values)) << name;
      EXPECT_TRUE(at::equal(input.present, b.inputs.at(name).present)) << name;
    }
    EXPECT_EQ(a.inputs.at("genes").values.size(1), 4);
  }
  const auto bag = batch_of(back, 0, inputs).inputs.at("he");
  EXPECT_THAT(bag.values.sizes(), ElementsAre(3, 3, 32, 32));
  EXPECT_TRUE(at::equal(bag.view, at::tensor({0, 1, 0}, at::kLong)));
  EXPECT_TRUE(at::equal(bag.offsets, at::tensor({0, 3}, at::kLong)));
  EXPECT_THAT(batch_of(back, 0, inputs).inputs.at("ct").values.sizes(), ElementsAre(1, 1, 64, 64, 64));
  const auto refused = [&](const std::string& name, const at::Tensor& instead) {
    nn::Tensors damaged = tensors;
    damaged[name] = instead;
    PHOTO51_EXPECT_ERROR(cases_from(damaged, inputs), data,
                         HasSubstr("`" + name + "` is missing or does not"));
  };
  refused("sizes.he", at::tensor({32, 31}, at::kLong));
  refused("sizes.ct", at::tensor({64, 64}, at::kLong));
  refused("sizes.ct", at::tensor({64, 64, 100000}, at::kLong));
  refused("sizes.ct", at::tensor({64, 0, 64}, at::kLong));
  refused("cases.0.he.view", at::tensor({0, 1, 2}, at::kLong));
  refused("cases.0.he.view", at::tensor({0, 1}, at::kLong));
  refused("cases.0.he.channel_present", at::ones({3}, at::kBool));
  refused("cases.0.he.cells", at::zeros({0, 3, 4, 4}, at::kByte));
  refused("cases.0.he.cells", at::zeros({65, 3, 4, 4}, at::kByte));
  refused("cases.0.he.cells", at::zeros({3, 1, 4, 4}, at::kByte));
  refused("cases.0.he.cells", at::zeros({3, 3, 33, 4}, at::kByte));
}

/// Bags, images of any size and a missing modality, through networks.
TEST(SelfTestOfImages, PassesAndIsSmall) {
  const std::string text = R"(
inputs:
  he:
    modality: histopathology
    channels: [slide]
    dims: 2
    tile: {mpp: 1, size: 32, tissue: {mpp: 4, min_area: 0.0001}, slide: {mpp: 1}}
    preprocess: {normalize: {method: fixed, mean: [0.5], std: [0.25], full_scale: 255}}
  mri: {modality: mri, channels: [t1, flair]}
model:
  encoders:
    he: {name: conv_net, widths: [4, 8], bag_pool: gated_abmil, bag_chunk: 16}
    mri: {name: conv_net, widths: [4, 6]}
  fusion: {name: gated, width: 5}
  heads: {idh: {task: binary}, grade: {task: multiclass, classes: [low, mid, high]}}
)";
  const test::TemporaryFolder folder;
  core::write_file_atomic(folder / "model.yaml", text);
  const PipelineOptions pipeline = read_pipeline(config::parse_yaml(text, "model.yaml"));
  TrainedModelInfo info;
  info.labels = model::label_specs(pipeline.model);
  at::manual_seed(4);
  TrainedModel(pipeline, info).save(folder / "weights.safetensors");
  write_self_test(folder.path());
  EXPECT_LT(fs::file_size(folder / "self_test.safetensors"), 200'000U);
  const auto result = run_self_test(folder.path());
  ASSERT_EQ(result.heads.size(), 2U);
  EXPECT_TRUE(result.passed());
  const at::Tensor outputs =
      nn::read_safetensors(folder / "self_test.safetensors").tensors.at("outputs.grade");
  ASSERT_THAT(outputs.sizes(), ElementsAre(1, 4, 3));
  for (int64_t a = 0; a < 4; ++a)
    for (int64_t b = 0; b < a; ++b)
      EXPECT_FALSE(at::equal(outputs[0][a], outputs[0][b])) << a << " says no more than " << b;
}

}  // namespace
}  // namespace photo51::inference
