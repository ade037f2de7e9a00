#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/conv_net.hpp"
#include "photo51/backbones/mil/bag_pools.hpp"
#include "photo51/backbones/transformer/vit.hpp"
#include "photo51/config/components.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/nn/layers/layer.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/small_bag_pools.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

const InputShape views{.image = true,
                       .channels = 1,
                       .dims = 2,
                       .size = {16, 16},
                       .bag = true,
                       .views = 2,
                       .labels = {{"idh", 2}}};

std::shared_ptr<Encoder> bag_encoder(const std::string& pool, int64_t chunk = 64) {
  at::manual_seed(9);
  ConvNetOptions options;
  options.widths = {4, 6};
  options.encoder.bag.pool = test::small_bag_pool(pool);
  options.encoder.bag.view_embedding = true;
  options.encoder.bag.chunk = chunk;
  options.encoder.channel_present = true;
  return (*image_encoders().find("conv_net"))(config::choose("conv_net", options), views);
}

/// Bags of these lengths; 0 = absent.
data::InputBatch bags(const std::vector<int64_t>& sizes) {
  data::InputBatch input;
  const auto count = static_cast<int64_t>(sizes.size());
  input.offsets = at::zeros({count + 1}, at::kLong);
  input.present = at::zeros({count}, at::kBool);
  for (int64_t i = 0; i < count; ++i) {
    input.offsets[i + 1] = input.offsets[i].item<int64_t>() + sizes[static_cast<size_t>(i)];
    input.present[i] = sizes[static_cast<size_t>(i)] > 0;
  }
  const auto total = input.offsets[count].item<int64_t>();
  input.values = at::randn({total, 1, 16, 16});
  input.view = at::arange(total) % 2;
  input.channel_present = input.present.unsqueeze(1).expand({count, 2}).contiguous();
  return input;
}

data::InputBatch one_of(const data::InputBatch& all, int64_t bag) {
  const auto begin = all.offsets[bag].item<int64_t>(), end = all.offsets[bag + 1].item<int64_t>();
  data::InputBatch one;
  one.values = all.values.slice(0, begin, end);
  one.view = all.view.slice(0, begin, end);
  one.offsets = at::tensor({int64_t{0}, end - begin}, at::kLong);
  one.present = all.present.slice(0, bag, bag + 1);
  one.channel_present = all.channel_present.slice(0, bag, bag + 1);
  return one;
}

TEST(BagEncoder, RaggedBatchesEqualOneByOne) {
  const at::NoGradGuard no_grad;
  for (const std::string pool : {"mean", "max", "gated_abmil"}) {
    auto encoder = bag_encoder(pool);
    encoder->eval();
    const auto input = bags({3, 0, 1, 5});
    const Tokens all = encoder->encode(input);
    EXPECT_EQ(all.values.sizes(), at::IntArrayRef({4, 1, 8}));
    EXPECT_TRUE(at::equal(all.mask.squeeze(1), input.present));
    EXPECT_EQ(all.values[1].abs().sum().item<float>(), 0);
    for (const int64_t bag : {0, 2, 3}) {
      const Tokens alone = encoder->encode(one_of(input, bag));
      EXPECT_TRUE(at::allclose(alone.values[0], all.values[bag], 1e-5, 1e-6)) << pool;
    }
    EXPECT_EQ(all.attention.contains("bag"), pool == "gated_abmil");
    if (all.attention.contains("bag")) {
      EXPECT_NEAR(all.attention.at("bag").slice(0, 0, 3).sum().item<double>(), 1, 1e-5);
      EXPECT_NEAR(all.attention.at("bag").slice(0, 4, 9).sum().item<double>(), 1, 1e-5);
    }
  }
}

TEST(BagEncoder, OrderOfInstancesDoesNotMatter) {
  const at::NoGradGuard no_grad;
  const at::Tensor order = at::tensor({2, 0, 3, 1}, at::kLong);
  for (const std::string pool : {"mean", "max", "gated_abmil"}) {
    auto encoder = bag_encoder(pool);
    encoder->eval();
    const auto input = bags({4});
    auto turned = input;
    turned.values = input.values.index_select(0, order);
    turned.view = input.view.index_select(0, order);
    EXPECT_TRUE(at::allclose(encoder->encode(input).values, encoder->encode(turned).values, 1e-5, 1e-6));
  }
}

TEST(BagEncoder, ChunksDoNotChangePredictions) {
  const at::NoGradGuard no_grad;
  const auto input = bags({3, 0, 8});
  auto whole = bag_encoder("gated_abmil"), pieces = bag_encoder("gated_abmil", 2);
  whole->eval();
  pieces->eval();
  const Tokens a = whole->encode(input), b = pieces->encode(input);
  EXPECT_TRUE(at::allclose(a.values, b.values, 1e-5, 1e-6));
  EXPECT_TRUE(at::allclose(a.attention.at("bag"), b.attention.at("bag"), 1e-5, 1e-6));
}

