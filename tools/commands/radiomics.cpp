// photo51 radiomics IMAGE MASK, or --cases MANIFEST: the features of regions, and maps of what filters make.
#include <cmath>
#include <cstdio>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands/commands.hpp"
#include "commands/outputs.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/cells.hpp"
#include "photo51/core/device.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/limits.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/table.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/core/version.hpp"
#include "photo51/data/warnings.hpp"
#include "photo51/imaging/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/referenced_files.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/filter.hpp"
#include "photo51/radiomics/voxelwise.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

struct Arguments {
  std::vector<std::string> words;  ///< IMAGE MASK key=value …, or overrides alone
  std::vector<std::string> regions;
  std::string profile, format = "csv", image_column = "image", mask_column = "mask", device = "cpu";
  std::string label_column = "Label", mask_threshold, mask_outside;
  fs::path config, out, maps, voxelwise, manifest;
  int threads = 0;
};

struct Region {
  std::string name;  ///< as --roi has it; empty = all of the mask
  std::vector<radiomics::Feature> features;
};
using Regions = std::vector<Region>;

Json json_of(const config::Node& node) {
  switch (node.kind) {
    case config::Node::Kind::map: {
      Json map = Json::object();
      for (const auto& [key, value] : node.entries) map[key] = json_of(value);
      return map;
    }
    case config::Node::Kind::sequence: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(json_of(item));
      return list;
    }
    case config::Node::Kind::null:
      return nullptr;
    case config::Node::Kind::scalar:
      break;
  }
  if (node.quoted) return node.text;
  if (node.text == "true" || node.text == "false") return node.text == "true";
  if (const auto whole = core::parse_int(node.text)) return *whole;
  const auto number = core::parse_double(node.text);
  return number && std::isfinite(*number) ? Json(*number) : Json(node.text);
}

struct Wanted {
  radiomics::Settings settings;
  imaging::MaskOptions masks;  ///< the keys `mask_…` of the settings, and the label of PyRadiomics
  radiomics::VoxelwiseOptions voxelwise;  ///< the section `voxelwise` of the settings
};

/// The keys `mask_…`, which are not of `radiomics::Settings`.
imaging::MaskOptions take_mask_options(config::Node& document, const Arguments& arguments) {
  if (!arguments.mask_threshold.empty())
    document.set("mask_threshold", config::Node::scalar(arguments.mask_threshold));
  if (!arguments.mask_outside.empty())
    document.set("mask_outside", config::Node::scalar(arguments.mask_outside));
  config::Node keys = config::Node::map();
  for (const char* key : {"mask_label", "mask_threshold", "mask_outside"})
    if (const config::Node* node = document.find(key)) {
      keys.set(key, *node);
      document.erase(key);
    }
  imaging::MaskOptions options;
  config::read(keys, options);
  return options;
}

/// The profile `pyradiomics` names a label of its own, which is 1 unless it is set.
void take_label(imaging::MaskOptions& masks, const radiomics::Settings& settings) {
  if (settings.profile != "pyradiomics") return;
  masks.usual_label = 1;
  const auto& label = settings.pyradiomics.label;
  if (label && masks.label && *label != *masks.label)
    core::fail_usage("`mask_label` is " + std::to_string(*masks.label) + " and `pyradiomics.label` is " +
                     std::to_string(*label) + "; leave one of them out");
  if (label) masks.label = label;
}

Wanted read_settings(const Arguments& arguments, const std::vector<std::string>& overrides) {
  std::vector<std::string> warnings;
  config::Node document = arguments.config.empty() ? config::Node::map()
                                                   : radiomics::load_settings(arguments.config, warnings);
  for (const std::string& warning : warnings) core::log_warning(warning);
  if (!arguments.profile.empty()) document.set("profile", config::Node::scalar(arguments.profile));
  for (const std::string& override_text : overrides) config::apply_override(document, override_text);
  Wanted wanted;
  if (const config::Node* node = document.find("voxelwise")) {
    config::read(*node, wanted.voxelwise);
    document.erase("voxelwise");
  }
  wanted.masks = take_mask_options(document, arguments);
  config::read(document, wanted.settings);
  take_label(wanted.masks, wanted.settings);
  if (wanted.masks.label && !arguments.regions.empty())
    core::fail_usage("a label and --roi both choose what of the mask is the region; leave one of them out");
  return wanted;
}

