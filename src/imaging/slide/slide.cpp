#include "photo51/imaging/slide/slide.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>
#include <cmath>

#include "imaging/picture/files.hpp"
#include "imaging/readers.hpp"
#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Nothing that a microscope or a slide scanner makes lies outside.
bool is_possible(double mpp) {
  return std::isfinite(mpp) && mpp >= 0.01 && mpp <= 1000;
}
/// Resolution tags are written by every image program; only these values speak of microscopy.
bool is_microscopy(double mpp) {
  return std::isfinite(mpp) && mpp >= 0.05 && mpp <= 10;
}

void choose_mpp(OpenedSlide& opened, const SlideOptions& options) {
  SlideInfo& info = opened.info;
  const auto take = [&](MppSource source, double x, double y) {
    info.mpp = {x, y};
    info.mpp_source = source;
  };
  if (options.mpp > 0) return take(MppSource::option, options.mpp, options.mpp);
  std::sort(opened.mpp.begin(), opened.mpp.end(),
            [](const MppCandidate& a, const MppCandidate& b) { return a.source < b.source; });
  for (const MppCandidate& candidate : opened.mpp) {
    const auto fits = candidate.source == MppSource::tiff_resolution ? is_microscopy : is_possible;
    if (fits(candidate.x) && fits(candidate.y)) return take(candidate.source, candidate.x, candidate.y);
    info.warnings.push_back("its " + to_string(candidate.source) + " says " +
                            core::format_number(candidate.x) + " x " + core::format_number(candidate.y) +
                            " um a pixel, which is not microscopy; it is not used");
  }
  if (options.mpp_from_objective && info.objective_power && *info.objective_power > 0)
    return take(MppSource::objective_power, 10 / *info.objective_power, 10 / *info.objective_power);
  info.warnings.emplace_back("does not say how many microns a pixel is");
}

/// Files that only their scanner's reader understands: read as plain TIFF, their pages are not what they
/// seem.
void refuse_unknown_vendor(const fs::path& path) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  for (const char* vendor : {".ndpi", ".scn", ".bif", ".vms", ".vmu", ".svslide"})
    if (suffix == vendor)
      core::fail_data("is named as a slide of a scanner (" + suffix +
                      "), but its content is not; copy the file again, or export it as OME-TIFF");
}

OpenedSlide open_file(const fs::path& path, const SlideOptions& options) {
  std::error_code code;
  const std::string text = path.string();
  const auto mark = text.rfind('#');
  if (fs::is_directory(path, code)) return open_with_dicom(path, "", options);
  if (!fs::exists(path, code)) {
    if (mark != std::string::npos && fs::is_directory(text.substr(0, mark), code))
      return open_with_dicom(text.substr(0, mark), text.substr(mark + 1), options);
    core::fail_data("no such file");
  }
  // OpenSlide's generic TIFF knows neither SubIFDs nor OME-XML.
  const std::string vendor = openslide_vendor(path);
  if (!vendor.empty() && vendor != "generic-tiff") return open_with_openslide(path, vendor);
  refuse_preview(path);
  refuse_unknown_vendor(path);
  switch (detect_format(path)) {
    case Format::tiff:
      return open_with_tiff(path, options);
    case Format::dicom:
      return open_with_dicom(path, "", options);
    case Format::jpeg:
    case Format::png:
      return open_picture(path);
    default:
      core::fail_data(
          "is not a slide that can be read (OpenSlide formats, TIFF, DICOM whole slide, JPEG or PNG)");
  }
}

/// Formats that keep their pixels in other files beside the named one.
bool is_many_files(const SlideInfo& info) {
  return info.vendor == "mirax" || info.vendor == "hamamatsu";
}

void check_levels(const SlideInfo& info, const fs::path& path) {
  if (info.levels.empty()) core::fail_data("it has no level");
  for (const SlideLevel& level : info.levels)
    if (level.width < 1 || level.height < 1 || level.width > INT32_MAX || level.height > INT32_MAX ||
        !(level.downsample >= 1) || !(level.downsample < 1e6))
      core::fail_data("its header is damaged: a level of " + std::to_string(level.width) + " x " +
                      std::to_string(level.height) + " pixels, " + core::format_number(level.downsample) +
                      " times smaller than the first");
  // No codec packs glass this tightly, and nobody scans only glass.
  const double pixels =
      static_cast<double>(info.levels[0].width) * static_cast<double>(info.levels[0].height);
  if (!fs::is_regular_file(path) || is_many_files(info)) return;
  const auto bytes = static_cast<double>(fs::file_size(path));
  if (pixels > 4000 * bytes)
    core::fail_data("its header promises " + core::format_number(pixels) + " pixels in a file of " +
                    core::format_number(bytes) + " bytes: it is cut off or damaged; copy the file again");
}

}  // namespace