/// The instances of a bag of the batch.
class Part final : public data::BagSource {
 public:
  explicit Part(const data::InputBatch& bag) : bag_(bag) {}
  int64_t count() const override { return bag_.values.size(0); }
  Instance read(int64_t index) const override {
    return {bag_.values[index], bag_.view[index].item<int64_t>()};
  }
  void leave_out(int64_t, const core::Error& why) const override { throw core::Error(why); }
  std::string file(int64_t) const override { return "x.png"; }

 private:
  data::InputBatch bag_;
};

data::InputBatch streamed(const data::InputBatch& all) {
  data::InputBatch input;
  std::vector<data::BagStream::Bag> parts;
  for (int64_t bag = 0; bag < all.present.size(0); ++bag)
    parts.push_back({"", all.present[bag].item<bool>() ? std::make_shared<Part>(one_of(all, bag)) : nullptr});
  input.stream = std::make_shared<data::BagStream>(std::move(parts), data::BagStream::Options{.views = 2});
  input.present = all.present;
  return input;
}

/// Taken from a stream, chunk by chunk, a bag says the same to the last bit, whatever pools it.
TEST(BagEncoder, StreamsEqualWholeBags) {
  const at::NoGradGuard no_grad;
  for (const std::string& pool : config::names_of(bag_pools().components()))
    for (const int64_t chunk : {2, 64}) {
      auto encoder = bag_encoder(pool, chunk);
      encoder->eval();
      auto input = bags({3, 0, 8});
      // As the stream finds out itself.
      input.channel_present = at::tensor({1, 1, 0, 0, 1, 1}, at::kLong).view({3, 2}).to(at::kBool);
      const data::InputBatch taken = encoder->take(streamed(input), at::kCPU);
      EXPECT_FALSE(taken.values.defined());
      EXPECT_FALSE(taken.stream);
      EXPECT_EQ(taken.features.size(0), 11);
      const Tokens a = encoder->encode(input), b = encoder->encode(taken);
      EXPECT_TRUE(at::equal(a.values, b.values)) << pool;
      EXPECT_TRUE(at::equal(a.mask, b.mask)) << pool;
      ASSERT_EQ(a.attention.contains("bag"), b.attention.contains("bag")) << pool;
      if (a.attention.contains("bag")) {
        EXPECT_TRUE(at::equal(a.attention.at("bag"), b.attention.at("bag"))) << pool;
      }
    }
  auto training = bag_encoder("mean");
  EXPECT_THAT(message_of(core::Fault::usage, [&] { training->take(streamed(bags({2})), at::kCPU); }),
              HasSubstr("a bag that is a stream is for prediction"));
}

/// Of bytes, what the encoder sees is looked up after they were moved.
TEST(BagEncoder, StreamsOfBytesEqualFloats) {
  const at::NoGradGuard no_grad;
  auto encoder = bag_encoder("mean", 2);
  encoder->eval();
  auto bytes = bags({3, 2});
  bytes.channel_present = at::ones({2, 2}, at::kBool);
  bytes.values = at::randint(256, {5, 1, 16, 16}, at::kByte);
  const at::Tensor lookup = at::randn({1, 256});
  auto floats = bytes;
  floats.values = data::floats(bytes.values, lookup, 1);
  auto stream = streamed(bytes);
  stream.lookup = lookup;
  EXPECT_TRUE(
      at::equal(encoder->encode(floats).values, encoder->encode(encoder->take(stream, at::kCPU)).values));
}

/// An encoder that knows nothing of streams is given the whole bag.
TEST(BagEncoder, OtherEncodersTakeAll) {
  class Plain final : public Encoder {
   public:
    Tokens encode(const data::InputBatch& input) override {
      return {input.values.flatten(1).unsqueeze(1), {}};
    }
    int64_t width() const override { return 256; }
  };
  const auto input = bags({2, 3});
  auto stream = streamed(input);
  const data::InputBatch taken = Plain().take(stream, at::kCPU);
  EXPECT_TRUE(at::equal(taken.values, input.values));
  EXPECT_TRUE(at::equal(taken.offsets, input.offsets));
  EXPECT_TRUE(at::equal(taken.channel_present, at::ones({2, 2}, at::kBool)));
}

TEST(BagEncoder, HiddenBagsHaveNoInfluence) {
  // As modality dropout does: the bag's instances are there and `present` says no. Training: batch norm
  // works.
  auto encoder = bag_encoder("gated_abmil"), twin = bag_encoder("gated_abmil");
  auto input = bags({2, 3, 2});
  input.present[1] = false;
  auto other = input;
  other.values = input.values.clone();
  other.values.slice(0, 2, 5).fill_(std::nanf(""));
  const Tokens a = encoder->encode(input), b = twin->encode(other);
  EXPECT_TRUE(at::equal(a.values, b.values));
  EXPECT_EQ(a.attention.at("bag").slice(0, 2, 5).abs().sum().item<float>(), 0);
  const nn::Tensors left = nn::state_of(*encoder), right = nn::state_of(*twin);
  for (const auto& [name, tensor] : left) EXPECT_TRUE(at::equal(tensor, right.at(name))) << name;
}

