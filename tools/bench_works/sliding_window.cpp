#include "photo51/nn/inference/sliding_window.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/core/InferenceMode.h>
#include <torch/nn/module.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <optional>

#include "bench.hpp"
#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/decoder/basic_unet.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/inference/packed_layers.hpp"
#include "photo51/nn/weights/dialect.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::bench {
namespace {

constexpr int64_t window = 32;

at::MemoryFormat layout_of(bool channels_last) {
  return channels_last ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::Contiguous;
}

at::Tensor laid_out(const at::Tensor& values, at::ScalarType type, bool channels_last) {
  return values.to(type, false, false, layout_of(channels_last));
}

/// MONAI's BasicUNet().
class WholeBasicUnet : public torch::nn::Module {
 public:
  WholeBasicUnet() {
    encoder_ =
        register_module("encoder", backbones::make_basic_unet({}, {.channels = 1, .dims = 3, .size = {}}));
    decoder_ =
        register_module("decoder", std::make_shared<backbones::BasicUnetDecoder>(
                                       backbones::BasicUnetOptions{}, backbones::BasicUnetDecoder::Shape{}));
  }
  void load(const std::string& file) {
    nn::load_pretrained(*encoder_, file, encoder_->dialects());
    nn::load_pretrained(*decoder_, file, decoder_->dialects());
  }
  at::Tensor forward(const at::Tensor& windows) {
    return decoder_->forward(encoder_->features(windows), windows).front();
  }

 private:
  std::shared_ptr<backbones::Backbone> encoder_;
  std::shared_ptr<backbones::BasicUnetDecoder> decoder_;
};

/// Seconds of the network's convolutions of these windows alone, in the layout that suits them as a whole.
double convolutions_alone(WholeBasicUnet& network, const at::Tensor& windows, at::ScalarType type) {
  std::vector<std::pair<const nn::Conv*, at::Tensor>> inputs;
  {
    const nn::Capture capture(network, {.inputs = true});
    network.forward(windows);
    for (const auto& entry : network.named_modules("", /*include_self=*/false))
      if (const auto* conv = dynamic_cast<const nn::Conv*>(entry.value().get()))
        inputs.emplace_back(conv, capture.inputs(entry.key()).at(0));
  }
  double best = std::numeric_limits<double>::infinity();
  for (const bool channels_last : {false, true}) {
    std::vector<std::array<at::Tensor, 3>> prepared;
    for (const auto& [conv, input] : inputs)
      prepared.push_back({laid_out(input, type, channels_last), laid_out(conv->weight, type, channels_last),
                          conv->bias.to(type)});
    std::vector<double> seconds;
    for (int repeat = 0; repeat < 4; ++repeat) {
      const auto begin = std::chrono::steady_clock::now();
      for (size_t i = 0; i < inputs.size(); ++i)
        inputs[i].first->geometry().convolve(prepared[i][0], prepared[i][1], prepared[i][2]);
      seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    best = std::min(best, *std::min_element(seconds.begin() + 1, seconds.end()));
  }
  return best;
}

}  // namespace

/// Windows of 32^3 with an overlap of a quarter, four at a time.
void sliding_window(const Arguments& arguments) {
  core::keep_freed_memory();
  const bool half = arguments.at(0) == "bf16", channels_last = arguments.at(1) == "channels_last";
  const std::string& folder = arguments.at(2);
  WholeBasicUnet network;
  network.load(folder + "/weights.safetensors");
  network.eval();
  {
    const at::NoGradGuard no_grad;
    for (at::Tensor& parameter : network.parameters())
      if (parameter.dim() == 5)
        parameter.set_data(laid_out(parameter, parameter.scalar_type(), channels_last));
  }
  const at::Tensor image = nn::read_safetensors(folder + "/image.safetensors").tensors.at("image");
  const nn::SlidingWindowOptions options{.window = {window}};
  const at::ScalarType type = half ? at::kBFloat16 : at::kFloat;
  nn::PackedLayers packed({.type = type});  // as a trained model predicts
  int64_t windows = 0;
  at::Tensor first;  // of the batches of windows
  const auto pass = [&] {
    const c10::InferenceMode mode;
    const nn::PackedLayers::Use use(packed);
    std::optional<nn::Autocast> precision;
    if (half) precision.emplace(at::kCPU, type);
    windows = 0;
    return nn::slide_window(image, options, [&](const at::Tensor& part) {
      if (windows == 0) first = part;
      windows += part.size(0);
      return network.forward(laid_out(part, part.scalar_type(), channels_last));
    });
  };
  const auto step = [&] {
    pass();
    return 0.0;
  };
  const auto output = [&](const Arguments& words) {
    nn::write_safetensors(words.at(0), {{"output", pass().clone()}});
    return "{\"windows\": " + std::to_string(windows) + "}";
  };
  const auto ceiling = [&](const Arguments&) {
    pass();
    const c10::InferenceMode mode;
    const double seconds = convolutions_alone(network, first, type);
    return "{\"seconds\": " +
           std::to_string(seconds * static_cast<double>(windows) / static_cast<double>(first.size(0))) + "}";
  };
  serve_steps(step, {{"output", output}, {"ceiling", ceiling}});
}

}  // namespace photo51::bench
