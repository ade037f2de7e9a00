// photo51 inspect PATH…: what images are, where they lie, and what about them is suspicious.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/imaging/privacy/privacy.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/preprocess/histopathology/tiles.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::commands {
namespace {

using InspectJson = nlohmann::ordered_json;
using imaging::Inspection;

/// Our name of the modality or, where there is none, DICOM's.
std::string modality_of(const Inspection& found) {
  const bool unnamed = found.modality == imaging::Modality::unknown && !found.dicom_modality.empty();
  return unnamed ? found.dicom_modality : imaging::to_string(found.modality);
}

/// As a person writes it: sums of decimal fractions and single floats are not quite what they mean.
double tidy(double value) {
  const auto single = static_cast<float>(value);
  if (static_cast<double>(single) == value)
    return core::parse_double(core::format_number(single)).value_or(value);
  char text[40];
  std::snprintf(text, sizeof text, "%.9g", value);
  return core::parse_double(text).value_or(value);
}

template <size_t N>
InspectJson tidy(const std::array<double, N>& values) {
  InspectJson list = InspectJson::array();
  for (const double value : values)
    list.push_back(std::isnan(value) ? InspectJson(nullptr) : InspectJson(tidy(value)));
  return list;
}

InspectJson inspect_json(const Inspection& found) {
  InspectJson json{{"path", found.path},   {"kind", found.kind},  {"modality", modality_of(found)},
                   {"size", nullptr},      {"spacing", nullptr},  {"origin", nullptr},
                   {"direction", nullptr}, {"channels", nullptr}, {"units", nullptr},
                   {"min", nullptr},       {"max", nullptr},      {"mean", nullptr}};
  if (found.size) {
    json["size"] = *found.size;
    json["channels"] = found.channels;
    json["units"] = imaging::to_string(found.units);
  }
  if (found.spacing) json["spacing"] = tidy(*found.spacing);
  if (found.volume && found.volume->orientation_known) {
    json["origin"] = tidy(found.volume->geometry.origin);
    json["direction"] = tidy(found.volume->geometry.direction);
  }
  if (found.measured) {
    json["min"] = tidy(found.min);
    json["max"] = tidy(found.max);
    json["mean"] = tidy(found.mean);
  }
  json["notes"] = found.notes;
  json["warnings"] = found.warnings;
  json["phi"] = found.phi;
  json["error"] = found.error.empty() ? InspectJson(nullptr) : InspectJson(found.error);
  return json;
}

std::string triple(const std::array<double, 3>& values, int decimals) {
  std::vector<std::string> parts;
  for (const double value : values) {
    if (std::isnan(value)) {
      parts.emplace_back("?");
      continue;
    }
    std::string text = core::format_fixed(value, decimals);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    parts.push_back(text);
  }
  return core::join(parts, " x ");
}

/// Towards which side of the patient each voxel axis runs most, such as "LPS".
std::string axes(const imaging::Geometry& geometry) {
  std::string letters;
  for (size_t axis = 0; axis < 3; ++axis) {
    size_t best = 0;
    const auto cosine = [&](size_t row) { return geometry.direction[3 * row + axis]; };
    for (size_t row = 1; row < 3; ++row)
      if (std::abs(cosine(row)) > std::abs(cosine(best))) best = row;
    letters += cosine(best) < 0 ? "RAI"[best] : "LPS"[best];
  }
  return letters;
}

void print(const Inspection& found) {
  std::printf("%s\n", core::shown(found.path).c_str());
  const auto line = [](const char* name, const std::string& text) {
    std::printf("  %-9s %s\n", name, core::shown(text).c_str());
  };
  if (found.error.empty()) line("kind", found.kind + ", " + modality_of(found));
  if (found.size) {
    const auto& n = *found.size;
    line("size", std::to_string(n[0]) + " x " + std::to_string(n[1]) + " x " + std::to_string(n[2]) +
                     " voxels" +
                     (found.channels > 1 ? ", " + std::to_string(found.channels) + " channels" : ""));
    line("spacing", found.spacing ? triple(*found.spacing, 4) + " mm" : "not known");
  }
  if (found.volume)
    line("axes", found.volume->orientation_known ? axes(found.volume->geometry) : "not known");
  if (found.measured)
    line("values", core::format_number(static_cast<float>(found.min)) + " to " +
                       core::format_number(static_cast<float>(found.max)) + ", mean " +
                       core::format_fixed(found.mean, 3) + ", units " + imaging::to_string(found.units));
  for (const std::string& note : found.notes) line("note", note);
  for (const std::string& warning : found.warnings) line("warning", warning);
  if (!found.phi.empty())
    line("PHI", "the patient can be told, or sought, by " + imaging::in_words(found.phi) +
                    "; remove before sharing");
  if (!found.error.empty()) line("error", found.error);
}

/// The pictures below each other.
class Sheet {
 public:
  void add(const at::Tensor& picture) { sheets_.push_back(picture); }
  void write(const std::string& path) const {
    if (sheets_.empty()) core::fail_data(path + ": no image could be read, so there is no sheet to write");
    int64_t width = 0;
    for (const at::Tensor& sheet : sheets_) width = std::max(width, sheet.size(1));
    std::vector<at::Tensor> rows;
    for (const at::Tensor& sheet : sheets_)
      rows.push_back(at::constant_pad_nd(sheet, {0, 0, 0, width - sheet.size(1), 0, 6}, 32));
    core::write_file_atomic(path, imaging::encode_png(at::cat(rows)));
  }

