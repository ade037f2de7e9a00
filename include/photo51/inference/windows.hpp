#pragma once
/// What a model says of a case whose image is larger than what its network takes at once.

#include <cstdint>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/model/model.hpp"
#include "photo51/preprocess/augment/axis.hpp"

namespace photo51::inference {

struct TrainedModel;

struct WindowsOptions {
  int64_t windows = 4;  ///< that pass together
  /// Test-time augmentation: the image is also seen mirrored along each of these axes and along all of their
  /// combinations, and logits are averaged, those of maps mirrored back.
  std::vector<preprocess::Axis> mirror = {};
};

/// The outputs of a batch that was loaded whole (data::CaseLoader without a random key). Where an input is
/// seen in parts (InputInfo::window), its network runs on windows side by side
/// (nn/inference/sliding_window.hpp): maps are blended with Gaussian weights, and what other heads say, with
/// embeddings, is the mean over the windows; attention is not kept. Maps lie on the prepared image, [B, K, D,
/// H, W] also where the network sees slices. Else `forward` of the model. Errors (usage): several cases where
/// an input is seen in parts; an axis that the images lack.
model::Outputs forward_whole(TrainedModel& member, const data::Batch& batch,
                             const WindowsOptions& options = {});

/// Whether an input is seen in parts, so that cases pass one by one.
bool sees_parts(const std::map<std::string, data::InputInfo>& inputs);

}  // namespace photo51::inference
