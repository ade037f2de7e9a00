#pragma once
/// One trained model of an ensemble: its weights and all that was learned beside them, in one file.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/loader.hpp"
#include "photo51/inference/case_map.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/model/predictions.hpp"
#include "photo51/nn/weights/made_for.hpp"

namespace photo51::model {
class Model;
struct Outputs;
}  // namespace photo51::model

namespace photo51::inference {

/// Puts the risks of separately trained models on one scale: (risk - center) / scale, so that 0 is the
/// average patient the model was trained on and 1 one standard deviation more.
struct RiskScale {
  double center = 0, scale = 1;
};

/// What an input's encoder started from, without the folder of the file.
struct PretrainedInput {
  std::string file, library;
  std::vector<std::string> changes;  ///< how the weights were adapted, see nn::Adapted
  nn::MadeFor made_for;
};
/// How images were prepared, as text by the dotted name of the key.
using Prepared = std::map<std::string, std::string>;
/// Spacing and intensities of all inputs that are images.
Prepared prepared_as(const data::Inputs& inputs);

/// What stands beside the weights, in the file's metadata.
struct TrainedModelInfo {
  int64_t fold = 0, repeat = 0;
  data::FittedTransforms fitted;
  std::vector<data::TaskSpec> labels;                   ///< class names included
  std::map<std::string, RiskScale> risks;               ///< by survival head
  std::map<std::string, PretrainedInput> pretrained{};  ///< by input
  Prepared prepared{};                                  ///< at training
  std::map<std::string, std::string> programs{};        ///< see model::Model::programs
  std::map<std::string, std::string> segmenters{};      ///< see data::program_hashes
  bool trained_in_bf16 = false;                         ///< and not in float32
};

struct TrainedModel {
  /// With fresh weights, drawn from LibTorch's generator, or pretrained; then a warning names what of an
  /// input is prepared otherwise than they were made for.
  TrainedModel(const PipelineOptions& pipeline, TrainedModelInfo info_);
  /// Error (data) that names the file: missing, truncated, not ours, of another model, with another program
  /// than at training. Error (usage): images are prepared otherwise than at training (spacing, intensities),
  /// which names the keys.
  static TrainedModel load(const std::filesystem::path& file, const PipelineOptions& pipeline);
  /// Atomic.
  void save(const std::filesystem::path& file) const;
  /// Parameters and buffers by name; they share memory with the model.
  std::vector<std::pair<std::string, at::Tensor>> weights() const;

  TrainedModelInfo info;
  std::map<std::string, data::InputInfo> inputs;
  std::shared_ptr<model::Model> model;
};

std::map<std::string, std::string> to_metadata(const TrainedModelInfo& info);
/// `labels` are those of the model's heads; their class names come from the metadata. Error (data), also
/// where what was fitted is not of these `inputs`.
TrainedModelInfo from_metadata(const std::map<std::string, std::string>& metadata,
                               std::vector<data::TaskSpec> labels, const data::Inputs& inputs);

struct InferenceOptions {
  int64_t batch_size = 8;
  int64_t workers = 2;
  std::vector<preprocess::Axis> flip;         ///< axes: every image mirrored
  std::vector<preprocess::Axis> mirror = {};  ///< see WindowsOptions; of `predict`
  bool maps = false;                          ///< masks that are labels come with the batches
  bool skip_bad = false;
  bool gradients = false;  ///< of `predict`: inputs require a gradient and outputs keep their graph
  std::function<void(int64_t row, const std::string& why)> on_bad;
  std::function<void(int64_t cases)> on_done;  ///< absent: `predict` shows its own progress
  /// Of `predict`: told of what the model says of every batch.
  std::function<void(const data::Batch& batch, const model::Outputs& outputs,
                     const std::map<std::string, at::Tensor>& predicted)>
      on_outputs;
};
/// Hands every batch of `rows` to `each`, and then its number of cases to `on_done` where there is one.
/// Unless gradients are asked for, large bags are encoded already (InputBatch::features), which only a model
/// in `eval` does.
void for_each_batch(const TrainedModel& member, const data::Cohort& cohort, const data::CaseLoader& cases,
                    const std::vector<int64_t>& rows, const InferenceOptions& options,
                    const std::function<void(const data::Batch& batch)>& each);

/// What a head that outlines draws of each of `rows`, by all members together, told case by case.
/// `images` may have been made for any of the members. Bad cases are those of `options`.
void predict_maps(const std::vector<TrainedModel*>& members, const data::Cohort& cohort,
                  const data::CaseLoader& images, const std::vector<int64_t>& rows,
                  const InferenceOptions& options, const std::function<void(const CaseMap& map)>& on_map);

/// The rows that have at least one of the cohort's inputs; the others are told to `without`.
std::vector<int64_t> with_any_input(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                    const std::function<void(int64_t row, const std::string& why)>& without);

/// The member's own predictions, `low` = `high` = `value`, case by case in the order of `rows`; heads that
/// outline are no part of them (`on_outputs`, predict_maps).
std::vector<model::Prediction> predict(TrainedModel& member, const data::Cohort& cohort,
                                       const data::CaseLoader& cases, const std::vector<int64_t>& rows,
                                       const InferenceOptions& options);
/// The same of a batch that is prepared already, whose images are as large as the network takes; a head that
/// outlines says of each class the mean probability over all places.
std::vector<model::Prediction> predict(TrainedModel& member, const data::Batch& batch);

/// Averages members that predicted the same cases. Probabilities (of heads with classes, by `labels`): the
/// mean, and an interval of mean ± 1.96 standard deviations of the members' logits, back as probabilities.
/// Values and risks: the same without the logit. One member: low = high = value.
std::vector<model::Prediction> combine(const std::vector<std::vector<model::Prediction>>& members,
                                       const std::vector<data::TaskSpec>& labels);

}  // namespace photo51::inference
