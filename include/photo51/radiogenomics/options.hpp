#pragma once
/// The options of the heads and of the encoders of tables (omics, clinical, lesion descriptors).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::radiogenomics {

struct HeadOptions {
  std::string task;   ///< a row of the table of heads (heads/table.hpp)
  std::string label;  ///< manifest column; empty = the head's name (survival: `time`)
  std::string event = "event";
  std::vector<std::string> positive, negative;  ///< words of a binary label or an event; data::TaskSpec
  std::string time_unit = "days";               ///< survival: of the label; or months, years
  std::vector<std::string>
      classes;                     ///< multiclass: names, or one number (how many; names come from the data)
  std::string table;               ///< expression: the measured values
  std::vector<std::string> genes;  ///< expression: keeps these
  std::string loss;                ///< survival: cox_efron (default), discrete_nll; else empty
  int64_t bins = 8;                ///< discrete_nll
  double weight = 1;               ///< of the head's loss
  std::string class_weights = "none";  ///< or inverse: inverse frequency, fitted on the training part
  double label_smoothing = 0;
  std::vector<std::string> inputs;                ///< what the head sees; empty = all encoders
  config::Choice estimator;                       ///< absent: a linear layer, trained with the encoders
  std::vector<config::Choice> feature_selection;  ///< with an estimator: one after the other, before it
  /// With an estimator: each sample (Breiman 1996) is selected and fitted anew, and they are averaged.
  int64_t bootstrap_samples = 1;
};
void describe(config::Fields& f, HeadOptions& o);
/// `classes: 4`: how many, where the names come from the data; nothing when names were given.
std::optional<int64_t> class_count(const HeadOptions& options);

/// Klambauer et al., Self-normalizing neural networks, NeurIPS 2017.
struct SnnOptions {
  std::vector<int64_t> hidden{64, 32};
  double dropout = 0.1;  ///< alpha dropout after each layer
  double noise = 0;      ///< deviation of Gaussian noise on the input in training (Bishop 1995: Tikhonov)
};
void describe(config::Fields& f, SnnOptions& o);

struct LinearOptions {
  int64_t width = 0;  ///< features of the embedding; has to be given
  double dropout = 0;
};
void describe(config::Fields& f, LinearOptions& o);

struct IdentityOptions {
  double dropout = 0;
};
void describe(config::Fields& f, IdentityOptions& o);

}  // namespace photo51::radiogenomics
