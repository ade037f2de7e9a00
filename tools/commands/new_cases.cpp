#include "commands/new_cases.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {

void add_allow_unfinished(CLI::App& command, bool& allowed) {
  command.add_flag("--allow-unfinished", allowed,
                   "take a run whose models are not all trained; every output says so");
}

void add_data_root(CLI::App& command, std::filesystem::path& folder) {
  command.add_option("--data-root", folder,
                     "folder that relative paths in the manifest are taken from; else the manifest's own");
}

void add_precision(CLI::App& command, std::string& precision) {
  command
      .add_option("--precision", precision,
                  "fp32, bf16, or auto: bf16 where the model was trained in it and the processor has it")
      ->check(CLI::IsMember(std::vector<std::string>{"auto", "fp32", "bf16"}))
      ->capture_default_str();
}

inference::Precision precision_of(const std::string& name) {
  const auto names = inference::enum_names(inference::Precision{});
  return static_cast<inference::Precision>(std::ranges::find(names, name) - names.begin());
}

void add_options(CLI::App& command, NewCases& cases) {
  command.add_option("--device", cases.device, "cpu, cuda, cuda:N, or auto: a GPU where one answers")
      ->capture_default_str();
  add_precision(command, cases.precision);
  add_data_root(command, cases.data_root);
  add_allow_unfinished(command, cases.allow_unfinished);
}

void add_mirror(CLI::App& command, std::vector<std::string>& axes) {
  command
      .add_option(
          "--mirror", axes,
          "of a model that outlines: also the image mirrored along these axes and all combinations of them, "
          "e.g. x,y,z")
      ->delimiter(',')
      ->check(CLI::IsMember(std::vector<std::string>{"x", "y", "z"}));
}

std::vector<preprocess::Axis> axes_of(const std::vector<std::string>& names) {
  const auto known = preprocess::enum_names(preprocess::Axis{});
  std::vector<preprocess::Axis> axes;
  for (const auto& name : names) {
    const auto axis = static_cast<preprocess::Axis>(std::ranges::find(known, name) - known.begin());
    if (std::ranges::find(axes, axis) == axes.end()) axes.push_back(axis);
  }
  return axes;
}

std::function<void(const inference::CaseMap& map)> map_writer(const inference::Predictor& predictor,
                                                              const std::filesystem::path& folder) {
  return [labels = predictor.labels(), folder](const inference::CaseMap& map) {
    for (const auto& label : labels)
      if (label.head == map.head) inference::write_map(map, label, folder);
  };
}

void add_heat_maps(CLI::App& command, NewCases& cases) {
  auto* flag = command.add_flag("--heat-maps", cases.heat_maps,
                                "of bags: OUT/CASE/INPUT.attention.csv, of slides INPUT.heatmap.png, "
                                "INPUT.geojson (for QuPath) and INPUT.top/1.png … too");
  command
      .add_option("--top-tiles", cases.heat_map_options.top_tiles, "pictures of the tiles of most attention")
      ->needs(flag)
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command
      .add_option("--heat-map-pixels", cases.heat_map_options.pixels,
                  "along the longer side of a slide in INPUT.heatmap.png")
      ->needs(flag)
      ->check(CLI::Range(64, 16384))
      ->capture_default_str();
}

inference::Predictor open_model(const NewCases& cases) {
  run::refuse_output_folder(cases.out, "--out");
  for (const auto& assignment : cases.overrides)
    for (const std::string without_effect : {"cohort.manifest", "cohort.data_root", "cohort.split"})
      if (assignment.starts_with(without_effect + "=") || assignment.starts_with(without_effect + "."))
        core::fail_usage("override `" + assignment +
                         "`: has no effect here; the new cases are those of --cases (and --data-root)");
  inference::Predictor predictor(cases.model, cases.overrides, cases.device, cases.allow_unfinished,
                                 precision_of(cases.precision));
  core::log_info("predicts in " + predictor.way().why);
  if (!predictor.unfinished().empty())
    core::log_warning(cases.model.string() + ": the run is not finished: " + predictor.unfinished());
  return predictor;
}

data::CohortOptions new_cohort(const inference::Predictor& predictor, const NewCases& cases) {
  data::CohortOptions options = predictor.pipeline().cohort;
  options.manifest = std::filesystem::absolute(cases.manifest);
  options.data_root = cases.data_root.empty() ? cases.data_root : std::filesystem::absolute(cases.data_root);
  options.split = {};
  return options;
}

std::vector<inference::CaseResult> predict_all(const inference::Predictor& predictor,
                                               const data::Cohort& cohort, inference::PredictOptions options,
                                               const NewCases& cases,
                                               std::vector<inference::HeatMap>* heat_maps) {
  std::vector<int64_t> rows(static_cast<size_t>(cohort.size()));
  std::iota(rows.begin(), rows.end(), 0);
  int64_t left_out = 0;
  options.skip_bad = predictor.pipeline().cohort.on_bad_case == data::BadCase::skip;
  options.on_bad = [&](const std::string& name, const std::string& why) {
    ++left_out;
    cohort.report_left_out(name, why);
  };
  // The instances of large bags come and go in blocks of megabytes, between which what is kept of each would
  // pin the heap: with a slide of 20,000 tiles of 224 pixels it grew by gigabytes.
  const auto& inputs = predictor.pipeline().inputs;
  if (std::ranges::any_of(inputs, [](const auto& input) { return data::is_bag(input.second); }))
    core::return_freed_memory();
  std::optional<inference::HeatMapWriter> writer;
  if (cases.heat_maps) {
    writer.emplace(predictor.pipeline(), cohort, cases.heat_map_options, cases.out);
    options.attention = true;
    options.on_result = [&](inference::CaseResult& result) {
      writer->write(result);
      result.attention.clear();
    };
  }
  auto results = predictor.results(cohort, rows, options);
  if (writer) writer->summarise();
  if (writer && heat_maps != nullptr) *heat_maps = writer->written();
  if (left_out > 0)
    core::log_warning(std::to_string(left_out) + " of " + std::to_string(cohort.size()) +
                      " cases are left out");
  cohort.summarise_warnings();
  if (results.empty()) core::fail_data("no case could be predicted");
  return results;
}

void write_predictions(const std::vector<inference::CaseResult>& results, const data::Cohort& cohort,
                       const inference::Predictor& predictor, const std::filesystem::path& folder) {
  core::make_directories(folder);
  core::write_file_atomic(folder / run::name::predictions,
                          inference::to_csv(results, predictor.unfinished()));
  core::write_file_atomic(folder / run::name::predictions_json,
                          inference::to_json(results, predictor.unfinished()));
  core::write_file_atomic(folder / run::name::warnings, data::to_csv(cohort.warnings()));
}

}  // namespace photo51::commands
