#include <ATen/ATen.h>
#include <openslide/openslide.h>
#include <tiffio.h>

#include <mutex>
#include <vector>

#include "imaging/slide/backend.hpp"
#include "imaging/slide/openslide_bounds.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using Handle = std::shared_ptr<openslide_t>;

/// OpenSlide reads with libtiff's own handlers, which write to the terminal, names of files and all; what
/// fails it says itself.
void silence_libtiff() {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
}

Handle open_handle(const fs::path& path) {
  static std::once_flag once;
  std::call_once(once, silence_libtiff);
  openslide_t* raw = openslide_open(path.c_str());
  if (raw == nullptr) core::fail_data("OpenSlide does not know the format");
  Handle handle(raw, openslide_close);
  if (const char* error = openslide_get_error(raw))
    core::fail_data(std::string("cannot be opened as a slide (") + error + "); copy the file again");
  return handle;
}

std::string property(const Handle& handle, const char* name) {
  const char* value = openslide_get_property_value(handle.get(), name);
  return value == nullptr ? std::string{} : std::string(core::trim(value));
}

/// OpenSlide's premultiplied ARGB on an opaque background, as planes.
void split(const uint32_t* argb, int64_t count, const std::array<uint8_t, 3>& background, uint8_t* red,
           uint8_t* green, uint8_t* blue) {
  uint32_t opaque = 0xFF000000U;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t pixel = argb[i];
    opaque &= pixel;
    red[i] = static_cast<uint8_t>(pixel >> 16);
    green[i] = static_cast<uint8_t>(pixel >> 8);
    blue[i] = static_cast<uint8_t>(pixel);
  }
  if (opaque >> 24 == 0xFF) return;
  for (int64_t i = 0; i < count; ++i) {
    const uint32_t clear = 255 - (argb[i] >> 24);
    const auto under = [&](uint8_t over, uint8_t below) {
      return static_cast<uint8_t>(std::min<uint32_t>(255, over + (clear * below + 127) / 255));
    };
    red[i] = under(red[i], background[0]);
    green[i] = under(green[i], background[1]);
    blue[i] = under(blue[i], background[2]);
  }
}

class OpenSlideBackend final : public SlideBackend {
 public:
  OpenSlideBackend(fs::path path, Handle handle, std::array<uint8_t, 3> background)
      : path_(std::move(path)), handle_(std::move(handle)), background_(background) {}

  void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const override {
    // Strips of at most 16 MiB, so that a large region does not take four more bytes a pixel.
    const int64_t strip = std::clamp<int64_t>((int64_t{4} << 20) / to.width, 1, to.height);
    const Handle handle = current();
    const double step = openslide_get_level_downsample(handle.get(), static_cast<int32_t>(level));
    thread_local std::vector<uint32_t> buffer;
    buffer.resize(static_cast<size_t>(strip * to.width));
    for (int64_t row = 0; row < to.height; row += strip) {
      const int64_t rows = std::min(strip, to.height - row);
      openslide_read_region(handle.get(), buffer.data(), x, y + std::llround(static_cast<double>(row) * step),
                            static_cast<int32_t>(level), to.width, rows);
      fail_on_error(handle, [&] { return "at " + std::to_string(x) + ", " + std::to_string(y); });
      const int64_t at = row * to.width;
      split(buffer.data(), rows * to.width, background_, to.plane(0) + at, to.plane(1) + at,
            to.plane(2) + at);
    }
    if (buffer.size() > size_t{1} << 20) buffer = {};
  }

  at::Tensor read_associated(const std::string& name) const override {
    const Handle handle = current();
    int64_t width = 0, height = 0;
    openslide_get_associated_image_dimensions(handle.get(), name.c_str(), &width, &height);
    fail_on_error(handle, [&] { return "its " + name; });
    if (width < 1 || height < 1 || height > kMostBytesOfAPiece / 4 / width)
      core::fail_data("its " + name + " of " + std::to_string(width) + " x " + std::to_string(height) +
                      " pixels is damaged");
    std::vector<uint32_t> buffer(static_cast<size_t>(width * height));
    openslide_read_associated_image(handle.get(), name.c_str(), buffer.data());
    fail_on_error(handle, [&] { return "its " + name; });
    at::Tensor image = at::empty({3, height, width}, at::kByte);
    auto* planes = image.mutable_data_ptr<uint8_t>();
    const int64_t count = width * height;
    split(buffer.data(), count, background_, planes, planes + count, planes + 2 * count);
    return image;
  }

 private:
  /// An error puts an OpenSlide handle out of use for good; the next read takes a fresh one.
  Handle current() const {
    const std::lock_guard lock(mutex_);
    if (handle_ == nullptr) handle_ = open_handle(path_);
    return handle_;
  }

