#include "imaging/slide/openslide_bounds.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <map>

#include "imaging/readers.hpp"
#include "imaging/slide/key_lines.hpp"
#include "imaging/tiff/file.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// HIER_0_COUNT as HIER_#_COUNT.
std::string without_numbers(const std::string& key) {
  std::string general;
  for (const char c : key) {
    const bool is_digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!is_digit)
      general += c;
    else if (!general.ends_with('#'))
      general += '#';
  }
  return general;
}

/// What OpenSlide multiplies, shifts by and makes arrays of; far above what a scanner writes.
void check_mirax(const fs::path& slide) {
  static const std::map<std::string, int64_t> most{
      {"IMAGENUMBER_X", 100'000},  {"IMAGENUMBER_Y", 100'000},  {"CameraImageDivisionsPerSide", 1024},
      {"FILE_COUNT", 100'000},     {"HIER_COUNT", 10'000},      {"NONHIER_COUNT", 10'000},
      {"HIER_#_COUNT", 10'000},    {"NONHIER_#_COUNT", 10'000}, {"IMAGE_CONCAT_FACTOR", 16},
      {"DIGITIZER_WIDTH", 16'384}, {"DIGITIZER_HEIGHT", 16'384}};
  fs::path settings = slide;
  settings.replace_extension();
  settings /= "Slidedat.ini";
  std::error_code code;
  if (!fs::exists(settings, code)) return;  // OpenSlide will say so
  constexpr core::MostBytes most_of_settings{uint64_t{1} << 20, "copy the slide and its folder again"};
  const auto fail = [&](const std::string& key, const std::string& value) {
    core::fail_data(settings.string() + ": " + key + " is `" + value +
                    "`, which no slide has; the file is damaged, copy the slide and its folder again");
  };
  std::map<std::string, int64_t> images;
  each_key_line(core::read_file(settings, most_of_settings),
                [&](const std::string& key, const std::string& value) {
                  const auto bound = most.find(without_numbers(key));
                  if (bound == most.end()) return;
                  // As GLib reads it: what follows the number is its error to tell.
                  const long long number = std::strtoll(value.c_str(), nullptr, 10);
                  if (number < 0 || number > bound->second) fail(key, value);
                  if (key.starts_with("IMAGENUMBER_")) images[key] = std::max<int64_t>(images[key], number);
                });
  constexpr int64_t most_images = int64_t{1} << 26;
  if (images["IMAGENUMBER_X"] * images["IMAGENUMBER_Y"] > most_images)
    fail("IMAGENUMBER_X x IMAGENUMBER_Y",
         std::to_string(images["IMAGENUMBER_X"]) + " x " + std::to_string(images["IMAGENUMBER_Y"]));
}

}  // namespace

void check_openslide_bounds(const fs::path& path, const std::string& vendor) {
  if (vendor == "mirax") return check_mirax(path);
  // NDPI is a TIFF by its start only: one picture a page, which OpenSlide reads by itself.
  if (vendor == "hamamatsu" || detect_format(path) != Format::tiff) return;
  TiffFile(path).check_pieces(fs::file_size(path));
}

}  // namespace photo51::imaging