bool looks_like_slide(const fs::path& path) {
  return !openslide_vendor(path).empty() || (detect_format(path) == Format::tiff && is_picture_tiff(path));
}

std::string to_string(MppSource source) {
  switch (source) {
    case MppSource::option:
      return "option";
    case MppSource::vendor:
      return "vendor property";
    case MppSource::aperio:
      return "aperio.MPP";
    case MppSource::dicom:
      return "DICOM pixel spacing";
    case MppSource::ome:
      return "OME PhysicalSize";
    case MppSource::imagej:
      return "ImageJ unit";
    case MppSource::tiff_resolution:
      return "TIFF resolution";
    case MppSource::objective_power:
      return "objective power";
    case MppSource::unknown:
      break;
  }
  return "unknown";
}

void describe(config::Fields& f, SlideOptions& o) {
  f("mpp", o.mpp,
    "size of a pixel of the finest level, when the file does not say or is wrong; 0 = ask the file",
    {.min = 0, .max = 1000, .unit = "um"});
  f("mpp_from_objective", o.mpp_from_objective,
    "take 10 um / objective power when the file says nothing better (40x: 0.25 um)");
  f("channels", o.channels,
    "of a slide with several channels or optical paths: the one that is shown gray, or three as red, green "
    "and "
    "blue; names, or numbers from 1");
  f.check(o.channels.empty() || o.channels.size() == 1 || o.channels.size() == 3, "channels",
          "one channel, or three for red, green and blue");
  f("plane", o.plane, "of a slide with several focal planes: the number of one, from 1; 0 = there is one",
    {.min = 0, .max = 10000});
  f("page", o.page, "TIFF: the page that is the slide, from 1; 0 = the largest", {.min = 0, .max = 1000});
}

Slide::Slide(SlideInfo info, std::shared_ptr<const SlideBackend> backend)
    : info_(std::move(info)), backend_(std::move(backend)) {}

std::array<double, 2> Slide::mpp() const {
  if (info_.mpp) return *info_.mpp;
  std::string message = info_.source + ": does not say how many microns a pixel is; set mpp of the slide";
  if (info_.objective_power)
    message += ", or mpp_from_objective for " + core::format_number(10 / *info_.objective_power) +
               " um from its objective of " + core::format_number(*info_.objective_power) + "x";
  core::fail_data(message);
}

void Slide::read_into(int64_t level, int64_t x, int64_t y, const at::Tensor& out) const {
  if (level < 0 || level >= static_cast<int64_t>(info_.levels.size()))
    core::fail_usage(info_.source + ": has no level " + std::to_string(level) + "; it has " +
                     std::to_string(info_.levels.size()));
  if (out.dim() != 3 || out.size(0) != 3 || out.scalar_type() != at::kByte || !out.is_contiguous() ||
      out.numel() == 0)
    core::fail_usage("a region is read into contiguous uint8 [3, H, W]");
  constexpr int64_t kFar = int64_t{1} << 40;
  if (out.size(1) > INT32_MAX || out.size(2) > INT32_MAX || x < -kFar || x > kFar || y < -kFar || y > kFar)
    core::fail_usage(info_.source + ": a region of " + std::to_string(out.size(2)) + " x " +
                     std::to_string(out.size(1)) + " pixels at " + std::to_string(x) + ", " +
                     std::to_string(y) + " is absurd");
  core::with_context(
      [&] { return info_.source; },
      [&] {
        backend_->read(level, x, y, {out.mutable_data_ptr<uint8_t>(), out.size(2), out.size(1)});
      });
}

at::Tensor Slide::read(int64_t level, int64_t x, int64_t y, int64_t width, int64_t height) const {
  if (width < 1 || height < 1 || width > INT32_MAX || height > kMostBytesOfAPiece / width)
    core::fail_usage(info_.source + ": a region of " + std::to_string(width) + " x " +
                     std::to_string(height) + " pixels cannot be read at once; read it in parts");
  at::Tensor out = at::empty({3, height, width}, at::kByte);
  read_into(level, x, y, out);
  return out;
}

at::Tensor Slide::read_associated(const std::string& name) const {
  std::vector<std::string> names;
  for (const AssociatedImage& image : info_.associated) names.push_back(image.name);
  if (std::find(names.begin(), names.end(), name) == names.end())
    core::fail_usage(info_.source + ": has no associated image `" + name + "`" + core::suggest(name, names));
  return core::with_context([&] { return info_.source; }, [&] { return backend_->read_associated(name); });
}

Slide open_slide(const fs::path& path, const SlideOptions& options) {
  return core::with_context(path.string(), [&] {
    OpenedSlide opened = open_file(path, options);
    opened.info.source = path.string();
    check_levels(opened.info, path);
    choose_mpp(opened, options);
    return Slide(std::move(opened.info), std::move(opened.backend));
  });
}

}  // namespace photo51::imaging
