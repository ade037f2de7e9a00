#include "photo51/backbones/cnn/conv_net.hpp"

#include <torch/nn/module.h>

#include "photo51/backbones/image_encoder.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/layers/conv_norm.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, ConvNetOptions& o) {
  f("widths", o.widths, "channels of each stage; a stage ends by halving the image", {.min = 1});
  f("convolutions", o.convolutions, "convolutions a stage", {.min = 1});
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none});
  f.check(!o.widths.empty(), "widths", "needs at least one stage");
}

namespace {

class ConvNet final : public Backbone {
 public:
  ConvNet(const ConvNetOptions& options, const InputShape& shape, int64_t classes) : widths_(options.widths) {
    int64_t width = shape.channels;
    for (size_t stage = 0; stage < widths_.size(); ++stage) {
      auto module =
          register_module("stage" + std::to_string(stage + 1), std::make_shared<torch::nn::Module>());
      auto& layers = stages_.emplace_back(Stage{module, {}}).layers;
      for (int64_t i = 1; i <= options.convolutions; ++i) {
        const nn::Conv::Shape conv{.dims = shape.dims, .in = width, .out = widths_[stage]};
        width = conv.out;
        layers.push_back(
            {module->register_module("conv" + std::to_string(i), std::make_shared<nn::Conv>(conv)),
             module->register_module("bn" + std::to_string(i), nn::make_norm(options.norm, width))});
      }
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(width, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = image;
    for (const auto& stage : stages_) {
      const at::Tensor input = x;
      for (const auto& layer : stage.layers)
        x = nn::conv_norm(*layer.convolution, *layer.norm, x, {.slope = 0});
      // Rounding up keeps an axis of one voxel alive.
      x = x.dim() == 5 ? at::max_pool3d(x, 2, 2, 0, 1, true) : at::max_pool2d(x, 2, 2, 0, 1, true);
      nn::report(*stage.module, input, x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  /// Of its own files; whatever a classifier was called.
  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "photo51", .classifier = {"fc.", "heads.", "classifier."}}};
  }

 private:
  struct Layer {
    std::shared_ptr<nn::Conv> convolution;
    std::shared_ptr<nn::Norm> norm;
  };
  struct Stage {
    std::shared_ptr<torch::nn::Module> module;
    std::vector<Layer> layers;
  };
  std::vector<int64_t> widths_;
  std::vector<Stage> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_conv_net(const ConvNetOptions& options, const InputShape& shape,
                                        int64_t classes) {
  return std::make_shared<ConvNet>(options, shape, classes);
}

EncoderRow conv_net_row() {
  return image_encoder_row<ConvNetOptions, make_conv_net>("conv_net",
                                                          "small plain convolutional network, 2D or 3D");
}

}  // namespace photo51::backbones
