#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include <numeric>

#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/radiogenomics/losses/segmentation.hpp"
#include "radiogenomics/heads/rows.hpp"

namespace photo51::radiogenomics {
namespace {

/// `labels` [B, ...] at a coarser size, by the nearest place.
at::Tensor coarser_labels(const at::Tensor& labels, at::IntArrayRef size) {
  if (labels.sizes().slice(1) == size) return labels;
  const at::Tensor wide = labels.unsqueeze(1).to(at::kFloat);
  const at::Tensor nearest = size.size() == 3 ? at::_upsample_nearest_exact3d(wide, size, std::nullopt)
                                              : at::_upsample_nearest_exact2d(wide, size, std::nullopt);
  return nearest.squeeze(1).to(at::kLong);
}

/// A decoder behind one input's network; where it makes coarser maps in training, each counts half of the one
/// before (Isensee et al., nnU-Net, Nature Methods 2021).
class Segmentation final : public Head {
 public:
  Segmentation(const SegmentationHeadOptions& options, const backbones::DecoderInput& network)
      : decoder_(register_module("decoder", backbones::make_decoder(options.decoder, network))),
        loss_(make_segmentation_loss(options.loss)) {}

  at::Tensor forward(const at::Tensor&) override {
    core::fail_usage("the head draws a map of one input and sees no embedding of the case");
  }
  std::vector<at::Tensor> forward_maps(const backbones::Features& found, const at::Tensor& image) override {
    return decoder_->forward(found, image);
  }
  void fit(const data::Targets& training) override { known_values(training); }
  at::Tensor predict(const at::Tensor& raw) override { return raw.softmax(1); }

  at::Tensor map_loss(const std::vector<at::Tensor>& raw, const data::Targets& labels) override {
    if (!labels.map.defined()) return {};
    const at::Tensor rows = data::known_rows(labels);
    if (rows.numel() == 0) return {};
    const at::Tensor maps = labels.map.index_select(0, rows).to(raw.front().device());
    const auto weights = deep_supervision_weights(static_cast<int64_t>(raw.size()));
    at::Tensor total;
    for (size_t i = 0; i < raw.size(); ++i) {
      const at::Tensor wide = raw[i].scalar_type() == at::kDouble ? raw[i] : raw[i].to(at::kFloat);
      const at::Tensor one =
          (*loss_)(wide.index_select(0, rows.to(wide.device())), coarser_labels(maps, wide.sizes().slice(2)))
              .mean() *
          weights[i];
      total = total.defined() ? total + one : one;
    }
    return total;
  }

 protected:
  at::Tensor known_loss(const at::Tensor& raw, const data::Targets& known) override {
    return map_loss({raw}, known);
  }

 private:
  std::shared_ptr<backbones::Decoder> decoder_;
  std::shared_ptr<const SegmentationLoss> loss_;
};

}  // namespace

TaskHead segmentation_head() {
  TaskHead row = head_row<SegmentationHeadOptions>();
  row.label = [](const config::Choice& head, data::TaskSpec& spec) {
    const auto& options = head.as<SegmentationHeadOptions>();
    spec.input = options.input;
    spec.inputs = {options.input};
    spec.classes = options.classes;
    spec.values = options.values;
    if (spec.values.empty() && spec.classes.size() > 1) {
      spec.values.resize(spec.classes.size());
      std::iota(spec.values.begin(), spec.values.end(), 1);
    }
  };
  row.make_map = [](const config::Choice& head, const data::TaskSpec&,
                    const backbones::DecoderInput& network) -> std::shared_ptr<Head> {
    return std::make_shared<Segmentation>(head.as<SegmentationHeadOptions>(), network);
  };
  row.input = [](const config::Choice& head) -> const std::string& {
    return head.as<SegmentationHeadOptions>().input;
  };
  return row;
}

}  // namespace photo51::radiogenomics
