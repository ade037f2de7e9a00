#pragma once
/// New cases for a trained model, from a manifest: what predict and evaluate share.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/inference/predictor.hpp"

namespace photo51::commands {

/// The option --device.
void add_device(CLI::App& command, std::string& device);
/// The model's cohort options with another manifest.
data::CohortOptions new_cohort(const inference::Predictor& predictor, const std::filesystem::path& manifest);
/// Predicts all rows; says how many cases were left out. Error (data) when none is left.
std::vector<model::Prediction> predict_all(const inference::Predictor& predictor, const data::Cohort& cohort,
                                           inference::PredictOptions options);
/// `predictions.csv`, `predictions.json` and `warnings.csv`: what was odd about the files.
void write_predictions(const std::vector<model::Prediction>& predictions, const data::Cohort& cohort,
                       const std::filesystem::path& folder);

}  // namespace photo51::commands
