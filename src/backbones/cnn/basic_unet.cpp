#include "photo51/backbones/cnn/basic_unet.hpp"

#include <torch/nn/module.h>

#include <array>

#include "backbones/cnn/basic_unet_conv.hpp"
#include "backbones/default_conv.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, BasicUnetOptions& o) {
  f("features", o.features, "channels of each stage; each stage but the first halves the image", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("bias", o.bias, "bias of the convolutions");
  f("dropout", o.dropout, "dropout behind every norm in training", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  f.check(!o.features.empty(), "features", "needs at least one stage");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

namespace {
constexpr double basic_unet_slope = 0.1;  // of MONAI's leaky ReLU
}

BasicUnetConv::BasicUnetConv(const BasicUnetConvShape& shape) : drops_(shape.dropout > 0) {
  conv_ = register_module(
      "conv", make_default_conv({.dims = shape.dims, .in = shape.in, .out = shape.out, .bias = shape.bias}));
  auto rest = register_module("adn", std::make_shared<torch::nn::Module>());
  norm_ = rest->register_module("N", nn::make_norm(shape.norm, shape.out));
  dropout_ = rest->register_module("D", std::make_shared<nn::Dropout>(shape.dropout));
}

at::Tensor BasicUnetConv::forward(const at::Tensor& x) {
  const bool between = nn::is_captured(*dropout_) || (drops_ && is_training());
  const at::Tensor y =
      between ? at::leaky_relu(dropout_->forward(nn::conv_norm(*conv_, *norm_, x)), basic_unet_slope)
              : nn::conv_norm(*conv_, *norm_, x, {.slope = basic_unet_slope});
  nn::report(*this, x, y);
  return y;
}

namespace {

class BasicUnet final : public Backbone {
 public:
  BasicUnet(const BasicUnetOptions& options, const InputShape& shape, int64_t classes)
      : widths_(options.features) {
    int64_t in = shape.channels;
    for (size_t i = 0; i < widths_.size(); ++i) {
      auto module = register_module(i == 0 ? "conv_0" : "down_" + std::to_string(i),
                                    std::make_shared<torch::nn::Module>());
      auto pair = i == 0 ? module : module->register_module("convs", std::make_shared<torch::nn::Module>());
      Stage stage{module, {}};
      for (size_t k = 0; k < stage.convs.size(); ++k) {
        stage.convs[k] = pair->register_module(
            "conv_" + std::to_string(k),
            std::make_shared<BasicUnetConv>(
                BasicUnetConvShape{shape.dims, in, widths_[i], options.norm, options.bias, options.dropout}));
        in = widths_[i];
      }
      stages_.push_back(std::move(stage));
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(in, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = image;
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      if (!found.stages.empty()) x = x.dim() == 5 ? at::max_pool3d(x, 2) : at::max_pool2d(x, 2);
      for (const auto& conv : stage.convs) x = conv->forward(x);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI", .classifier = {"fc."}, .ignored = {"upcat_*", "final_conv"}}};
  }

 private:
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::array<std::shared_ptr<BasicUnetConv>, 2> convs;
  };
  std::vector<int64_t> widths_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_basic_unet(const BasicUnetOptions& options, const InputShape& shape,
                                          int64_t classes) {
  return std::make_shared<BasicUnet>(options, shape, classes);
}

EncoderRow basic_unet_row() {
  return image_encoder_row<BasicUnetOptions, make_basic_unet>(
      "basic_unet", "encoder of BasicUNet, 2D or 3D",
      {.source = "Falk et al. 2019, doi 10.1038/s41592-018-0261-2", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