/// Where the maps of one image go; empty = nowhere.
struct Folders {
  fs::path maps, voxelwise;
};

void write_voxelwise(const imaging::Volume& image, const imaging::Volume& mask, const Wanted& wanted,
                     const fs::path& folder, core::ThreadPool* pool) {
  core::make_directories(folder);
  for (const auto& [name, map] : radiomics::voxelwise(image, mask, wanted.settings, wanted.voxelwise, pool))
    imaging::write_nifti(map, folder / (name + ".nii.gz"));
}

/// What is odd about the files of one case, told to the user and kept for the result.
struct Odd {
  data::Warnings& all;
  std::string name = {};  ///< of the case; empty = there is but one

  void tell(const std::string& file, const imaging::Volume& volume) const {
    for (const auto& text : volume.warnings) all.add({name, "", file, text});
  }
  Json json() const {
    Json list = Json::array();
    for (const auto& warning : all.all())
      if (warning.case_id == name) list.push_back(warning.file + ": " + warning.text);
    return list;
  }
};

/// The regions of one image, and its maps. One of several regions that cannot be computed is left out with a
/// warning.
Regions compute(const fs::path& image_path, const std::string& mask_path, const Arguments& arguments,
                const Wanted& wanted, const Folders& folders, const Odd& odd, core::ThreadPool* pool) {
  const imaging::Volume image = imaging::read_volume(image_path, {.keep_double = true});
  odd.tell(image_path.string(), image);
  radiomics::Settings settings = wanted.settings;
  settings.pyradiomics.label.reset();  // masks are read as 0 and 1
  const auto one = [&](const std::string& name) -> Region {
    const std::string path = name.empty() ? mask_path : mask_path + "#" + name;
    const imaging::Volume drawn = imaging::read_mask(path, {&image}, wanted.masks);
    const imaging::Volume mask = radiomics::takes_own_grid(settings)
                                     ? imaging::placed_on(drawn, image, wanted.masks)
                                     : imaging::on_grid_of(drawn, image, wanted.masks);
    odd.tell(path, mask);
    return core::with_context(path, [&]() -> Region {
      if (!folders.voxelwise.empty())
        write_voxelwise(image, imaging::on_grid_of(mask, image.geometry),
                        {settings, wanted.masks, wanted.voxelwise},
                        name.empty() ? folders.voxelwise : folders.voxelwise / name, pool);
      return {name, radiomics::extract(image, mask, settings, pool, arguments.device)};
    });
  };
  Regions regions;
  if (arguments.regions.size() < 2) {
    regions.push_back(one(arguments.regions.empty() ? "" : arguments.regions[0]));
  } else {
    std::optional<core::Error> first;
    for (const std::string& name : arguments.regions) {
      try {
        regions.push_back(one(name));
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;
        core::log_warning("region `" + name + "` of " + image_path.string() +
                          " is left out: " + error.what());
        if (!first) first = error;
      }
    }
    if (regions.empty()) throw *first;
  }
  if (!folders.maps.empty()) {
    core::make_directories(folders.maps);
    for (const auto& [label, map] : radiomics::response_maps(image, wanted.settings))
      imaging::write_nifti(map, folders.maps / (label + ".nii.gz"));
  }
  return regions;
}

std::string number(double value) {
  return std::isfinite(value) ? core::format_number(value) : "";
}

std::string to_csv(const Regions& regions) {
  std::string text = core::csv_row({"roi", "name", "tag", "family", "aggregation", "value"});
  for (const Region& region : regions)
    for (const auto& f : region.features)
      text += core::csv_row({region.name, f.name, f.tag, f.family, f.aggregation, number(f.value)});
  return text;
}

