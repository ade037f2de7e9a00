#include <c10/util/Exception.h>

#include "inference/model_files.hpp"
#include "inference/programs.hpp"
#include "inference/published.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/data/tables/rare_categories.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/self_test.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::inference {

namespace fs = std::filesystem;

namespace {

/// What lies outside the manifest's folder is looked for in it by its name alone.
void stay_inside(std::string& table, const std::string& key) {
  if (!leads_out(table)) return;
  const std::string name = fs::path(table).filename().string();
  core::log_info(key + ": the published model looks for `" + name + "` beside the manifest, not for " +
                 table);
  table = name;
}

/// The files that the model needs go with it; what leads elsewhere does not.
void take_along(PipelineOptions& pipeline, const fs::path& folder) {
  for (auto& [name, input] : pipeline.inputs) {
    const data::NamedFiles named = data::named_files(input);
    if (named.table != nullptr) stay_inside(*named.table, "inputs." + name + ".table");
    if (named.reference == nullptr || named.reference->empty()) continue;
    const fs::path copy = "stain_reference_" + name + named.reference->extension().string();
    core::write_file_atomic(folder / copy, core::read_file(*named.reference));
    *named.reference = copy;
  }
  for (const auto& program : program_files(pipeline)) {
    core::write_file_atomic(folder / program.name(), core::read_file(*program.file));
    *program.file = program.name();
  }
  for (auto& [name, head] : pipeline.model.heads)
    if (auto* table = radiogenomics::named_table(head)) stay_inside(*table, "model.heads." + name + ".table");
}

void tell_of_hidden(const data::Hidden& hidden) {
  for (const auto& [what, count] : hidden)
    core::log_warning(what + ": " + std::to_string(count.first) + " of " + std::to_string(count.second) +
                      " categories had fewer than " + std::to_string(data::fewest_patients) +
                      " training patients and are published without their names; a patient who has one is "
                      "predicted as one whose category was not seen in training");
}

void warn_of_no_self_test(const fs::path& folder, const std::string& why) {
  core::log_warning(
      folder.string() +
      ": is published without a self-test, so that `photo51 doctor --model` cannot tell whether "
      "another machine computes the same: " +
      why);
}

/// A network that takes nothing but real cases is published all the same.
void add_self_test(const fs::path& folder) {
  try {
    write_self_test(folder);
  } catch (const core::Error& error) {
    if (error.fault() != core::Fault::data && error.fault() != core::Fault::usage) throw;
    warn_of_no_self_test(folder, error.what());
  } catch (const c10::Error& error) {
    warn_of_no_self_test(folder, error.what_without_backtrace());
  }
}

}  // namespace

void export_model(const fs::path& run, const fs::path& folder, bool allow_unfinished, bool keep_rare) {
  const ModelFiles files = find_model(run, allow_unfinished);
  if (files.config.filename() != run::name::config)
    core::fail_usage(run.string() + ": is a published model already; give the folder of a run");
  run::refuse_output_folder(folder, "--out");
  std::error_code code;
  if (fs::is_directory(folder, code))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors")
        core::fail_usage(folder.string() + ": holds " + entry.path().filename().string() +
                         " already, which would be replaced or taken for a part of the model; choose another "
                         "folder");
  PipelineOptions pipeline = read_pipeline(load_config(files));
  // Whom it was trained on is the run's affair.
  const auto cohort = pipeline.cohort;
  pipeline.cohort = {};
  pipeline.cohort.id = cohort.id;
  pipeline.cohort.site = cohort.site;
  data::Hidden hidden;
  const auto published = [&](const fs::path& file) {
    TrainedModel member = TrainedModel::load(file, pipeline);
    auto& fitted = member.info.fitted;
    core::with_context(file.string(), [&] {
      fitted = keep_rare ? data::without_counts(fitted) : data::without_rare(fitted, hidden);
    });
    return member;
  };
  for (const auto& file : files.weights) published(file);  // errors come before anything is written
  tell_of_hidden(hidden);

  core::make_directories(folder);
  take_along(pipeline, folder);
  config::Node document = config::dump(pipeline);
  for (const auto& program : program_files(pipeline)) *program.file = folder / *program.file;
  document.find("cohort")->erase("split");
  document.find("cohort")->erase("cache");
  if (!files.unfinished.empty()) document.set(unfinished_key, config::Node::scalar(files.unfinished, true));
  for (size_t i = 0; i < files.weights.size(); ++i) {
    published(files.weights[i]).save(folder / run::published_weights_name(i, files.weights.size()));
  }
  core::write_file_atomic(folder / run::name::published, config::to_yaml(document));
  add_self_test(folder);
}

}  // namespace photo51::inference