 private:
  std::vector<at::Tensor> sheets_;
};

/// A slide as training would see it: its tissue and tiles on the sheet, their count among the notes.
void show_tiles(Inspection& found, const preprocess::TileOptions& options) {
  try {
    const imaging::Slide slide = imaging::open_slide(found.path, options.slide);
    const auto overview = preprocess::tile_overview(slide, options, 960);
    found.picture = overview.picture;
    found.notes.push_back(std::to_string(overview.tiles) + " tiles of " + std::to_string(options.size) +
                          " x " + std::to_string(options.size) + " pixels of " +
                          core::format_number(options.mpp) + " um, " + core::format_fixed(overview.area, 3) +
                          " mm2 of tissue (threshold " + core::format_fixed(overview.threshold, 3) + ")");
    for (const std::string& warning : overview.warnings) found.warnings.push_back(warning);
  } catch (const core::Error& error) {
    found.warnings.push_back(std::string("cannot be cut into tiles: ") + error.what());
  }
}

void inspect_all(const std::vector<std::string>& paths, const std::string& sheet_path,
                 const std::vector<std::string>& tile, bool json) {
  config::Node document = config::Node::map();
  for (const std::string& setting : tile) config::apply_override(document, setting);
  preprocess::TileOptions tiles;
  config::read(document, tiles);
  Sheet sheet;
  std::vector<std::string> unreadable;
  for (const std::string& path : paths) {
    Inspection found = imaging::inspect(path, {.picture = !sheet_path.empty(), .slide = tiles.slide});
    if (found.kind == "slide" && found.error.empty() && (!sheet_path.empty() || !tile.empty()))
      show_tiles(found, tiles);
    if (json) {
      std::printf("%s\n", core::json_text(inspect_json(found)).c_str());
    } else {
      print(found);
    }
    if (!found.error.empty()) unreadable.push_back(path);
    if (found.picture.defined()) sheet.add(found.picture);
  }
  std::fflush(stdout);
  if (!sheet_path.empty()) sheet.write(sheet_path);
  if (!unreadable.empty())
    core::fail_data(std::to_string(unreadable.size()) + " of " + std::to_string(paths.size()) +
                    " cannot be read: " + core::join(unreadable, ", "));
}

}  // namespace

void add_inspect(CLI::App& app, const Common& common) {
  struct Options {
    std::vector<std::string> paths;
    std::vector<std::string> tile;
    std::string sheet;
  };
  const auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "inspect", "Say what images are: kind, geometry, units, value range, and what is suspicious");
  command
      ->add_option(
          "path", options->paths,
          "image files or DICOM series folders (folder#SeriesInstanceUID for one of several, folder#* for "
          "all images as one stack)")
      ->required();
  command->add_option(
      "--sheet", options->sheet,
      "write a contact sheet of all images to this PNG; slides with the outline of their tissue and "
      "their tiles");
  command->add_option(
      "--tile", options->tile,
      "settings of an input's `tile` section, such as mpp=0.5, tissue.pen=true or slide.channels=[DAPI], by "
      "which a slide is read and its tiles are counted and drawn");
  command->callback([options, &common] {
    run::refuse_output_file(options->sheet, "--sheet");
    inspect_all(options->paths, options->sheet, options->tile, common.json);
  });
}

}  // namespace photo51::commands
