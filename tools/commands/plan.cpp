// photo51 plan COHORT.csv: a config from the manifest's columns and what its images hold.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/text.hpp"
#include "photo51/training/plan/experiment_plan.hpp"
#include "photo51/training/run/experiment.hpp"

namespace photo51::commands {
namespace {

namespace fs = std::filesystem;

struct PlanArguments {
  training::PlanRequest request;
  fs::path out;
  bool overwrite = false;
  std::vector<std::string> inputs, labels;  ///< COLUMN=MODALITY, COLUMN[=TASK]
};

/// `COLUMN=WORD` at the last `=`; without one the word is empty.
std::pair<std::string, std::string> assignment(const std::string& text) {
  const size_t at = text.rfind('=');
  if (at == std::string::npos) return {text, ""};
  return {text.substr(0, at), text.substr(at + 1)};
}

void read_hints(PlanArguments& arguments) {
  for (const auto& text : arguments.inputs) {
    const auto [column, modality] = assignment(text);
    if (modality.empty()) core::fail_usage("--input " + text + ": takes COLUMN=MODALITY");
    arguments.request.hints.inputs[column] = modality;
  }
  for (const auto& text : arguments.labels) arguments.request.hints.labels.insert(assignment(text));
}

void print_plan(const training::ExperimentPlan& plan, const fs::path& out, bool json) {
  if (json) {
    nlohmann::ordered_json document{{"config", out.string()},
                                    {"inputs", plan.inputs},
                                    {"heads", plan.heads},
                                    {"left_out", nlohmann::ordered_json::array()}};
    for (const auto& note : plan.left_out)
      document["left_out"].push_back({{"column", note.column}, {"why", note.text}});
    std::printf("%s\n", core::json_text(document).c_str());
    return;
  }
  const auto line = [](const char* what, const std::string& text) {
    std::printf("%-9s %s\n", what, core::shown(text).c_str());
  };
  for (const auto& input : plan.inputs) line("input", input);
  for (const auto& head : plan.heads) line("head", head);
  for (const auto& note : plan.left_out) line("left out", note.column + ": " + note.text);
  line("config", out.string());
}

void plan_cohort(PlanArguments arguments, bool json) {
  read_hints(arguments);
  std::error_code code;
  if (!arguments.out.empty() && !arguments.overwrite && fs::exists(arguments.out, code))
    core::fail_usage(arguments.out.string() + ": is there already; choose another --out, or --overwrite");
  const auto plan = training::plan_experiment(arguments.request);
  if (arguments.out.empty()) {
    std::fputs(plan.yaml.c_str(), stdout);
    return;
  }
  core::write_file_atomic(arguments.out, plan.yaml);
  training::read_experiment(arguments.out);
  print_plan(plan, arguments.out, json);
}

}  // namespace

void add_plan(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand(
      "plan", "write a config for a cohort, from its columns and what its images hold, with the reasons");
  auto arguments = std::make_shared<PlanArguments>();
  auto& request = arguments->request;
  command->add_option("manifest", request.manifest, "CSV or TSV, one row a patient")->required();
  command->add_option("--out", arguments->out, "the config; without it it is printed");
  command->add_flag("--overwrite", arguments->overwrite, "replace --out");
  command->add_option("--memory", request.memory_gb, "GB that a training step may take")
      ->capture_default_str();
  command
      ->add_option("--label", arguments->labels,
                   "COLUMN or COLUMN=TASK (binary, multiclass, regression, survival, segmentation): what is "
                   "predicted; then no other column is")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--input", arguments->inputs, "COLUMN=MODALITY, or COLUMN=mask: what a column holds")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--ignore", request.hints.ignored, "a column that is neither input nor label")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--id", request.hints.id, "column of the patients' ids");
  command->add_option("--site", request.hints.site, "column of the sites");
  command->add_option("--data-root", request.hints.data_root,
                      "folder that the manifest's paths are taken from");
  command->add_option("--cases", request.cases, "images of a column that are measured at most; 0 = all")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--nnunet", request.nnunet,
                      "nnUNetPlans.json whose spacing, patch, pooling, batch and normalisation to take");
  command->add_option("--configuration", request.configuration,
                      "of --nnunet; 3d_fullres, else 2d, unless named");
  command->callback([arguments, &common] { plan_cohort(*arguments, common.json); });
}

}  // namespace photo51::commands
