#pragma once
/// The options of heads: a struct a task, chosen by `task:`.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/radiogenomics/losses/segmentation_options.hpp"

namespace photo51::radiogenomics {

/// The key that chooses.
inline constexpr const char* task_key = "task";

/// Of every head. The options of a task derive from this or from one of the three below, say which task by
/// `static constexpr const char* task`, and have a `describe` of their own where they have further keys.
struct HeadOptions {
  std::vector<std::string> inputs;  ///< what the head sees; empty = all encoders
  double weight = 1;                ///< of the head's loss
};
void describe(config::Fields& f, HeadOptions& o);

/// Of heads whose labels are a column of the manifest.
struct ColumnHeadOptions : HeadOptions {
  std::string label;  ///< the column; empty = the head's name (survival: `time`)
};
void describe(config::Fields& f, ColumnHeadOptions& o);

/// Of heads whose task has estimators.
struct EstimatorHeadOptions : ColumnHeadOptions {
  config::Choice estimator;                       ///< absent: a linear layer, trained with the encoders
  std::vector<config::Choice> feature_selection;  ///< with an estimator: one after the other, before it
  /// With an estimator: each sample (Breiman 1996) is selected and fitted anew, and they are averaged.
  int64_t bootstrap_samples = 1;
};
void describe(config::Fields& f, EstimatorHeadOptions& o);

/// inverse: by inverse frequency, fitted on the training part.
enum class ClassWeights { none, inverse };
/// Of a survival time, which the report keeps.
enum class TimeUnit { days, months, years };
/// usual: cox_efron, and with an estimator that one's own.
enum class SurvivalLoss { usual, cox_efron, discrete_nll };
/// As configs write them.
std::span<const std::string_view> enum_names(ClassWeights);
std::span<const std::string_view> enum_names(TimeUnit);
std::span<const std::string_view> enum_names(SurvivalLoss);

/// Of heads that tell classes apart.
struct ClassHeadOptions : EstimatorHeadOptions {
  ClassWeights class_weights = ClassWeights::none;
  double label_smoothing = 0;
};
void describe(config::Fields& f, ClassHeadOptions& o);

struct BinaryHeadOptions : ClassHeadOptions {
  static constexpr const char* task = "binary";
  std::vector<std::string> positive, negative;  ///< words of the column; data::TaskSpec
};
void describe(config::Fields& f, BinaryHeadOptions& o);

struct MulticlassHeadOptions : ClassHeadOptions {
  static constexpr const char* task = "multiclass";
  std::vector<std::string> classes;  ///< names, or one number (how many; names come from the data)
};
void describe(config::Fields& f, MulticlassHeadOptions& o);

struct RegressionHeadOptions : EstimatorHeadOptions {
  static constexpr const char* task = "regression";
};

struct SurvivalHeadOptions : EstimatorHeadOptions {
  static constexpr const char* task = "survival";
  std::string event = "event";                  ///< manifest column
  std::vector<std::string> positive, negative;  ///< words of that column; data::TaskSpec
  TimeUnit time_unit = TimeUnit::days;          ///< of the label
  SurvivalLoss loss = SurvivalLoss::usual;
  int64_t bins = 8;  ///< discrete_nll
};
void describe(config::Fields& f, SurvivalHeadOptions& o);

struct ExpressionHeadOptions : HeadOptions {
  static constexpr const char* task = "expression";
  std::string table;               ///< the measured values; beside the manifest
  std::vector<std::string> genes;  ///< keeps these; empty = all
};
void describe(config::Fields& f, ExpressionHeadOptions& o);

/// A mask file a case; classes are what it tells apart, without the background.
struct SegmentationHeadOptions : ColumnHeadOptions {
  static constexpr const char* task = "segmentation";
  std::string input;                                ///< the image that is outlined
  std::vector<std::string> classes;                 ///< names
  std::vector<int64_t> values;                      ///< of the mask's voxels, a class each; empty: 1, 2, …
  config::Choice decoder = config::choose("auto");  ///< a row of backbones::decoders
  config::Choice loss = config::choose("dice_ce", DiceCeOptions{});  ///< a row of segmentation_losses
};
void describe(config::Fields& f, SegmentationHeadOptions& o);

/// A head from C++: `{{"idh", head(BinaryHeadOptions{})}}`.
template <class Options>
config::Choice head(Options options) {
  return config::choose(Options::task, std::move(options));
}

}  // namespace photo51::radiogenomics
