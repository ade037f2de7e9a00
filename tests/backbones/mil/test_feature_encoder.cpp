#include "photo51/backbones/mil/feature_encoder.hpp"

#include <torch/nn/module.h>

#include <gmock/gmock.h>

#include "photo51/backbones/bag_attention.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "support/errors.hpp"
#include "support/small_bag_pools.hpp"

namespace photo51::backbones {
namespace {

using ::testing::HasSubstr;

const InputShape six_numbers{.image = false, .channels = 6, .size = {}, .bag = true};

/// Two bags, of 2 and 3 vectors, about a case without one.
data::InputBatch vector_bags() {
  data::InputBatch input;
  input.values = at::arange(30, at::kFloat).view({5, 6}).sin();
  input.present = at::tensor({1, 0, 1}).to(at::kBool);
  input.offsets = at::tensor({0, 2, 2, 5}, at::kLong);
  input.view = at::zeros({5}, at::kLong);
  input.channel_present = at::tensor({1, 0, 1}).to(at::kBool).view({3, 1});
  return input;
}

std::shared_ptr<FeatureEncoder> vector_encoder(int64_t width, const std::string& pool, int64_t chunk = 4096) {
  FeatureEncoderOptions options;
  options.width = width;
  options.bag.pool = test::small_bag_pool(pool);
  options.bag.chunk = chunk;
  at::manual_seed(3);
  auto encoder = std::make_shared<FeatureEncoder>(options, six_numbers);
  encoder->eval();
  return encoder;
}

TEST(FeatureEncoder, PoolsTheVectorsAsTheyAre) {
  const at::NoGradGuard no_grad;
  const auto input = vector_bags();
  const auto encoder = vector_encoder(0, "mean");
  EXPECT_EQ(encoder->width(), 6);
  EXPECT_TRUE(encoder->parameters().empty());
  const Tokens tokens = encoder->encode(input);
  EXPECT_TRUE(at::allclose(tokens.values[0][0], input.values.narrow(0, 0, 2).mean(0)));
  EXPECT_TRUE(at::allclose(tokens.values[2][0], input.values.narrow(0, 2, 3).mean(0)));
  EXPECT_TRUE(at::equal(tokens.mask, input.present.unsqueeze(1)));
  auto halved = input;
  halved.values = input.values.to(at::kHalf);
  const Tokens of_halves = encoder->encode(halved);
  EXPECT_EQ(of_halves.values.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::allclose(of_halves.values, tokens.values, 1e-3, 1e-3));
}

TEST(FeatureEncoder, ProjectsThemFirst) {
  const at::NoGradGuard no_grad;
  const auto input = vector_bags();
  const auto encoder = vector_encoder(3, "max");
  EXPECT_EQ(encoder->width(), 3);
  const auto weights = encoder->named_parameters();
  const at::Tensor hidden =
      at::linear(input.values, weights["projection.weight"], weights["projection.bias"]).relu();
  EXPECT_TRUE(at::allclose(encoder->encode(input).values[2][0], std::get<0>(hidden.narrow(0, 2, 3).max(0))));
}

/// A case that is hidden in training leaves its instances in the batch.
TEST(FeatureEncoder, PassesOverHiddenCases) {
  const at::NoGradGuard no_grad;
  auto input = vector_bags();
  const auto encoder = vector_encoder(3, "gated_abmil");
  const Tokens all = encoder->encode(input);
  input.present = at::tensor({0, 0, 1}).to(at::kBool);
  const Tokens one = encoder->encode(input);
  EXPECT_TRUE(at::allclose(one.values[2], all.values[2]));
  EXPECT_EQ(one.values[0].abs().max().item<float>(), 0);
  const at::Tensor attention = one.attention.at(bag_attention);
  EXPECT_EQ(attention.size(0), 5);
  EXPECT_EQ(attention.narrow(0, 0, 2).sum().item<float>(), 0);
  EXPECT_NEAR(attention.sum().item<float>(), 1, 1e-5);
}

/// The rows of a bag of the batch.
class VectorSource final : public data::BagSource {
 public:
  explicit VectorSource(at::Tensor rows) : rows_(std::move(rows)) {}
  int64_t count() const override { return rows_.size(0); }
  Instance read(int64_t index) const override { return {rows_[index], 0}; }
  std::optional<Block> read_block(int64_t begin, int64_t count) const override {
    return Block{rows_.narrow(0, begin, count), at::zeros({count}, at::kLong)};
  }
  void leave_out(int64_t, const core::Error& why) const override { throw core::Error(why); }
  std::string file(int64_t) const override { return "x.h5"; }

 private:
  at::Tensor rows_;
};

TEST(FeatureEncoder, StreamsEqualWholeBags) {
  const at::NoGradGuard no_grad;
  const auto input = vector_bags();
  for (const int64_t width : {0, 3})
    for (const int64_t chunk : {2, 64}) {
      const auto encoder = vector_encoder(width, "gated_abmil", chunk);
      data::InputBatch streamed;
      streamed.present = input.present;
      streamed.stream = std::make_shared<data::BagStream>(
          std::vector<data::BagStream::Bag>{
              {"A", std::make_shared<VectorSource>(input.values.narrow(0, 0, 2))},
              {"B", nullptr},
              {"C", std::make_shared<VectorSource>(input.values.narrow(0, 2, 3))}},
          data::BagStream::Options{});
      const data::InputBatch taken = encoder->take(streamed, at::kCPU);
      EXPECT_EQ(taken.features.size(0), 5);
      EXPECT_TRUE(at::allclose(encoder->encode(taken).values, encoder->encode(input).values, 1e-6, 1e-6));
      encoder->train();
      PHOTO51_EXPECT_ERROR(encoder->take(streamed, at::kCPU), usage, HasSubstr("in training load it whole"));
    }
}

TEST(FeatureEncoder, IsForBagsOfVectors) {
  const FeatureEncoderOptions options;
  InputShape picture = six_numbers, table = six_numbers;
  picture.image = true;
  table.bag = false;
  PHOTO51_EXPECT_ERROR(FeatureEncoder(options, table), usage, HasSubstr("this input is a table"));
  PHOTO51_EXPECT_ERROR(FeatureEncoder(options, picture), usage, HasSubstr("this input is an image"));
  auto input = vector_bags();
  input.values = at::zeros({5, 7});
  PHOTO51_EXPECT_ERROR(vector_encoder(0, "mean")->encode(input), data, HasSubstr("vectors of 6 numbers"));
  input = vector_bags();
  input.offsets = at::Tensor();
  PHOTO51_EXPECT_ERROR(vector_encoder(0, "mean")->encode(input), data, HasSubstr("without offsets"));
}

}  // namespace
}  // namespace photo51::backbones
