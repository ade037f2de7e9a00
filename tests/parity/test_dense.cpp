/// Dense outputs beside MONAI: sliding windows, and whole networks, of which encoder and decoder each take
/// their part of the weights. The peer's half stands in dense.py.

#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "parity/peer.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/cnn/basic_unet.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/cnn/segresnet.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"
#include "photo51/backbones/hybrid/unetr.hpp"
#include "photo51/backbones/transformer/swin_unetr.hpp"
#include "photo51/nn/inference/sliding_window.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51 {
namespace {

class Dense : public test::PeerSuite<Dense> {
 public:
  static constexpr const char* kScript = "dense.py";

 protected:
  nn::Tensors read(const std::string& name) const { return nn::read_safetensors(folder_ / name).tensors; }
  test::TemporaryFolder folder_;
};

double deviation_between(const at::Tensor& ours, const at::Tensor& theirs) {
  return ((ours - theirs).abs().max() / theirs.abs().max()).item<double>();
}

struct WholeRow {
  std::string name;  ///< as in dense.py
  config::Choice encoder, decoder;
  bool trains = false;

  friend void PrintTo(const WholeRow& row, std::ostream* out) { *out << row.name; }
};

std::vector<WholeRow> whole_rows() {
  using namespace backbones;
  std::vector<WholeRow> rows;
  BasicUnetOptions basic_unet;
  basic_unet.features = {4, 4, 6, 8, 10};
  const auto last = config::choose("basic_unet", BasicUnetDecoderOptions{.last_features = 5});
  rows.push_back({"basic_unet", config::choose("basic_unet", basic_unet), last});
  basic_unet.norm = "batch";
  basic_unet.bias = false;
  rows.push_back({"basic_unet_2d", config::choose("basic_unet", basic_unet), last});

  const auto add_dynunet = [&](const std::string& name, const DynUnetOptions& options,
                               const DynUnetDecoderOptions& decoder, bool trains = false) {
    rows.push_back({name, config::choose("dynunet", options), config::choose("dynunet", decoder), trains});
  };
  DynUnetOptions dynunet;
  dynunet.strides = {"1", "1x2x2", "2", "2x1x2"};
  dynunet.kernels = {"1x3x3", "3", "3", "3x3x5"};
  dynunet.features = {4, 6, 8, 10};
  add_dynunet("dynunet", dynunet, {.deep_supervision = 0});
  dynunet = {};
  dynunet.strides = {"1", "2", "2"};
  add_dynunet("dynunet_2d", dynunet, {});
  dynunet.features = {4, 6, 8};
  dynunet.res_block = true;
  dynunet.norm = "batch";
  add_dynunet("dynunet_residual", dynunet, {.deep_supervision = 1, .bias = true});
  dynunet = {};
  dynunet.strides = {"1", "2", "2", "2"};
  dynunet.features = {4, 6, 8, 10};
  add_dynunet("dynunet_supervised", dynunet, {.deep_supervision = 2}, true);
  dynunet.strides[2] = "2x1";
  dynunet.res_block = true;
  add_dynunet("dynunet_supervised_2d", dynunet, {}, true);

  SegResNetOptions segresnet;
  rows.push_back({"segresnet", config::choose("segresnet", segresnet),
                  config::choose<SegResNetDecoderOptions>("segresnet")});
  segresnet.init_filters = 4;
  segresnet.blocks_down = {1, 2, 1};
  segresnet.norm = "batch";
  rows.push_back({"segresnet_2d", config::choose("segresnet", segresnet),
                  config::choose("segresnet", SegResNetDecoderOptions{.blocks_up = {2, 1},
                                                                      .upsampling = Upsampling::deconv})});

  UnetrOptions unetr;
  unetr.embed_dim = 24;
  unetr.num_heads = 3;
  unetr.mlp_dim = 48;
  rows.push_back({"unetr", config::choose("unetr", unetr),
                  config::choose("unetr", UnetrDecoderOptions{.feature_size = 4})});
  rows.push_back(
      {"unetr_2d", config::choose("unetr", unetr),
       config::choose("unetr",
                      UnetrDecoderOptions{
                          .feature_size = 6, .norm = "batch", .conv_block = false, .res_block = false})});

  SwinUnetrOptions swin;
  swin.feature_size = 12;
  rows.push_back({"swin_unetr", config::choose("swin_unetr", swin),
                  config::choose<SwinUnetrDecoderOptions>("swin_unetr")});
  swin.use_v2 = true;
  swin.downsample = SwinMerging::mergingv2;
  swin.window_size = {4};
  rows.push_back({"swin_unetr_2d", config::choose("swin_unetr", swin),
                  config::choose("swin_unetr", SwinUnetrDecoderOptions{.affine = true})});
  return rows;
}

/// Encoder and decoder, each with its part of a file of the whole network.
struct Halves {
  std::shared_ptr<backbones::Backbone> encoder;
  std::shared_ptr<backbones::Decoder> decoder;
  nn::Dialect of_encoder{}, of_decoder{};

