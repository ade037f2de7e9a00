// photo51 embed SOURCE: features of images by a frozen encoder, in files that trainings begin with.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "commands/new_cases.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/inference/embed.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

struct EmbedArguments {
  inference::EmbedRequest request;
  std::string precision = "auto", format = "safetensors";
};

void run_embed(EmbedArguments& arguments, const Common& common) {
  auto& request = arguments.request;
  core::check_thread_count("--workers", request.workers);
  run::refuse_output_folder(request.out, "--out");
  request.precision = precision_of(arguments.precision);
  request.format = arguments.format == "h5" ? data::FeatureFormat::h5 : data::FeatureFormat::safetensors;
  core::return_freed_memory();
  const auto report = inference::embed(request);
  if (common.json)
    std::printf("%s\n", core::json_text(nlohmann::json{{"written", report.written},
                                                       {"there", report.there},
                                                       {"absent", report.absent},
                                                       {"failed", report.failed.size()},
                                                       {"manifest", (request.out / "manifest.csv").string()}})
                            .c_str());
  else if (!common.quiet)
    std::printf("%lld written, %lld were there, %lld without images, %zu failed\nManifest: %s\n",
                static_cast<long long>(report.written), static_cast<long long>(report.there),
                static_cast<long long>(report.absent), report.failed.size(),
                core::shown((request.out / "manifest.csv").string()).c_str());
  if (!report.failed.empty())
    core::fail_data(std::to_string(report.failed.size()) +
                    " case(s) could not be embedded, the first: " + report.failed.front().second +
                    "; the others are written, and the same call tries these again");
}

}  // namespace

void add_embed(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("embed", "write the features that a frozen encoder makes of images");
  auto arguments = std::make_shared<EmbedArguments>();
  auto& request = arguments->request;
  command
      ->add_option("SOURCE", request.source,
                   "whose encoders: a config that names their weights, a run folder, or a published model")
      ->required();
  command->add_option("KEY=VALUE", request.overrides, "overrides, e.g. inputs.he.tile.mpp=1");
  command->add_option("--cases", request.manifest, "manifest of the cases (CSV); labels are not needed")
      ->required();
  command->add_option("--out", request.out, "folder for INPUT/CASE files, their index.json and manifest.csv")
      ->required();
  command->add_option("--format", arguments->format, "safetensors, or h5 as CLAM and TRIDENT write it")
      ->check(CLI::IsMember(std::vector<std::string>{"safetensors", "h5"}))
      ->capture_default_str();
  command->add_option("--input", request.inputs, "this input only, as often as needed; else all of images");
  command->add_option("--fold", request.fold, "of a run with several models: whose encoder");
  command->add_option("--device", request.device, "cpu, cuda, cuda:N, or auto: a GPU where one answers")
      ->capture_default_str();
  add_precision(*command, arguments->precision);
  add_data_root(*command, request.data_root);
  add_allow_unfinished(*command, request.allow_unfinished);
  command->add_option("--workers", request.workers, "threads that decode")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->callback([arguments, &common] { run_embed(*arguments, common); });
}

}  // namespace photo51::commands
