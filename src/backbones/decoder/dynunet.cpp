/// The decoder of nnU-Net as MONAI's DynUNet has it (Isensee et al. 2021): at each level a transposed
/// convolution undoes the encoder's stride, the stage is put behind it, and two convolutions with the stage's
/// kernels join the two. With deep supervision coarser levels have logits of their own.
///
///   MONAI DynUNet(deep_supervision=True, deep_supr_num=2)   {deep_supervision: 2}
///
/// MONAI enlarges the logits of coarser levels to the size of the finest (nearest neighbour) and stacks them;
/// here they stay as they are.

#include <torch/nn/module.h>

#include <algorithm>
#include <string>

#include "backbones/cnn/dynunet_block.hpp"
#include "backbones/decoder/belongs.hpp"
#include "backbones/decoder/rows.hpp"
#include "backbones/map_size.hpp"
#include "photo51/backbones/cnn/dynunet.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/backbones/decoder/options.hpp"

namespace photo51::backbones {
namespace {

class DynUnetDecoder final : public Decoder {
 public:
  DynUnetDecoder(const DynUnetDecoderOptions& options, const DecoderInput& input) {
    const auto& encoder = options_of_encoder<DynUnetOptions>(input, "dynunet");
    const DynUnetStages stages = dynunet_stages(encoder, input.dims);
    const auto levels = static_cast<int64_t>(stages.features.size()) - 1;
    auto ups = register_module("upsamples", std::make_shared<torch::nn::Module>());
    for (int64_t level = levels - 1; level >= 0; --level) {
      const auto stage = static_cast<size_t>(level);
      DynUnetUpShape up{.block = {.dims = input.dims,
                                  .out = stages.features[stage],
                                  .kernel = stages.kernels[stage + 1],
                                  .norm = encoder.norm,
                                  .dropout = encoder.dropout},
                        .below = stages.features[stage + 1],
                        .upsample = stages.strides[stage + 1],
                        .bias = options.bias};
      ups_.push_back(ups->register_module(std::to_string(ups_.size()), std::make_shared<DynUnetUp>(up)));
    }
    dropout_ = register_module("dropout", std::make_shared<nn::Dropout>(encoder.dropout));
    heads_.push_back(add_head(*this, "output_block", input, stages.features[0]));
    const int64_t coarser = options.deep_supervision.value_or(std::max<int64_t>(levels - 2, 0));
    if (coarser >= levels && coarser > 0)
      core::fail_usage("`deep_supervision` is " + std::to_string(coarser) + ", and a dynunet of " +
                       std::to_string(levels + 1) + " stages has " + std::to_string(levels - 1) +
                       " coarser level(s) with logits; take at most so many");
    if (coarser == 0) return;
    auto more = register_module("deep_supervision_heads", std::make_shared<torch::nn::Module>());
    for (int64_t head = 0; head < coarser; ++head)
      heads_.push_back(
          add_head(*more, std::to_string(head), input, stages.features[static_cast<size_t>(head) + 1]));
  }

  std::vector<at::Tensor> forward(const Features& found, const at::Tensor& image) override {
    std::vector<at::Tensor> levels;  // finest first
    at::Tensor x = found.stages.back();
    for (size_t i = 0; i < ups_.size(); ++i) {
      x = ups_[i]->forward(x, found.stages[ups_.size() - 1 - i]);
      levels.insert(levels.begin(), x);
    }
    std::vector<at::Tensor> logits;
    for (size_t i = 0; i < (is_training() ? heads_.size() : 1); ++i)
      logits.push_back(dropout_->forward(heads_[i]->forward(levels[i])));
    logits[0] = interpolated(logits[0], image.sizes().slice(2));  // where the first stage has a stride
    return logits;
  }

  std::vector<nn::Dialect> dialects() const override {
    nn::Dialect dialect{.library = "MONAI",
                        .classifier = {"fc."},
                        .ignored = {"input_block", "downsamples", "bottleneck", "skip_layers"}};
    // Prediction needs none of them, so weights with them are as good.
    if (heads_.size() == 1) dialect.ignored.push_back("deep_supervision_heads");
    return {dialect};
  }

 private:
  static std::shared_ptr<nn::Conv> add_head(torch::nn::Module& around, const std::string& name,
                                            const DecoderInput& input, int64_t width) {
    auto block = around.register_module(name, std::make_shared<torch::nn::Module>());
    return add_wrapped_conv(
        *block, "conv",
        make_dynunet_conv(
            {.dims = input.dims, .in = width, .out = input.outputs, .kernel = 1, .bias = true}));
  }

  std::vector<std::shared_ptr<DynUnetUp>> ups_;   ///< coarsest first
  std::vector<std::shared_ptr<nn::Conv>> heads_;  ///< finest first
  std::shared_ptr<nn::Dropout> dropout_;
};

}  // namespace

DecoderRow dynunet_decoder_row() {
  return decoder_row<DynUnetDecoder, DynUnetDecoderOptions>(
      "dynunet", "decoder of nnU-Net, with deep supervision",
      {.source = "Isensee et al. 2021, doi 10.1038/s41592-020-01008-z",
       .takes = "dynunet",
       .parity = {"MONAI"},
       .prediction = {"deep_supervision=0"}});
}

}  // namespace photo51::backbones