  Halves(const WholeRow& row, const at::Tensor& image, int64_t outputs) {
    const std::vector<int64_t> size = image.sizes().slice(2).vec();
    const int64_t dims = image.dim() - 2, channels = image.size(1);
    encoder = backbones::image_encoders()
                  .find(row.encoder.name)
                  ->network(row.encoder, {.channels = channels, .dims = dims, .size = size}, 0);
    decoder = backbones::make_decoder(
        row.decoder, backbones::decoder_input(*encoder, row.encoder, dims, channels, outputs, size));
    for (torch::nn::Module* half :
         {static_cast<torch::nn::Module*>(encoder.get()), static_cast<torch::nn::Module*>(decoder.get())}) {
      half->train(row.trains);
      for (auto& [name, values] : nn::state_of(*half))  // not counts and indices
        if (values.is_floating_point()) values.set_data(values.to(at::kDouble));
    }
  }
  void load(const std::filesystem::path& file) {
    of_encoder = load_half(*encoder, encoder->dialects(), file);
    of_decoder = load_half(*decoder, decoder->dialects(), file);
  }
  /// As MONAI stacks them.
  at::Tensor forward(const at::Tensor& image) const {
    std::vector<at::Tensor> logits = decoder->forward(encoder->features(image), image);
    if (logits.size() == 1) return logits[0];
    for (at::Tensor& one : logits) {
      const auto size = image.sizes().slice(2);
      one = image.dim() == 5 ? at::upsample_nearest3d(one, size) : at::upsample_nearest2d(one, size);
    }
    return at::stack(logits, 1);
  }
  nn::Tensors by_their_names() const {
    nn::Tensors all = nn::translate_back(nn::state_of(*encoder), of_encoder);
    all.merge(nn::translate_back(nn::state_of(*decoder), of_decoder));
    return all;
  }

 private:
  static nn::Dialect load_half(torch::nn::Module& half, const std::vector<nn::Dialect>& dialects,
                               const std::filesystem::path& file) {
    const std::string library = nn::load_pretrained(half, file, dialects).library;
    return *std::ranges::find(dialects, library, &nn::Dialect::library);
  }
};

/// Of how many parameters there are any: heads of deep supervision have none in evaluation.
size_t compare_gradients(const torch::nn::Module& half, const nn::Tensors& theirs, double largest) {
  const auto size_of = [](const at::Tensor& values) { return values.abs().max().item<double>(); };
  size_t count = 0;
  for (const auto& parameter : half.named_parameters()) {
    const at::Tensor& ours = parameter.value().grad();
    EXPECT_EQ(ours.defined(), theirs.contains(parameter.key())) << parameter.key();
    if (!ours.defined() || !theirs.contains(parameter.key())) continue;
    const at::Tensor& expected = theirs.at(parameter.key());
    ++count;
    // A bias before a norm has none but rounding.
    if (std::max(size_of(ours), size_of(expected)) <= 1e-12 * largest) continue;
    EXPECT_LE(deviation_between(ours, expected), 1e-9) << parameter.key();
  }
  return count;
}

class WholeNetworks : public test::PeerSuite<WholeNetworks, testing::TestWithParam<WholeRow>> {
 public:
  static constexpr const char* kScript = Dense::kScript;

