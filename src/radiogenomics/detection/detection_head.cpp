#include "photo51/radiogenomics/detection/detection_head.hpp"

#include <cmath>
#include <string>

#include "photo51/core/error.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/conv_norm.hpp"
#include "photo51/radiogenomics/detection/detection_loss.hpp"
#include "photo51/radiogenomics/detection/select.hpp"

namespace photo51::radiogenomics {
namespace {

/// RetinaNet's initial values of towers.
std::shared_ptr<nn::Conv> tower_conv(const nn::Conv::Shape& shape, double bias = 0) {
  auto conv = std::make_shared<nn::Conv>(shape);
  if (nn::SkipInit::active()) return conv;
  const at::NoGradGuard no_grad;
  conv->weight.normal_(0, 0.01);
  if (conv->bias.defined()) conv->bias.fill_(bias);
  return conv;
}

/// Channels of deltas from other libraries' x, y to y, x and back.
at::Tensor axes_reversed(const at::Tensor& values) {
  const at::Tensor order = at::tensor({1, 0, 3, 2}, at::kLong);
  return values.unflatten(0, {-1, 4}).index_select(1, order).flatten(0, 1);
}

}  // namespace

DetectionHead::DetectionHead(const DetectionOptions& options, const Shape& shape)
    : options_(options), shape_(shape) {
  if (shape.dims != 2 && shape.dims != 3)
    core::fail_usage("detection takes images of 2 or 3 axes, not " + std::to_string(shape.dims));
  if (shape.classes < 1) core::fail_usage("detection needs at least one class of lesions");
  pyramid_ = register_module("fpn", std::make_shared<FeaturePyramid>(
                                        options.pyramid, FeaturePyramid::Shape{shape.dims, shape.widths}));
  if (options.anchors.sizes.size() != pyramid_->levels())
    core::fail_usage("anchors.sizes: " + std::to_string(options.anchors.sizes.size()) + " for " +
                     std::to_string(pyramid_->levels()) + " levels; give one a level, finest first");
  const auto& weights = options.coding.weights;
  if (!weights.empty() && static_cast<int64_t>(weights.size()) != 2 * shape.dims)
    core::fail_usage("coding.weights: " + std::to_string(weights.size()) + " numbers for boxes of " +
                     std::to_string(2 * shape.dims));
  const int64_t anchors = anchors_per_place(options.anchors, shape.dims);
  classes_ = make_tower("classification_head", "cls_logits", anchors * shape.classes,
                        std::log(options.prior / (1 - options.prior)));
  boxes_ = make_tower("regression_head", "bbox_reg", anchors * 2 * shape.dims, 0);
}

DetectionHead::Tower DetectionHead::make_tower(const std::string& name, const std::string& last, int64_t out,
                                               double bias) {
  const int64_t channels = options_.pyramid.channels;
  auto module = register_module(name, std::make_shared<torch::nn::Module>());
  auto blocks = module->register_module("conv", std::make_shared<torch::nn::Module>());
  const bool normed = options_.norm != "none";
  Tower tower;
  for (int64_t i = 0; i < options_.convolutions; ++i) {
    auto block = blocks->register_module(std::to_string(i), std::make_shared<torch::nn::Module>());
    const nn::Conv::Shape conv{
        .dims = shape_.dims, .in = channels, .out = channels, .bias = !normed || options_.bias};
    tower.convs.push_back(block->register_module("0", tower_conv(conv)));
    if (normed) tower.norms.push_back(block->register_module("1", nn::make_norm(options_.norm, channels)));
  }
  tower.last = module->register_module(
      last, tower_conv({.dims = shape_.dims, .in = channels, .out = out, .bias = true}, bias));
  return tower;
}

at::Tensor DetectionHead::per_anchor(const Tower& tower, const at::Tensor& level, int64_t values) {
  at::Tensor x = level;
  for (size_t i = 0; i < tower.convs.size(); ++i)
    x = tower.norms.empty() ? tower.convs[i]->forward(x).relu()
                            : nn::conv_norm(*tower.convs[i], *tower.norms[i], x, {.slope = 0});
  const at::Tensor said = tower.last->forward(x).flatten(2);  // [B, A * values, places]
  return said.unflatten(1, {-1, values}).permute({0, 3, 1, 2}).flatten(1, 2);
}

DetectionOutputs DetectionHead::forward(const backbones::Features& found, at::IntArrayRef image_size) {
  const std::vector<at::Tensor> levels = pyramid_->forward(found);
  std::vector<std::vector<int64_t>> grids;
  std::vector<at::Tensor> logits, deltas;
  for (const at::Tensor& level : levels) {
    grids.push_back(level.sizes().slice(2).vec());
    logits.push_back(per_anchor(classes_, level, shape_.classes));
    deltas.push_back(per_anchor(boxes_, level, 2 * shape_.dims));
  }
  return {at::cat(logits, 1), at::cat(deltas, 1),
          make_anchors(options_.anchors, grids, image_size, levels.front().device())};
}

DetectionLosses DetectionHead::loss(const DetectionOutputs& outputs,
                                    const std::vector<BoxTargets>& targets) const {
  return detection_loss(outputs, targets, options_);
}

std::vector<Detections> DetectionHead::detect(const DetectionOutputs& outputs,
                                              at::IntArrayRef image_size) const {
  return select_detections(outputs, image_size, options_.select, options_.coding);
}

std::vector<nn::Dialect> DetectionHead::dialects() const {
  nn::Dialect torchvision{.library = "torchvision",
                          .renames = {{"backbone.fpn", "fpn"},
                                      {"head.classification_head", "classification_head"},
                                      {"head.regression_head", "regression_head"}},
                          .ignored = {"backbone.body"}};
  nn::Dialect older = torchvision,
              monai{.library = "MONAI", .renames = {}, .ignored = {"feature_extractor.body"}};
  older.library = "torchvision before 0.13";
  if (shape_.dims == 2)
    for (nn::Dialect* dialect : {&torchvision, &older})
      for (const char* name : {"regression_head.bbox_reg.weight", "regression_head.bbox_reg.bias"})
        dialect->transforms.push_back({name, axes_reversed, axes_reversed});
  // The older files and MONAI count the layers of a tower through, and have one convolution a block.
  older.renames.clear();
  for (const char* blocks : {"inner_blocks", "layer_blocks"}) {
    const std::string to = std::string("fpn.") + blocks + ".*.0";
    older.renames.push_back({std::string("backbone.fpn.") + blocks + ".*", to});
    monai.renames.push_back({std::string("feature_extractor.fpn.") + blocks + ".*", to});
  }
  older.renames.push_back({"backbone.fpn", "fpn"});
  monai.renames.push_back({"feature_extractor.fpn", "fpn"});
  const bool normed = options_.norm != "none";
  for (const std::string head : {"classification_head", "regression_head"}) {
    for (int64_t i = 0; i < options_.convolutions; ++i) {
      const std::string block = head + ".conv." + std::to_string(i);
      older.renames.push_back({"head." + head + ".conv." + std::to_string(2 * i), block + ".0"});
      const int64_t first = normed ? 3 * i : 2 * i;
      monai.renames.push_back({head + ".conv." + std::to_string(first), block + ".0"});
      if (normed) monai.renames.push_back({head + ".conv." + std::to_string(first + 1), block + ".1"});
    }
    older.renames.push_back({"head." + head, head});
  }
  return {torchvision, older, monai};
}

}  // namespace photo51::radiogenomics
