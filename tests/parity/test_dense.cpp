/// Dense outputs beside MONAI: the whole BasicUNet, of which encoder and decoder each take their part of the
/// weights, and sliding windows. The peer's half stands in dense.py.

#include <torch/nn/module.h>

#include "parity/peer.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/decoder/basic_unet.hpp"
#include "photo51/inference/sliding_window.hpp"
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

/// The edges are odd at some level along each axis.
TEST_F(Dense, TheWholeBasicUnetIsMonais) {
  for (const std::vector<std::string>& edges :
       {std::vector<std::string>{"37", "22"}, std::vector<std::string>{"19", "32", "35"}}) {
    const auto dims = static_cast<int64_t>(edges.size());
    SCOPED_TRACE(dims);
    std::vector<std::string> request{"basic_unet", std::to_string(dims)};
    request.insert(request.end(), edges.begin(), edges.end());
    request.push_back(folder_.path().string());
    ASSERT_TRUE(peer_->ask(request));

    backbones::BasicUnetOptions options;
    options.features = {4, 4, 6, 8, 10};
    const auto encoder = backbones::make_basic_unet(options, {.channels = 2, .dims = dims, .size = {}});
    const auto decoder = std::make_shared<backbones::BasicUnetDecoder>(
        options, backbones::BasicUnetDecoder::Shape{.dims = dims, .out_channels = 3, .last_features = 5});
    for (torch::nn::Module* part :
         {static_cast<torch::nn::Module*>(encoder.get()), static_cast<torch::nn::Module*>(decoder.get())})
      part->to(at::kDouble);
    nn::load_pretrained(*encoder, folder_ / "weights.safetensors", encoder->dialects());
    nn::load_pretrained(*decoder, folder_ / "weights.safetensors", decoder->dialects());

    const nn::Tensors values = read("values.safetensors");
    const at::Tensor image = values.at("input").clone().requires_grad_();
    const at::Tensor output = decoder->forward(encoder->features(image));
    (output * values.at("probe")).sum().backward();
    EXPECT_LE(deviation_between(output, values.at("output")), 1e-9);
    EXPECT_LE(deviation_between(image.grad(), values.at("gradient")), 1e-9);
    const nn::Tensors gradients = read("gradients.safetensors");
    nn::Tensors all = nn::state_of(*encoder);
    all.merge(nn::state_of(*decoder));
    ASSERT_EQ(all.size(), gradients.size());
    for (const auto& [name, expected] : gradients)  // a bias before a norm has none but rounding
      EXPECT_LE((all.at(name).grad() - expected).abs().max().item<double>(),
                1e-9 * std::max(1.0, expected.abs().max().item<double>()))
          << name;

    for (auto& [name, values_of] : all) values_of = values_of.detach() * 0.5;
    nn::write_safetensors(folder_ / "ours.safetensors", all);
    ASSERT_TRUE(peer_->ask({"back", folder_.path().string()}));
    nn::load_pretrained(*encoder, folder_ / "ours.safetensors", encoder->dialects());
    nn::load_pretrained(*decoder, folder_ / "ours.safetensors", decoder->dialects());
    EXPECT_LE(
        deviation_between(decoder->forward(encoder->features(image)), read("back.safetensors").at("output")),
        1e-9);
  }
}

/// An axis is shorter than the window and padded.
TEST_F(Dense, WindowsAreMonais) {
  const std::vector<int64_t> window{6, 5, 8};
  for (const auto importance : {inference::Importance::constant, inference::Importance::gaussian})
    for (const double overlap : {0.25, 0.6}) {
      const bool constant = importance == inference::Importance::constant;
      ASSERT_TRUE(peer_->ask(
          {"windows", constant ? "constant" : "gaussian", std::to_string(overlap), folder_.path().string()}));
      const nn::Tensors values = read("windows.safetensors");
      const at::Tensor& images = values.at("images");
      std::vector<int64_t> corners;
      for (int64_t b = 0; b < images.size(0); ++b)
        for (const int64_t z : inference::window_starts(13, 6, overlap))
          for (const int64_t y : inference::window_starts(5, 5, overlap))
            for (const int64_t x : inference::window_starts(17, 8, overlap))
              corners.insert(corners.end(), {b, z, y, x});
      EXPECT_TRUE(at::equal(at::tensor(corners).view({-1, 4}), values.at("corners")));
      const at::Tensor output = inference::slide_window(
          images, {.window = window, .overlap = overlap, .importance = importance, .batch_size = 3},
          [&](const at::Tensor& part) {
            return at::conv3d(part, values.at("weight"), {}, at::IntArrayRef{1}, at::IntArrayRef{1});
          });
      EXPECT_LE(deviation_between(output, values.at("output")), 1e-9);
    }
}

}  // namespace
}  // namespace photo51
