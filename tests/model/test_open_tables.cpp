// An encoder and a fusion of other code: added to the tables, named by a config, trained.
#include <gmock/gmock.h>
#include <torch/nn/module.h>
#include <torch/optim/adam.h>

#include <algorithm>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/reference.hpp"
#include "photo51/fusion/fusion.hpp"
#include "photo51/model/model.hpp"

namespace photo51::model {
namespace {

using ::testing::HasSubstr;

struct ToyEncoderOptions {
  int64_t features = 2;
};
void describe(config::Fields& f, ToyEncoderOptions& o) {
  f("features", o.features, "of the embedding", {.min = 1});
}

/// The mean of each channel, projected.
class ToyEncoder : public backbones::Encoder {
 public:
  ToyEncoder(const ToyEncoderOptions& options, int64_t channels)
      : width_(options.features),
        weight_(register_parameter("weight", at::randn({channels, options.features}))) {}
  backbones::Tokens encode(const data::InputBatch& input) override {
    return backbones::encode_present(input, width_, [&](const data::InputBatch& present) {
      return present.values.flatten(2).mean(2).matmul(weight_).unsqueeze(1);
    });
  }
  int64_t width() const override { return width_; }

 private:
  int64_t width_;
  at::Tensor weight_;
};

struct ToyFusionOptions {
  double gain = 1;
};
void describe(config::Fields& f, ToyFusionOptions& o) {
  f("gain", o.gain, "of the sum");
}

/// The sum of embeddings of one width.
class ToyFusion : public fusion::Fusion {
 public:
  ToyFusion(const ToyFusionOptions& options, const fusion::FusionInputs& inputs)
      : gain_(options.gain), width_(inputs.at(0).second) {}
  fusion::Fused fuse(const std::map<std::string, backbones::Tokens>& inputs) override {
    at::Tensor sum;
    for (const auto& [name, tokens] : inputs) {
      const at::Tensor scaled = gain_ * fusion::mean_token(tokens).first;
      sum = sum.defined() ? sum + scaled : scaled;
    }
    return {sum, {}};
  }
  int64_t width() const override { return width_; }

 private:
  double gain_;
  int64_t width_;
};

/// Their names are their own, so that the other tests of this program see the library's components as ever.
void add_toys() {
  static const bool once = [] {
    backbones::image_encoders().add(
        config::component<ToyEncoderOptions>("toy_encoder", "mean of each channel, projected"),
        [](const config::Choice& choice,
           const backbones::InputShape& shape) -> std::shared_ptr<backbones::Encoder> {
          return std::make_shared<ToyEncoder>(choice.as<ToyEncoderOptions>(), shape.channels);
        });
    fusion::fusions().add(config::component<ToyFusionOptions>("toy_sum", "sum of embeddings"),
                          [](const config::Choice& choice,
                             const fusion::FusionInputs& inputs) -> std::shared_ptr<fusion::Fusion> {
                            return std::make_shared<ToyFusion>(choice.as<ToyFusionOptions>(), inputs);
                          });
    return true;
  }();
  ASSERT_TRUE(once);
}

bool has_component(const config::Components& table, const std::string& name) {
  return std::ranges::find(table, name, &config::Component::name) != table.end();
}

TEST(OpenTables, AreSeenByReadersThatCameBefore) {
  const config::Components& before = encoders();
  EXPECT_TRUE(has_component(before, "resnet"));
  add_toys();
  EXPECT_TRUE(has_component(encoders(), "toy_encoder"));
  EXPECT_TRUE(has_component(encoders(), "snn"));
  EXPECT_TRUE(has_component(fusions(), "toy_sum"));
  EXPECT_EQ(&before, &encoders());
  ModelOptions options;
  const std::string schema =
      config::json_schema({[&](config::Fields& f) { describe(f, options); }, {}, {}}, "m");
  EXPECT_THAT(schema, HasSubstr("mean of each channel, projected"));
}

TEST(OpenTables, ComponentsOfOtherCodeTrainThroughAConfig) {
  add_toys();
  ModelOptions options;
  config::read(config::parse_yaml(R"(
encoders: {mri: {name: toy_encoder, features: 3}, ct: {name: toy_encoder, features: 3}}
fusion: {name: toy_sum, gain: 0.5}
heads: {age: {task: regression}}
)",
                                  "model.yaml"),
               options);
  at::manual_seed(1);
  const data::InputInfo mri{.image = true, .channels = 2, .dims = 3, .size = {4, 8, 8}, .features = {}};
  const data::InputInfo ct{.image = true, .channels = 1, .dims = 3, .size = {4, 8, 8}, .features = {}};
  Model model(options, {{"mri", mri}, {"ct", ct}}, label_specs(options));
  const at::Tensor all = at::ones({6}, at::kBool), row = at::arange(6, at::kFloat);
  data::Batch batch;
  // What is to be learned stands in the mean of each channel.
  batch.inputs["mri"] = {at::randn({6, 2, 4, 8, 8}) + row.view({6, 1, 1, 1, 1}), all.clone(),
                         at::ones({6, 2}, at::kBool)};
  batch.inputs["ct"] = {at::randn({6, 1, 4, 8, 8}), all.clone(), at::ones({6, 1}, at::kBool)};
  batch.labels["age"] = {row.clone(), at::ones({6}, at::kBool), all.clone()};
  for (int i = 0; i < 6; ++i) batch.cases.push_back("P" + std::to_string(i));
  model.fit_head("age", batch.labels["age"]);
  const at::Tensor weight = model.named_parameters()["encoders.mri.weight"];
  const at::Tensor before = weight.detach().clone();
  torch::optim::Adam optimizer(model.parameters(), 0.05);
  double first = 0, last = 0;
  for (int step = 0; step < 40; ++step) {
    optimizer.zero_grad();
    const at::Tensor loss = model.loss(model.forward(batch), batch);
    loss.backward();
    optimizer.step();
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.5 * first);
  EXPECT_FALSE(at::equal(weight, before));
}

}  // namespace
}  // namespace photo51::model