 protected:
  nn::Tensors read(const std::string& name) const { return nn::read_safetensors(folder_ / name).tensors; }
  test::TemporaryFolder folder_;
};

TEST_P(WholeNetworks, AreMonais) {
  const WholeRow& row = GetParam();
  ASSERT_TRUE(peer_->ask({"whole", row.name, folder_.path().string()}));
  const nn::Tensors values = read("values.safetensors");
  const at::Tensor image = values.at("input").clone().requires_grad_();
  Halves halves(row, image, 3);
  halves.load(folder_ / "weights.safetensors");
  const at::Tensor output = halves.forward(image);
  ASSERT_EQ(output.sizes(), values.at("output").sizes());
  EXPECT_LE(deviation_between(output, values.at("output")), 1e-9);
  (output * values.at("probe")).sum().backward();
  EXPECT_LE(deviation_between(image.grad(), values.at("gradient")), 1e-9);

  const nn::Tensors gradients = read("gradients.safetensors");
  double largest = 0;
  for (const auto& [name, gradient] : gradients)
    largest = std::max(largest, gradient.abs().max().item<double>());
  EXPECT_EQ(
      compare_gradients(*halves.encoder, nn::translate(gradients, halves.of_encoder, "the peer"), largest) +
          compare_gradients(*halves.decoder, nn::translate(gradients, halves.of_decoder, "the peer"),
                            largest),
      gradients.size());

  nn::Tensors ours = halves.by_their_names();
  for (auto& [name, tensor] : ours) {
    const bool learned = name.ends_with("weight") || name.ends_with("bias");
    if (learned) tensor = tensor.detach() * 0.9;
  }
  nn::write_safetensors(folder_ / "ours.safetensors", ours);
  ASSERT_TRUE(peer_->ask({"back", folder_.path().string()}));
  halves.load(folder_ / "ours.safetensors");
  EXPECT_LE(deviation_between(halves.forward(image), read("back.safetensors").at("output")), 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Monai, WholeNetworks, ::testing::ValuesIn(whole_rows()),
                         [](const auto& instance) { return instance.param.name; });

/// A network of the peer without a row here is a comparison that does not take place, and a decoder says
/// beside whom it is tested.
TEST_F(Dense, EveryWholeNetworkIsCompared) {
  ASSERT_TRUE(peer_->ask({"names", (folder_ / "names").string()}));
  std::set<std::string> theirs, ours, compared, said;
  std::ifstream names(folder_ / "names");
  for (std::string name; std::getline(names, name);) theirs.insert(name);
  for (const WholeRow& row : whole_rows()) {
    ours.insert(row.name);
    compared.insert(row.decoder.name);
  }
  EXPECT_EQ(ours, theirs);
  for (const auto& component : backbones::decoders().components())
    if (!backbones::decoders().find(component.name)->facts.parity.empty()) said.insert(component.name);
  EXPECT_EQ(compared, said);
}

/// An axis is shorter than the window and padded.
TEST_F(Dense, WindowsAreMonais) {
  const std::vector<int64_t> window{6, 5, 8};
  for (const auto importance : {nn::Importance::constant, nn::Importance::gaussian})
    for (const double overlap : {0.25, 0.6}) {
      const bool constant = importance == nn::Importance::constant;
      ASSERT_TRUE(peer_->ask(
          {"windows", constant ? "constant" : "gaussian", std::to_string(overlap), folder_.path().string()}));
      const nn::Tensors values = read("windows.safetensors");
      const at::Tensor& images = values.at("images");
      std::vector<int64_t> corners;
      for (int64_t b = 0; b < images.size(0); ++b)
        for (const int64_t z : nn::window_starts(13, 6, overlap))
          for (const int64_t y : nn::window_starts(5, 5, overlap))
            for (const int64_t x : nn::window_starts(17, 8, overlap))
              corners.insert(corners.end(), {b, z, y, x});
      EXPECT_TRUE(at::equal(at::tensor(corners).view({-1, 4}), values.at("corners")));
      const at::Tensor output = nn::slide_window(
          images, {.window = window, .overlap = overlap, .importance = importance, .batch_size = 3},
          [&](const at::Tensor& part) {
            return at::conv3d(part, values.at("weight"), {}, at::IntArrayRef{1}, at::IntArrayRef{1});
          });
      EXPECT_LE(deviation_between(output, values.at("output")), 1e-9);
    }
}

}  // namespace
}  // namespace photo51
