#include "backbones/transformer/swin_block.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "backbones/default_conv.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/init.hpp"

namespace photo51::backbones {
namespace {

/// Initial values of the paper's code.
std::shared_ptr<nn::Linear> swin_linear(int64_t in, int64_t out, bool with_bias = true) {
  auto layer = std::make_shared<nn::Linear>(in, out, with_bias);
  if (!nn::SkipInit::active()) {
    const at::NoGradGuard no_grad;
    layer->weight.normal_(0, 0.02);
    if (with_bias) layer->bias.zero_();
  }
  return layer;
}

}  // namespace

std::vector<int64_t> per_axis(const std::vector<int64_t>& numbers, int64_t dims, const char* key) {
  const auto count = static_cast<size_t>(dims);
  if (numbers.size() == 1) return std::vector<int64_t>(count, numbers[0]);
  if (numbers.size() != count)
    core::fail_usage("`" + std::string(key) + "` takes one number or, for images in " + std::to_string(dims) +
                     "D, " + std::to_string(dims) + "; it has " + std::to_string(numbers.size()));
  return numbers;
}

void require_stages(const std::vector<int64_t>& depths, const std::vector<int64_t>& heads) {
  if (depths.empty() || depths.size() != heads.size())
    core::fail_usage("`depths` (" + std::to_string(depths.size()) + ") and `num_heads` (" +
                     std::to_string(heads.size()) + ") need a number for each stage");
}

void require_patches(const std::vector<int64_t>& size, const std::vector<int64_t>& patch) {
  for (size_t axis = 0; axis < size.size(); ++axis)
    if (size[axis] < patch[axis])
      core::fail_usage("the patch (" + std::to_string(patch[axis]) + ") is larger than the image (" +
                       std::to_string(size[axis]) +
                       "); change `patch_size` or the input's `preprocess.size`");
}

SwinBlock::SwinBlock(const SwinBlockShape& shape) : norm_last_(shape.attention.version == 2) {
  const int64_t width = shape.attention.width;
  norm1_ = register_module("norm1", std::make_shared<nn::LayerNorm>(width));
  attention_ = register_module("attn", std::make_shared<nn::WindowAttention>(shape.attention));
  norm2_ = register_module("norm2", std::make_shared<nn::LayerNorm>(width));
  auto mlp = register_module("mlp", std::make_shared<torch::nn::Module>());
  widen_ = mlp->register_module(shape.widen, swin_linear(width, shape.hidden));
  narrow_ = mlp->register_module(shape.narrow, swin_linear(shape.hidden, width));
  dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(shape.attention.dropout));
  drop_path_ = register_module("drop_path", std::make_shared<nn::DropPath>(shape.drop_path));
}

at::Tensor SwinBlock::forward(const at::Tensor& input) {
  const auto branch = [&](nn::LayerNorm& norm, const at::Tensor& x, const auto& of) {
    return drop_path_->residual(x, [&](const at::Tensor& rows) {
      return norm_last_ ? norm.forward(of(rows)) : of(norm.forward(rows));
    });
  };
  const at::Tensor x =
      branch(*norm1_, input, [&](const at::Tensor& map) { return attention_->forward(map); });
  const at::Tensor y = branch(*norm2_, x, [&](const at::Tensor& map) {
    const at::Tensor hidden = dropout_->forward(at::gelu(widen_->forward(map)));
    return dropout_->forward(narrow_->forward(hidden));
  });
  nn::report(*this, input, y);
  return y;
}

std::vector<std::shared_ptr<SwinBlock>> add_swin_blocks(torch::nn::Module& parent,
                                                        const SwinStageShape& shape) {
  std::vector<std::shared_ptr<SwinBlock>> blocks;
  for (const double drop_path : shape.drop_path) {
    SwinBlockShape of = shape.block;
    of.drop_path = drop_path;
    if (blocks.size() % 2 == 0) of.attention.shift.clear();
    blocks.push_back(parent.register_module(std::to_string(blocks.size()), std::make_shared<SwinBlock>(of)));
  }
  return blocks;
}

PatchMerging::PatchMerging(int64_t width, std::vector<Corner> corners, bool norm_last)
    : corners_(std::move(corners)), norm_last_(norm_last) {
  const int64_t gathered = static_cast<int64_t>(corners_.size()) * width;
  norm_ = register_module("norm", std::make_shared<nn::LayerNorm>(norm_last ? 2 * width : gathered));
  reduction_ = register_module("reduction", swin_linear(gathered, 2 * width, false));
}

at::Tensor PatchMerging::forward(const at::Tensor& input) {
  const int64_t dims = input.dim() - 2;
  std::vector<int64_t> sides{0, 0};  // the last axis first, which is that of the channels
  for (int64_t axis = dims; axis > 0; --axis) sides.insert(sides.end(), {0, input.size(axis) % 2});
  const bool even = std::ranges::all_of(sides, [](int64_t more) { return more == 0; });
  const at::Tensor x = even ? input : at::constant_pad_nd(input, sides);
  std::vector<at::Tensor> parts;
  for (const Corner& corner : corners_) {
    at::Tensor part = x;
    for (int64_t axis = 0; axis < dims; ++axis)
      part = part.slice(axis + 1, corner[static_cast<size_t>(axis)], std::nullopt, 2);
    parts.push_back(part);
  }
  const at::Tensor all = at::cat(parts, -1);
  const at::Tensor y =
      norm_last_ ? norm_->forward(reduction_->forward(all)) : reduction_->forward(norm_->forward(all));
  nn::report(*this, input, y);
  return y;
}

std::vector<PatchMerging::Corner> corners_last_fastest(int64_t dims) {
  std::vector<PatchMerging::Corner> corners;
  for (int64_t number = 0; number < int64_t{1} << dims; ++number) {
    PatchMerging::Corner corner;
    for (int64_t axis = dims - 1; axis >= 0; --axis) corner.push_back(number >> axis & 1);
    corners.push_back(corner);
  }
  return corners;
}

std::vector<PatchMerging::Corner> corners_first_fastest(int64_t dims) {
  auto corners = corners_last_fastest(dims);
  for (auto& corner : corners) std::ranges::reverse(corner);
  return corners;
}

std::vector<std::vector<double>> swin_drop_paths(double last, const std::vector<int64_t>& depths) {
  const auto rates = nn::drop_path_rates(last, std::accumulate(depths.begin(), depths.end(), int64_t{0}));
  std::vector<std::vector<double>> stages;
  auto rate = rates.begin();
  for (const int64_t depth : depths) {
    stages.emplace_back(rate, rate + depth);
    rate += depth;
  }
  return stages;
}

void check_stage_heads(config::Fields& f, int64_t width, const std::vector<int64_t>& heads) {
  // No more stages than could be counted; which are too many is found by the length of `depths`.
  for (size_t stage = 0; stage < std::min(heads.size(), size_t{16}); ++stage)
    f.check((width << stage) % std::max<int64_t>(heads[stage], 1) == 0, "num_heads",
            "must divide the features of their stages, which double at each");
}

std::shared_ptr<nn::Conv> make_patch_embedding(int64_t in, int64_t out, const std::vector<int64_t>& patch) {
  return make_default_conv({.dims = static_cast<int64_t>(patch.size()),
                            .in = in,
                            .out = out,
                            .kernel = patch,
                            .stride = patch,
                            .padding = 0,
                            .bias = true});
}

}  // namespace photo51::backbones