  template <class Where>
  void fail_on_error(const Handle& handle, const Where& where) const {
    const char* error = openslide_get_error(handle.get());
    if (error == nullptr) return;
    const std::string text = error;
    {
      const std::lock_guard lock(mutex_);
      if (handle_ == handle) handle_ = nullptr;
    }
    core::fail_data(where() + " it is damaged (" + text + "); copy the file again");
  }

  fs::path path_;
  mutable std::mutex mutex_;
  mutable Handle handle_;
  std::array<uint8_t, 3> background_;
};

std::array<uint8_t, 3> background_of(const Handle& handle) {
  const std::string text = property(handle, OPENSLIDE_PROPERTY_NAME_BACKGROUND_COLOR);
  if (text.size() != 6 || text.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
    return {255, 255, 255};
  const unsigned long rgb = std::stoul(text, nullptr, 16);
  return {static_cast<uint8_t>(rgb >> 16), static_cast<uint8_t>(rgb >> 8), static_cast<uint8_t>(rgb)};
}

void take_scale(const Handle& handle, OpenedSlide& opened) {
  const auto number = [&](const char* name) { return core::parse_double(property(handle, name)); };
  const auto x = number(OPENSLIDE_PROPERTY_NAME_MPP_X), y = number(OPENSLIDE_PROPERTY_NAME_MPP_Y);
  if (x && y) opened.mpp.push_back({MppSource::vendor, *x, *y});
  const std::string unit = property(handle, "tiff.ResolutionUnit");
  const auto dots_x = number("tiff.XResolution"), dots_y = number("tiff.YResolution");
  if ((unit == "centimeter" || unit == "inch") && dots_x && dots_y) {
    const double microns = unit == "inch" ? 25400 : 10000;
    opened.mpp.push_back({MppSource::tiff_resolution, microns / *dots_x, microns / *dots_y});
  }
  if (const auto mpp = number("aperio.MPP")) opened.mpp.push_back({MppSource::aperio, *mpp, *mpp});
  opened.info.objective_power = number(OPENSLIDE_PROPERTY_NAME_OBJECTIVE_POWER);
  // OpenSlide passes on whole numbers only.
  for (const char* own : {"aperio.AppMag", "hamamatsu.SourceLens", "leica.objective", "ventana.Magnification",
                          "sakura.NominalLensMagnification"})
    if (!opened.info.objective_power) opened.info.objective_power = number(own);
}

/// Only names: values may be what must not be shown.
void take_identity(const Handle& handle, SlideInfo& info) {
  for (const char* const* name = openslide_get_property_names(handle.get()); *name != nullptr; ++name)
    for (const char* telling : {"aperio.User", "aperio.Patient", "hamamatsu.Reference", "leica.barcode",
                                "mirax.GENERAL.SLIDE_NAME", "mirax.GENERAL.SLIDE_ID",
                                "mirax.GENERAL.SLIDE_CREATIONDATETIME", "philips.PIIM_DP_SCANNER_OPERATOR_ID",
                                "philips.PIM_DP_UFS_BARCODE", "ventana.BarCode1", "ventana.Patient"})
      if (std::string(*name).starts_with(telling) && !property(handle, *name).empty())
        info.phi.emplace_back(*name);
}

}  // namespace

std::string openslide_vendor(const fs::path& path) {
  std::error_code code;
  if (fs::exists(path, code) && !fs::is_directory(path, code)) {
    core::require_regular_file(path);  // OpenSlide would wait at a pipe
    referenced_files(path);            // and read whatever a key file names
  }
  const char* vendor = openslide_detect_vendor(path.c_str());
  return vendor == nullptr ? "" : vendor;
}

OpenedSlide open_with_openslide(const fs::path& path, const std::string& vendor) {
  check_openslide_bounds(path, vendor);
  const Handle handle = open_handle(path);
  OpenedSlide opened;
  SlideInfo& info = opened.info;
  info.backend = "openslide";
  info.vendor = property(handle, OPENSLIDE_PROPERTY_NAME_VENDOR);
  info.background = background_of(handle);
  const int32_t count = openslide_get_level_count(handle.get());
  for (int32_t i = 0; i < count; ++i) {
    SlideLevel level;
    openslide_get_level_dimensions(handle.get(), i, &level.width, &level.height);
    level.downsample = openslide_get_level_downsample(handle.get(), i);
    info.levels.push_back(level);
  }
  const char* const* names = openslide_get_associated_image_names(handle.get());
  for (; names != nullptr && *names != nullptr; ++names) {
    AssociatedImage image{*names};
    openslide_get_associated_image_dimensions(handle.get(), *names, &image.width, &image.height);
    info.associated.push_back(image);
  }
  take_scale(handle, opened);
  take_identity(handle, info);
  opened.backend = std::make_shared<OpenSlideBackend>(path, handle, info.background);
  return opened;
}

}  // namespace photo51::imaging
