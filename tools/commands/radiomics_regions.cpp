#include "commands/radiomics_regions.hpp"

#include <cmath>
#include <optional>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/write.hpp"
#include "photo51/radiomics/filters/filter.hpp"

namespace photo51::commands::regions {
namespace {

namespace fs = std::filesystem;

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

void write_voxelwise(const imaging::Volume& image, const imaging::Volume& mask, const Wanted& wanted,
                     const fs::path& folder, core::ThreadPool* pool) {
  core::make_directories(folder);
  for (const auto& [name, map] : radiomics::voxelwise(image, mask, wanted.settings, wanted.voxelwise, pool))
    imaging::write_nifti(map, folder / (name + ".nii.gz"));
}

}  // namespace

Wanted read_settings(const Arguments& arguments, const std::vector<std::string>& overrides) {
  std::vector<std::string> warnings;
  config::Node document =
      arguments.config.empty() ? config::Node::map() : radiomics::load_settings(arguments.config, warnings);
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

Json json_of(Wanted wanted) {
  Json all = json_of(config::dump(wanted.settings));
  all.update(json_of(config::dump(wanted.masks)));
  return all;
}

void Odd::tell(const std::string& file, const imaging::Volume& volume) const {
  for (const auto& text : volume.warnings) all.add({name, "", file, text});
}

Json Odd::json() const {
  Json list = Json::array();
  for (const auto& warning : all.all())
    if (warning.case_id == name) list.push_back(warning.file + ": " + warning.text);
  return list;
}

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
        odd.all.add(
            {odd.name, "", image_path.string(), "region `" + name + "` is left out: " + error.what()});
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

}  // namespace photo51::commands::regions
