#include "photo51/inference/way.hpp"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>

#include "photo51/config/read.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/files.hpp"
#include "photo51/inference/bench_model.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::inference {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Hides the processor's instructions while it lives.
class NoBf16 {
 public:
  NoBf16() { ::setenv("PHOTO51_NO_BF16", "1", 1); }
  ~NoBf16() { ::unsetenv("PHOTO51_NO_BF16"); }
};

TEST(Way, IsThePrecisionOfTrainingWhereTheProcessorHasIt) {
  EXPECT_EQ(choose_way(Precision::automatic, "cpu", false).why, "float32: the model was trained in it");
  EXPECT_EQ(choose_way(Precision::automatic, "cuda", true).why,
            "float32: on a GPU bf16 is only taken when it is asked for");
  EXPECT_EQ(choose_way(Precision::fp32, "cpu", true).why, "float32: it was asked for");
  EXPECT_EQ(choose_way(Precision::bf16, "cuda", false).why, "bf16: it was asked for");
  if (const std::string has = core::bf16_instructions(); !has.empty()) {
    const ChosenWay chosen = choose_way(Precision::automatic, "cpu", true);
    EXPECT_EQ(chosen.why, "bf16: the processor has " + has + " and the model was trained in bf16");
    EXPECT_EQ(chosen.way.packing->type, at::kBFloat16);
    EXPECT_EQ(choose_way(Precision::bf16, "cpu", false).why, "bf16: it was asked for");
  }
  const NoBf16 hidden;
  const ChosenWay chosen = choose_way(Precision::automatic, "cpu", true);
  EXPECT_EQ(chosen.why, "float32: the processor has no bf16 instructions (amx_bf16, avx512_bf16)");
  EXPECT_EQ(chosen.way.packing->type, at::kFloat);
  EXPECT_EQ(choose_way(Precision::bf16, "cpu", false).why,
            "bf16: it was asked for, though the processor has no bf16 instructions (amx_bf16, avx512_bf16)");
}

/// A network of images that keep their size, unless a test writes another model.
class PublishedModel : public ::testing::Test {
 protected:
  PublishedModel() {
    write(R"(
inputs:
  scan: {modality: mri, channels: [t1, t2]}
model:
  encoders:
    scan: {name: resnet, depth: 10, dims: 3, width: 4}
  heads: {idh: {task: binary}, age: {task: regression}}
)");
  }
  void write(const std::string& document) {
    std::ofstream(folder_ / "model.yaml") << document;
    pipeline_ = read_pipeline(config::load_lone_document(folder_ / "model.yaml"));
    save(/*in_bf16=*/false);
  }
  void save(bool in_bf16) const {
    at::manual_seed(1);
    TrainedModelInfo info;
    info.labels = model::label_specs(pipeline_.model);
    info.trained_in_bf16 = in_bf16;
    TrainedModel(pipeline_, info).save(folder_ / "weights.safetensors");
  }
  TrainedModel load() const { return TrainedModel::load(folder_ / "weights.safetensors", pipeline_); }
  static data::Batch batch() {
    data::Batch made;
    made.cases = {"a", "b"};
    made.inputs["scan"] = {at::randn({2, 2, 24, 24, 24}), at::ones({2}, at::kBool),
                           at::ones({2, 2}, at::kBool)};
    return made;
  }

  test::TemporaryFolder folder_;
  PipelineOptions pipeline_;
};

TEST_F(PublishedModel, NotesInWhichPrecisionItWasTrained) {
  EXPECT_FALSE(load().info.trained_in_bf16);
  EXPECT_THAT(Predictor(folder_.path()).way().why, HasSubstr("float32: the model was trained in it"));
  save(/*in_bf16=*/true);
  EXPECT_TRUE(load().info.trained_in_bf16);
  EXPECT_EQ(Predictor(folder_.path()).way().why, choose_way(Precision::automatic, "cpu", true).why);
  EXPECT_EQ(Predictor(folder_.path(), {}, "cpu", false, Precision::fp32).way().why,
            "float32: it was asked for");
  auto stored = nn::read_safetensors(folder_ / "weights.safetensors");
  for (auto& [name, tensor] : stored.tensors) tensor = tensor.clone();
  stored.metadata.at("precision") = "fp16";
  nn::write_safetensors(folder_ / "weights.safetensors", stored.tensors, stored.metadata);
  PHOTO51_EXPECT_ERROR(load(), data, HasSubstr("`precision` is not bf16, the only one that is noted"));
}

