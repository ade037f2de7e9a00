#pragma once
/// What the model sees: stacked inputs, each with its presence mask, and labels with theirs. Bags (views,
/// frames, tiles) stay ragged: values and offsets, no padding.

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/case.hpp"
#include "photo51/data/task/targets.hpp"

namespace photo51::data {

class BagStream;

/// One input of a batch. Rows of absent cases hold zeros and must not be read. What says which rows there are
/// stays on the host, wherever the values are, so that nothing has to ask a GPU for it.
struct InputBatch {
  at::Tensor values;   ///< image [B, C, D, H, W] or [B, C, H, W]; tabular [B, F]; float32, or uint8 with a
                       ///< `lookup`. A bag: [N, C, ...], the instances of all cases one after the other
  at::Tensor present;  ///< [B] bool, on the host
  at::Tensor channel_present;  ///< [B, C] bool for images (a missing sequence is a zero channel), [B, views]
                               ///< for bags; undefined else
  at::Tensor offsets =
      {};  ///< bags: [B + 1] int64, on the host; case b has instances offsets[b] to offsets[b + 1] - 1
  at::Tensor view =
      {};  ///< bags: [N] int64, on the host, which of the input's channels an instance comes from
  /// [C, 256] float32: what a byte of each channel stands for, where `values` are still those of the files.
  at::Tensor lookup = {};
  /// Bags whose instances are not decoded yet (Loader::Options::encode_bags); `values`, `channel_present`,
  /// `offsets` and `view` are undefined then.
  std::shared_ptr<BagStream> stream = {};
  /// Bags whose instances are encoded already, [N, D] float32; `values` is undefined then.
  at::Tensor features = {};
  /// Images where nothing is random: by case, where its voxels lie; null where it is absent. Empty for
  /// others.
  std::vector<std::shared_ptr<const ImageGrids>> grids = {};
  /// [B] int64, on the host: the class of the label that the encoder asks for in training, -1 where it is not
  /// known; undefined otherwise.
  at::Tensor classes = {};
};

struct Batch {
  std::map<std::string, InputBatch> inputs;
  std::map<std::string, Targets> labels;  ///< by head
  std::vector<std::string> cases;

  int64_t size() const { return static_cast<int64_t>(cases.size()); }
};

/// The same with its values on a device; nothing is copied that is there.
InputBatch to(const InputBatch& input, at::Device device);

/// Bytes as float32, on their device; `values` itself where `lookup` is undefined. Dimension number `channel`
/// is that of the channels.
at::Tensor floats(const at::Tensor& values, const at::Tensor& lookup, int64_t channel);
/// The same input with `values` as float32.
InputBatch floats(InputBatch input);

}  // namespace photo51::data
