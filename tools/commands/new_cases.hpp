#pragma once
/// New cases for a trained model, from a manifest: what predict and evaluate share.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "photo51/inference/heat_map.hpp"
#include "photo51/inference/predictor.hpp"

namespace photo51::commands {

/// What predict and evaluate take of the model and of the cases.
struct NewCases {
  std::filesystem::path model, manifest, data_root, out;
  std::vector<std::string> overrides;
  std::string device = "auto", precision = "auto";
  bool allow_unfinished = false;
  bool heat_maps = false;
  inference::HeatMapOptions heat_map_options = {};
};
/// The options --device, --precision, --data-root and --allow-unfinished.
void add_options(CLI::App& command, NewCases& cases);
/// --heat-maps, --top-tiles, --heat-map-pixels.
void add_heat_maps(CLI::App& command, NewCases& cases);
void add_allow_unfinished(CLI::App& command, bool& allowed);
void add_data_root(CLI::App& command, std::filesystem::path& folder);

/// The option --mirror, and the axes that its words name.
void add_mirror(CLI::App& command, std::vector<std::string>& axes);
std::vector<preprocess::Axis> axes_of(const std::vector<std::string>& names);
/// Writes each map to `folder`/CASE/HEAD.nii.gz.
std::function<void(const inference::CaseMap& map)> map_writer(const inference::Predictor& predictor,
                                                              const std::filesystem::path& folder);

/// The model on the device. Error (usage) when it is not finished, when an override would have no effect on
/// new cases, or when `out` holds a run or a model.
inference::Predictor open_model(const NewCases& cases);
void add_precision(CLI::App& command, std::string& precision);
inference::Precision precision_of(const std::string& name);
/// The model's cohort options with another manifest.
data::CohortOptions new_cohort(const inference::Predictor& predictor, const NewCases& cases);
/// Predicts all rows; says how many cases were left out. Writes heat maps into `cases.out` where they are
/// asked for, and tells `heat_maps`. Errors: data (none is left), those of HeatMapWriter.
std::vector<inference::CaseResult> predict_all(const inference::Predictor& predictor,
                                               const data::Cohort& cohort, inference::PredictOptions options,
                                               const NewCases& cases,
                                               std::vector<inference::HeatMap>* heat_maps = nullptr);
/// `predictions.csv` and `predictions.json`, which say what was missing of a model that was not finished, and
/// `warnings.csv`: what was odd about the files.
void write_predictions(const std::vector<inference::CaseResult>& results, const data::Cohort& cohort,
                       const inference::Predictor& predictor, const std::filesystem::path& folder);

}  // namespace photo51::commands