/// The settings with the keys `mask_…`, as they are read.
Json json_of(Wanted wanted) {
  Json all = json_of(config::dump(wanted.settings));
  all.update(json_of(config::dump(wanted.masks)));
  return all;
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
  return (plain ? all.front() : all).dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write(const std::string& text, const fs::path& out) {
  if (out.empty())
    std::fputs(text.c_str(), stdout);
  else
    core::write_file_atomic(out, text);
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

/// `#` and what follows it is not of the path.
std::string hash_of(const std::string& reference) {
  return imaging::content_hash(reference.substr(0, reference.find('#')));
}

/// Only the usual column may be absent.
std::optional<size_t> label_column(const core::Table& table, const std::string& name) {
  if (name.empty()) return {};
  return name == Arguments().label_column ? table.find(name) : table.require(name);
}

/// Where the JSON file beside a table goes.
fs::path provenance_of(fs::path table) {
  return table.replace_extension(".json");
}

/// The cases of a manifest: a row a case and region for the CSV, and where each came from.
class Batch {
 public:
  Batch(const Arguments& arguments, Wanted wanted)
      : arguments_(arguments),
        wanted_(std::move(wanted)),
        table_(core::read_table(arguments.manifest)),
        image_(table_.require(arguments.image_column)),
        mask_(table_.require(arguments.mask_column)),
        label_(label_column(table_, arguments.label_column)),
        cases_(table_.rows.size()) {
    for (const auto& warning : table_.warnings) core::log_warning(warning);
    if (label_ && !arguments.regions.empty())
      core::fail_usage("column " + table_.columns[*label_] +
                       " and --roi both choose what of the mask is the region; leave one of them out");
    std::vector<fs::path> inputs{arguments.manifest, arguments.config};
    for (const auto& row : table_.rows)
      for (const size_t column : {image_, mask_})
        if (!row[column].empty()) inputs.push_back(arguments.manifest.parent_path() / row[column]);
    Outputs outputs(std::move(inputs));
    outputs.add(arguments.out);
    outputs.add(provenance_of(arguments.out));
  }

  void run() {
    core::ThreadPool pool(arguments_.threads);
    core::Progress progress("radiomics", static_cast<int64_t>(cases_.size()));
    pool.parallel_for(static_cast<int64_t>(cases_.size()), 1, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        compute_row(static_cast<size_t>(row));
        const std::lock_guard lock(mutex_);
        progress.advance();
      }
    });
  }

  void write() {
    warnings_.summarise();
    size_t failed = 0;
    for (const Case& one : cases_) failed += one.error.empty() ? 0 : 1;
    if (failed == cases_.size()) core::fail_data("no case of " + table_.source + " could be computed");
    if (failed > 0)
      core::log_warning(std::to_string(failed) + " of " + std::to_string(cases_.size()) +
                        " cases are left out");
    core::write_file_atomic(arguments_.out, csv());
    core::write_file_atomic(provenance_of(arguments_.out), provenance());
  }

 private:
  struct Case {
    Regions regions;
    std::string image_hash, mask_hash, error;
    Json warnings = Json::array();
  };

  std::string cell(size_t row, size_t column) const { return table_.rows[row][column]; }
  /// Paths in a manifest are relative to it.
  std::string path(size_t row, size_t column) const {
    const std::string& text = table_.rows[row][column];
    if (core::is_blank(text)) core::fail_data("column " + table_.columns[column] + " is empty");
    return (arguments_.manifest.parent_path() / text).string();
  }

  /// The settings, with the label that the row asks for.
  Wanted wanted_of(size_t row, const std::string& mask) const {
    Wanted wanted = wanted_;
    const std::string text = label_ ? std::string(core::trim(table_.rows[row][*label_])) : "";
    if (text.empty()) return wanted;
    const auto number = core::parse_double(text);
    if (!number || *number != std::round(*number) || *number == 0 || std::abs(*number) > 1e9)
      core::fail_data("column " + table_.columns[*label_] + " is `" + text +
                      "`, not a label of the mask; correct it, or name another column by --label-column");
    if (mask.find('#') != std::string::npos && !fs::exists(mask))
      core::fail_data("column " + table_.columns[*label_] + " and what stands behind # in " + mask +
                      " both choose the region; leave one of them out");
    wanted.masks.label = static_cast<int64_t>(*number);
    return wanted;
  }

  void compute_row(size_t row) {
    Case& one = cases_[row];
    try {
      const std::string image = path(row, image_), mask = path(row, mask_);
      const std::string line = "line_" + std::to_string(table_.lines[row]);
      const auto folder = [&](const fs::path& parent) { return parent.empty() ? parent : parent / line; };
      one.regions = compute(image, mask, arguments_, wanted_of(row, mask),
                            {folder(arguments_.maps), folder(arguments_.voxelwise)}, {warnings_, line}, nullptr);
      one.warnings = Odd{warnings_, line}.json();
      one.image_hash = hash_of(image);
      one.mask_hash = hash_of(mask);
    } catch (const core::Error& error) {
      if (error.fault() != core::Fault::data) throw;
      one.error = table_.where(row) + ": " + error.what();
      core::log_warning("left out: " + one.error);
    }
  }

  /// Features by IBSI's tags; the profile `pyradiomics` by its own names.
  std::string label(const radiomics::Feature& feature) const {
    return wanted_.settings.profile == "pyradiomics" ? feature.name : feature.tag;
  }

  std::string csv() const {
    std::string text;
    for (size_t row = 0; row < cases_.size(); ++row) {
      for (const Region& region : cases_[row].regions) {
        if (text.empty()) {
          std::vector<std::string> header = table_.columns;
          header.emplace_back("roi");
          for (const auto& feature : region.features) header.push_back(label(feature));
          text = core::csv_row(header);
        }
        std::vector<std::string> cells = table_.rows[row];
        cells.push_back(region.name);
        for (const auto& feature : region.features) cells.push_back(number(feature.value));
        text += core::csv_row(cells);
      }
    }
    return text;
  }

  std::string provenance() const {
    Json done = Json::array(), failed = Json::array();
    for (size_t row = 0; row < cases_.size(); ++row) {
      const Case& one = cases_[row];
      if (one.error.empty())
        done.push_back({{"line", table_.lines[row]},
                        {"image", cell(row, image_)},
                        {"image_xxh3", one.image_hash},
                        {"mask", cell(row, mask_)},
                        {"mask_xxh3", one.mask_hash},
                        {"warnings", one.warnings}});
      else
        failed.push_back({{"line", table_.lines[row]}, {"error", one.error}});
    }
    return Json{{"photo51", core::version()},   {"commit", core::build_commit()},
                {"manifest", table_.source},    {"manifest_xxh3", core::hash_file(arguments_.manifest)},
                {"settings", json_of(wanted_)}, {"regions", arguments_.regions},
                {"cases", std::move(done)},     {"left_out", std::move(failed)}}
               .dump(1, ' ', false, Json::error_handler_t::replace) +
           "\n";
  }

  const Arguments& arguments_;
  Wanted wanted_;
  core::Table table_;
  size_t image_, mask_;
  std::optional<size_t> label_;
  std::vector<Case> cases_;
  data::Warnings warnings_;
  std::mutex mutex_;
};

void run_batch(const Arguments& arguments) {
  if (arguments.out.empty()) core::fail_usage("--cases needs --out, the CSV file to write");
  Batch batch(arguments, read_settings(arguments, arguments.words));
  batch.run();
  batch.write();
}

}  // namespace

void add_radiomics(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("radiomics", "compute the radiomic features of regions in images");
  auto arguments = std::make_shared<Arguments>();
  command->add_option("IMAGE MASK KEY=VALUE", arguments->words,
                      "an image, a mask on it (FILE#LABEL of several; RTSTRUCT, SEG) and overrides of the "
                      "settings, e.g. discretise.width=10, mask_label=2; with --cases only overrides");
  command->add_option("--profile", arguments->profile, "where the settings start from: ibsi, pyradiomics, …");
  command->add_option("--config", arguments->config, "settings, a YAML file, or a parameter file of PyRadiomics (YAML, JSON)");
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
