// An image encoder. A convolution answers to spots, and the logarithm of all its answers together says how
// many there are:
//
//   s_c = log(1 + sum over the image of relu(w_c * x))
#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <photo51/backbones/catalogue.hpp>
#include <photo51/backbones/image_encoder.hpp>
#include <photo51/nn/layers/conv.hpp>

#include <numeric>

#include "components.hpp"

using namespace photo51;

namespace {

struct SpotsOptions {
  int64_t channels = 8;
  backbones::ImageEncoderOptions encoder;  // pool, dropout, weights: what all image encoders share
};
void describe(config::Fields& f, SpotsOptions& o) {
  f("channels", o.channels, "kinds of spots", {.min = 1});
  backbones::describe_encoder(f, o.encoder, {backbones::TokenPool::mean, backbones::TokenPool::none});
}

class Spots final : public backbones::Backbone {
 public:
  Spots(const SpotsOptions& options, const backbones::InputShape& shape, int64_t classes)
      : channels_(options.channels) {
    const nn::Conv::Shape convolution{.dims = shape.dims, .in = shape.channels, .out = channels_};
    convolution_ = register_module("conv", std::make_shared<nn::Conv>(convolution));
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(channels_, classes));
  }

  backbones::Features features(const at::Tensor& image) override {
    const at::Tensor map = convolution_->forward(image).relu();
    std::vector<int64_t> axes(static_cast<size_t>(map.dim() - 2));
    std::iota(axes.begin(), axes.end(), 2);
    backbones::Features found;
    found.stages = {map, map.sum(axes, /*keepdim=*/true).log1p()};
    return found;
  }

  std::vector<int64_t> widths() const override { return {channels_, channels_}; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "own_components", .classifier = {"fc."}}};
  }

 private:
  int64_t channels_;
  std::shared_ptr<nn::Conv> convolution_;
};

std::shared_ptr<backbones::Backbone> make_spots(const SpotsOptions& options,
                                                const backbones::InputShape& shape, int64_t classes) {
  return std::make_shared<Spots>(options, shape, classes);
}

}  // namespace

void add_spots() {
  const auto row =
      backbones::image_encoder_row<SpotsOptions, make_spots>("spots", "how many spots there are");
  backbones::image_encoders().add(row.component, row.build);
}
