#pragma once
/// A trained model on new cases: every fold's weights, optionally with flips, averaged; intervals over the
/// members.

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "photo51/data/load/batch.hpp"
#include "photo51/data/load/fit.hpp"
#include "photo51/inference/case_map.hpp"
#include "photo51/inference/case_result.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/inference/way.hpp"
#include "photo51/preprocess/augment/axis.hpp"

namespace photo51::inference {

struct PredictOptions {
  int64_t batch_size = 8;
  int64_t workers = 2;
  bool flips = false;  ///< test-time augmentation: also the left-right mirrored case
  /// Test-time augmentation of models with a head that outlines: also the image mirrored along each of these
  /// axes and all combinations of them (inference/windows.hpp).
  std::vector<preprocess::Axis> mirror = {};
  /// Told of every map that is drawn, case by case in the order of the rows.
  std::function<void(const CaseMap& map)> on_map = {};
  std::vector<int64_t> members;  ///< folds to use; empty = all
  bool skip_bad = false;         ///< a case that cannot be read is reported and left out, instead of an Error
  bool embeddings = false;       ///< fills CaseResult::embedding
  bool attention = false;        ///< fills CaseResult::attention
  /// Fills CaseResult::graphs: inputs require a gradient, and outputs, embeddings and attention keep their
  /// graph. Cases then pass one by one, whatever the batch size, and a graph takes the memory of a step of
  /// training for as long as it is kept.
  bool gradients = false;
  /// Told of every result before the next cases are predicted, and may take from it what need not be kept.
  /// Its warnings come later.
  std::function<void(CaseResult& result)> on_result;
  /// Told of every case that is left out; a warning is logged where it is empty.
  std::function<void(const std::string& case_id, const std::string& why)> on_bad;
};

/// How much of prepared images `passes` passes over the same cases (a model and a flip each) share in memory:
/// nothing of a single one, and less where cases are bags, whose size has no limit.
int64_t shared_images_mib(int64_t passes, bool bags);

class Predictor {
 public:
  /// A run folder (`config.yaml`, `checkpoints/fold_K/best.safetensors`) or a published model (`model.yaml`,
  /// `weights*.safetensors`), with `key=value` overrides of its config, on a device as of
  /// core::resolve_device. A published model names nothing outside its folder, and neither file extends
  /// another. Errors (data/usage) name the missing or broken file. A run of which models are
  /// missing is an Error (usage) unless that is allowed.
  explicit Predictor(const std::filesystem::path& folder, const std::vector<std::string>& overrides = {},
                     const std::string& device = "cpu", bool allow_unfinished = false,
                     Precision precision = Precision::automatic);
  ~Predictor();
  Predictor(Predictor&&) noexcept;
  Predictor& operator=(Predictor&&) noexcept;

  const PipelineOptions& pipeline() const;
  /// What is missing of the run that made the model, in words, for every output; empty when it was finished.
  const std::string& unfinished() const;
  /// How it computes, and why so. Not where gradients are asked for: then layers run as in training, in
  /// float32.
  const ChosenWay& way() const;
  /// What the heads mean, class names included.
  std::vector<data::TaskSpec> labels() const;
  /// How many models vote.
  int64_t size() const;
  /// Case by case in the order of `rows`; see `combine` for value, low and high. Flips count as further
  /// members. Of a head that outlines there is a row a class, its volume in ml on the file's own grid; cases
  /// of such a model pass one by one. Errors (usage): flips of such a model, mirrors of another. A case with
  /// none of the model's inputs is reported and left out: there is nothing to go by.
  std::vector<CaseResult> results(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                  const PredictOptions& options = {}) const;
  /// The values of `results` alone.
  std::vector<model::Prediction> predict(const data::Cohort& cohort, const std::vector<int64_t>& rows,
                                         const PredictOptions& options = {}) const;
  /// What a batch has to look like for a member, 0 to `size` - 1: what was fitted may differ among them.
  const std::map<std::string, data::InputInfo>& inputs(int64_t member) const;
  /// What one member alone says of a batch that is prepared already, as in `results`: case by case, `low` =
  /// `high` = `value`.
  std::vector<model::Prediction> predict(int64_t member, const data::Batch& batch) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Writes the trained models of a run as a published model: `model.yaml` (cohort columns, inputs, model) and
/// `weights.safetensors`, or `weights_K.safetensors` where there are several. Of a run that is not finished
/// `model.yaml` says so. Categories that few training patients have lose their names
/// (data/tables/rare_categories.hpp) unless `keep_rare`. Errors: usage (not a run, not finished, of a version
/// that did not count the patients of its categories, `folder` holds a model or a run already), data (a
/// broken checkpoint). The model gets a self-test (inference/self_test.hpp); where it cannot say anything of
/// made-up cases, a warning says so and it is published without.
void export_model(const std::filesystem::path& run, const std::filesystem::path& folder,
                  bool allow_unfinished = false, bool keep_rare = false);

}  // namespace photo51::inference