/// Without a pool every instance is a token of its bag; what is not there is masked, and its order kept.
TEST(BagEncoder, InstancesMayStayTokens) {
  const at::NoGradGuard no_grad;
  auto encoder = bag_encoder("none");
  encoder->eval();
  const auto input = bags({3, 0, 1, 5});
  const Tokens all = encoder->encode(input);
  EXPECT_EQ(all.values.sizes(), at::IntArrayRef({4, 5, 8}));
  EXPECT_TRUE(at::equal(all.mask.sum(1), input.offsets.diff()));
  EXPECT_TRUE(all.mask[0].slice(0, 0, 3).all().item<bool>());
  EXPECT_TRUE(all.attention.empty());
  EXPECT_FALSE(all.positions.defined());  // a batch of bags does not say where its instances are from
  for (const int64_t bag : {0, 2, 3}) {
    const Tokens alone = encoder->encode(one_of(input, bag));
    const int64_t count = alone.values.size(1);
    EXPECT_TRUE(alone.mask.all().item<bool>());
    EXPECT_TRUE(at::allclose(alone.values[0], all.values[bag].slice(0, 0, count), 1e-5, 1e-6));
  }
}

TEST(BagEncoder, NobodyHasABag) {
  auto encoder = bag_encoder("max");
  const Tokens tokens = encoder->encode(bags({0, 0}));
  EXPECT_EQ(tokens.values.sizes(), at::IntArrayRef({2, 1, 8}));
  EXPECT_FALSE(tokens.mask.any().item<bool>());
}

TEST(BagEncoder, EveryParameterLearns) {
  auto encoder = bag_encoder("gated_abmil");
  encoder->encode(bags({3, 0, 2})).values.square().sum().backward();
  for (const auto& entry : encoder->named_parameters()) {
    ASSERT_TRUE(entry.value().grad().defined()) << entry.key();
    // A softmax does not see what is added to all scores.
    if (entry.key() != "bag.attention_w.bias") {
      EXPECT_GT(entry.value().grad().abs().sum().item<float>(), 0) << entry.key();
    }
  }
}

TEST(BagEncoder, EveryParameterBelongsToALayer) {
  EXPECT_THAT(nn::unseen_parameters(*bag_encoder("gated_abmil")), ::testing::IsEmpty());
}

TEST(BagEncoder, EveryMisuseIsNamed) {
  ConvNetOptions options;
  options.encoder.pool = TokenPool::none;
  const auto* build = image_encoders().find("conv_net");
  EXPECT_THAT(message_of(core::Fault::usage, [&] { (*build)(config::choose("conv_net", options), views); }),
              HasSubstr("whose instances need one token each; set `pool: mean`"));
  auto plain = bags({1, 1});
  plain.offsets = at::Tensor();
  EXPECT_THAT(message_of(core::Fault::data, [&] { bag_encoder("mean")->encode(plain); }),
              HasSubstr("expects bags and got a batch without offsets"));
  InputShape single = views;
  single.bag = false;
  options.encoder.pool = TokenPool::mean;
  auto encoder = (*build)(config::choose("conv_net", options), single);
  EXPECT_THAT(message_of(core::Fault::data,
                         [&] {
                           encoder->encode(bags({1, 2}));
                         }),
              HasSubstr("expects images and got a batch of bags"));
}

/// What an encoder's modules ask for is the mean over the instances, also where they come in chunks.
TEST(BagEncoder, LossesAreOfAllInstances) {
  VitOptions options{.patch_size = 8, .embed_dim = 12, .depth = 1, .num_heads = 3, .mlp_dim = 16};
  options.experts = 3;
  options.balance_weight = 0.3;
  options.encoder.bag.chunk = 2;
  const auto encoder = (*image_encoders().find("vit"))(config::choose("vit", options), views);
  const data::InputBatch input = bags({2, 0, 3});
  const auto balance = [&](const data::InputBatch& of) {
    const Tokens tokens = encoder->encode(of);
    EXPECT_EQ(tokens.losses.at("balance").weight, 0.3);
    return tokens.losses.at("balance").value.item<double>();
  };
  encoder->eval();
  const data::InputBatch last = one_of(input, 2);
  const auto part = [&last](int64_t begin, int64_t end) {
    data::InputBatch of = last;
    of.values = last.values.slice(0, begin, end);
    of.view = last.view.slice(0, begin, end);
    of.offsets = at::tensor({int64_t{0}, end - begin}, at::kLong);
    return of;
  };
  EXPECT_NEAR(balance(last), (2 * balance(part(0, 2)) + balance(part(2, 3))) / 3, 1e-6);
  encoder->train();
  EXPECT_GT(balance(input), 0.5);
}

}  // namespace
}  // namespace photo51::backbones
