// photo51 radiomics IMAGE MASK, or --cases MANIFEST: the features of regions, and maps of what filters make.
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <memory>

#include "commands/commands.hpp"
#include "commands/outputs.hpp"
#include "commands/radiomics_regions.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

using namespace regions;
namespace fs = std::filesystem;

std::string to_csv(const Regions& regions) {
  std::string text = core::csv_row({"roi", "name", "tag", "family", "aggregation", "value"});
  for (const Region& region : regions)
    for (const auto& f : region.features)
      text += core::csv_row({region.name, f.name, f.tag, f.family, f.aggregation, number(f.value)});
  return text;
}

std::string to_json(const Regions& regions, const Wanted& wanted, const Json& warnings) {
  const Json dumped = json_of(wanted);
  Json all = Json::array();
  for (const Region& region : regions) {
    Json features = Json::array();
    for (const auto& f : region.features)
      features.push_back({{"name", f.name},
                          {"tag", f.tag},
                          {"family", f.family},
                          {"aggregation", f.aggregation},
                          {"value", std::isfinite(f.value) ? Json(f.value) : Json(nullptr)}});
    Json one{{"settings", dumped}, {"features", std::move(features)}};
    if (!region.name.empty()) one["roi"] = region.name;
    if (!warnings.empty()) one["warnings"] = warnings;
    all.push_back(std::move(one));
  }
  const bool plain = regions.size() == 1 && regions.front().name.empty();
  return core::json_text(plain ? all.front() : all, 1) + "\n";
}

void write(const std::string& text, const fs::path& out) {
  if (!out.empty()) return core::write_file_atomic(out, text);
  if (::isatty(STDOUT_FILENO) == 0) {
    std::fputs(text.c_str(), stdout);
    return;
  }
  // People read it; a program gets the text as it is.
  for (const auto& line : core::split(std::string_view(text).substr(0, text.size() - 1), '\n'))
    std::printf("%s\n", core::shown(line).c_str());
}

void run_one(const Arguments& arguments) {
  if (arguments.words.size() < 2) core::fail_usage("give IMAGE and MASK, or --cases MANIFEST for many");
  const Wanted wanted = read_settings(arguments, {arguments.words.begin() + 2, arguments.words.end()});
  if (!arguments.maps.empty() && wanted.settings.filters.empty())
    core::fail_usage("--maps needs `filters` in the settings");
  Outputs outputs({arguments.words[0], arguments.words[1], arguments.config});
  outputs.add(arguments.out);
  core::ThreadPool pool(arguments.threads);
  data::Warnings warnings;
  const Odd odd{warnings};
  const Regions regions = compute(arguments.words[0], arguments.words[1], arguments, wanted,
                                  {arguments.maps, arguments.voxelwise}, odd, &pool);
  write(arguments.format == "json" ? to_json(regions, wanted, odd.json()) : to_csv(regions), arguments.out);
}

}  // namespace

void add_radiomics(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("radiomics", "compute the radiomic features of regions in images");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("IMAGE MASK KEY=VALUE", arguments->words,
                      "an image, a mask on it (FILE#LABEL of several; RTSTRUCT, SEG) and overrides of the "
                      "settings, e.g. discretise.width=10, mask_label=2; with --cases only overrides");
  command->add_option("--profile", arguments->profile, "where the settings start from: ibsi, pyradiomics, …");
  command->add_option("--config", arguments->config,
                      "settings, a YAML file, or a parameter file of PyRadiomics (YAML, JSON)");
  command->add_option("--roi", arguments->regions,
                      "a structure of the mask to measure on its own; as often as needed, `a,b` unites");
  command->add_option("--format", arguments->format, "of the result")
      ->check(CLI::IsMember({"csv", "json"}))
      ->capture_default_str();
  command->add_option("--out", arguments->out, "file for the result instead of the standard output");
  command->add_option("--maps", arguments->maps, "folder for the response maps of `filters`, NIfTI");
  command->add_option(
      "--voxelwise", arguments->voxelwise,
      "folder for maps of the features around every voxel, NIfTI; set by voxelwise.KEY=VALUE");
  command->add_option(
      "--cases", arguments->manifest,
      "manifest of many cases (CSV): one row a case into --out, and beside it a JSON file that "
      "says what from");
  command->add_option("--image-column", arguments->image_column, "of the manifest")->capture_default_str();
  command->add_option("--mask-column", arguments->mask_column, "of the manifest")->capture_default_str();
  command
      ->add_option("--label-column", arguments->label_column,
                   "of the manifest, where it has one: the label of the mask that is the row's region")
      ->capture_default_str();
  command->add_option("--mask-threshold", arguments->mask_threshold,
                      "mask voxels of this value and above are inside (mask_threshold=…)");
  command->add_option("--mask-outside", arguments->mask_outside,
                      "error or crop: more than 1 % of the mask outside the image (mask_outside=…)");
  command->add_option("--threads", arguments->threads, "0: one a processor")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command
      ->add_option("--device", arguments->device,
                   "cpu, cuda, cuda:N or auto: where the co-occurrence and run matrices of large regions "
                   "are counted; the features are the same")
      ->capture_default_str();
  command->callback([arguments, &common] {
    core::check_thread_count("--threads", arguments->threads);
    core::resolve_device(arguments->device);  // refuses before anything is read
    run::refuse_output_file(arguments->out, "--out");
    run::refuse_output_folder(arguments->maps, "--maps");
    run::refuse_output_folder(arguments->voxelwise, "--voxelwise");
    if (common.json) arguments->format = "json";
    arguments->manifest.empty() ? run_one(*arguments) : run_batch(*arguments);
  });
}

}  // namespace photo51::commands
