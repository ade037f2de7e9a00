#include "photo51/backbones/cnn/dynunet.hpp"

#include <torch/nn/module.h>

#include <algorithm>

#include "backbones/axis_text.hpp"
#include "backbones/cnn/dynunet_block.hpp"
#include "photo51/backbones/image_encoder.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {

void describe(config::Fields& f, DynUnetOptions& o) {
  f("strides", o.strides, "by what each stage divides the image: 2, or one an axis, 1x2x2");
  f("kernels", o.kernels, "edges of the kernels of each stage: 3, or one an axis, 1x3x3; empty = 3");
  f("features", o.features,
    "channels of each stage; empty = 32, doubled at each stage up to 320 in 3D and 512 in 2D", {.min = 1});
  f("res_block", o.res_block, "a shortcut about the two convolutions of a stage");
  f("norm", o.norm, "normalisation layers", {.one_of = names_of(nn::norms().components())});
  f("dropout", o.dropout, "dropout behind every convolution in training", {.min = 0, .max = 1});
  describe_encoder(f, o.encoder, {TokenPool::mean, TokenPool::none}, "token_dropout");
  check_axis_texts(f, o.strides, "strides", /*odd=*/false);
  check_axis_texts(f, o.kernels, "kernels", /*odd=*/true);
  f.check(o.strides.size() >= 2, "strides", "needs two stages or more");
  f.check(o.kernels.empty() || o.kernels.size() == o.strides.size(), "kernels",
          "must be as many as `strides`");
  f.check(o.features.empty() || o.features.size() == o.strides.size(), "features",
          "must be as many as `strides`");
  f.check(o.dropout < 1, "dropout", "must be below 1");
}

DynUnetStages dynunet_stages(const DynUnetOptions& options, int64_t dims) {
  const size_t count = options.strides.size();
  DynUnetStages stages{
      axis_sizes(options.strides, dims, "strides"),
      axis_sizes(options.kernels.empty() ? std::vector<std::string>(count, "3") : options.kernels, dims,
                 "kernels"),
      options.features};
  for (size_t stage = 0; stage < count; ++stage)
    for (size_t axis = 0; axis < stages.strides[stage].size(); ++axis)
      if (stages.strides[stage][axis] > stages.kernels[stage][axis] + 1)
        core::fail_usage("`strides`: the stride of stage " + std::to_string(stage + 1) + ", " +
                         options.strides[stage] + ", leaves out places between kernels of " +
                         std::to_string(stages.kernels[stage][axis]) +
                         "; take a smaller stride or a larger kernel");
  const int64_t base = 32, most = dims == 3 ? 320 : 512;  // nnU-Net's
  if (stages.features.empty())
    for (size_t stage = 0; stage < count; ++stage)
      stages.features.push_back(std::min(most, base << std::min<size_t>(stage, 16)));
  return stages;
}

namespace {

class DynUnet final : public Backbone {
 public:
  DynUnet(const DynUnetOptions& options, const InputShape& shape, int64_t classes) {
    const DynUnetStages stages = dynunet_stages(options, shape.dims);
    widths_ = stages.features;
    auto inner = std::make_shared<torch::nn::Module>();
    int64_t in = shape.channels;
    for (size_t i = 0; i < widths_.size(); ++i) {
      auto block = std::make_shared<DynUnetBlock>(DynUnetBlockShape{.dims = shape.dims,
                                                                    .in = in,
                                                                    .out = widths_[i],
                                                                    .kernel = stages.kernels[i],
                                                                    .stride = stages.strides[i],
                                                                    .norm = options.norm,
                                                                    .dropout = options.dropout,
                                                                    .residual = options.res_block});
      if (i == 0)
        register_module("input_block", block);
      else if (i + 1 == widths_.size())
        register_module("bottleneck", block);
      else
        inner->register_module(std::to_string(i - 1), block);
      if (i == 0) register_module("downsamples", inner);
      stages_.push_back(std::move(block));
      in = widths_[i];
    }
    if (classes > 0) classifier_ = register_module("fc", std::make_shared<nn::Linear>(in, classes));
  }

  Features features(const at::Tensor& image) override {
    Features found;
    at::Tensor x = image;
    for (const auto& stage : stages_) {
      x = stage->forward(x);
      found.stages.push_back(x);
    }
    return found;
  }

  std::vector<int64_t> widths() const override { return widths_; }

  std::vector<nn::Dialect> dialects() const override {
    return {{.library = "MONAI",
             .classifier = {"fc."},
             .ignored = {"upsamples", "output_block", "deep_supervision_heads", "skip_layers"}}};
  }

 private:
  std::vector<int64_t> widths_;
  std::vector<std::shared_ptr<DynUnetBlock>> stages_;
};

}  // namespace

std::shared_ptr<Backbone> make_dynunet(const DynUnetOptions& options, const InputShape& shape,
                                       int64_t classes) {
  return std::make_shared<DynUnet>(options, shape, classes);
}

EncoderRow dynunet_row() {
  return image_encoder_row<DynUnetOptions, make_dynunet>(
      "dynunet", "encoder of DynUNet, nnU-Net's, 2D or 3D",
      {.source = "Isensee et al. 2021, doi 10.1038/s41592-020-01008-z", .parity = {"MONAI"}});
}

}  // namespace photo51::backbones