TEST_F(PublishedModel, SaysTheSameEachWayAndIsSavedAsItWas) {
  const TrainedModel member = load();
  member.model->eval();
  const data::Batch some = batch();
  const auto saved = [&] {
    member.save(folder_ / "again.safetensors");
    return core::read_file(folder_ / "again.safetensors");
  };
  const auto forward = [&] {
    const c10::InferenceMode mode;
    return member.model->forward(some);
  };
  const std::string before = saved();
  const model::Outputs plain = forward();
  for (const Way& way : ways()) {
    set_way(*member.model, way);
    for (int pass = 0; pass < 2; ++pass) {
      const model::Outputs outputs = forward();
      for (const auto& [head, expected] : plain.logits) {
        EXPECT_EQ(outputs.logits.at(head).scalar_type(), at::kFloat);
        const double off =
            ((outputs.logits.at(head) - expected).abs().max() / expected.abs().max()).item<double>();
        EXPECT_LE(off, way.name == "bf16" ? 5e-2 : 1e-5) << way.name << " " << head;
      }
    }
    EXPECT_EQ(saved(), before) << way.name;
  }
}

TEST_F(PublishedModel, WeightsThatAreLoadedArePackedAnew) {
  const TrainedModel member = load();
  member.model->eval();
  set_way(*member.model, choose_way(Precision::fp32, "cpu", false).way);
  const data::Batch some = batch();
  const at::NoGradGuard no_grad;
  const at::Tensor before = member.model->forward(some).logits.at("idh").clone();
  nn::Tensors other;
  for (const auto& [name, tensor] : member.model->state())
    other[name] = tensor.is_floating_point() && tensor.dim() > 1 ? tensor * 0.5 : tensor.clone();
  member.model->load_state(other, "other");
  const at::Tensor packed = member.model->forward(some).logits.at("idh").clone();
  member.model->set_packing({});
  const at::Tensor plain = member.model->forward(some).logits.at("idh");
  EXPECT_FALSE(at::allclose(packed, before, 1e-3, 1e-3));
  EXPECT_TRUE(at::allclose(packed, plain, 1e-5, 1e-5));
}

TEST_F(PublishedModel, GraphsOfGradientsAreAsBefore) {
  const TrainedModel member = load();
  member.model->eval();
  set_way(*member.model, choose_way(Precision::fp32, "cpu", false).way);
  data::Batch some = batch();
  some.inputs.at("scan").values.set_requires_grad(true);
  member.model->forward(some).logits.at("idh").sum().backward();
  EXPECT_TRUE(some.inputs.at("scan").values.grad().defined());
  // What the graph holds is the layers' own weights.
  EXPECT_TRUE(member.model->parameters().front().grad().defined());
}

TEST_F(PublishedModel, IsTimedEachWay) {
  const ModelBench bench = bench_model(folder_.path().string(), {.batch = 2, .size = {24}, .seconds = 0});
  EXPECT_EQ(bench.members, 1);
  EXPECT_THAT(bench.inputs, ::testing::ElementsAre("scan 2 x 24 x 24 x 24"));
  ASSERT_EQ(bench.ways.size(), ways().size());
  int chosen = 0;
  for (const auto& way : bench.ways) {
    EXPECT_GT(way.milliseconds, 0) << way.name;
    EXPECT_LE(way.difference, way.name == "bf16" ? 5e-2 : 1e-5) << way.name;
    EXPECT_EQ(way.why.empty(), !way.chosen) << way.name;
    chosen += way.chosen ? 1 : 0;
  }
  EXPECT_EQ(chosen, 1);
  EXPECT_EQ(bench.ways.front().difference, 0);
}

TEST_F(PublishedModel, OfBagsIsTimedByInstances) {
  write(R"(
inputs:
  he: {modality: histopathology, channels: [slide], dims: 2, tile: {mpp: 1, size: 32}}
model:
  encoders:
    he: {name: conv_net, widths: [4, 8], bag_pool: gated_abmil, bag_chunk: 4}
  heads: {idh: {task: binary}}
)");
  const ModelBench bench = bench_model(
      folder_.path().string(), {.batch = 2, .instances = 5, .seconds = 0, .precision = Precision::bf16});
  EXPECT_THAT(bench.inputs, ::testing::ElementsAre("he 5 x 3 x 32 x 32"));
  for (const auto& way : bench.ways) EXPECT_LE(way.difference, way.name == "bf16" ? 5e-2 : 1e-5) << way.name;
  EXPECT_TRUE(bench.ways.back().chosen);
}

TEST_F(PublishedModel, OptionsOutOfRangeAreNamed) {
  const auto bench = [&](const BenchOptions& options) { bench_model(folder_.path().string(), options); };
  PHOTO51_EXPECT_ERROR(bench({.batch = 0}), usage, HasSubstr("--batch must be above 0"));
  PHOTO51_EXPECT_ERROR(bench({.instances = 0}), usage, HasSubstr("--instances must be above 0"));
  PHOTO51_EXPECT_ERROR(bench({.size = {0}}), usage, HasSubstr("--size: edges must be above 0"));
  PHOTO51_EXPECT_ERROR(bench({.size = {8, 8}}), usage,
                       HasSubstr("--size: input scan has 3 axes, not 2; give one edge, or one an axis"));
}

}  // namespace
}  // namespace photo51::inference
