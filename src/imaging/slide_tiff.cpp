#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "imaging/slide_backend.hpp"
#include "imaging/tiff_file.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// libtiff handles are not for two threads at once: each read borrows one.
class TiffHandles {
 public:
  TiffHandles(fs::path path, TiffFile first) : path_(std::move(path)) { free_.push_back(std::move(first)); }

  template <class Work>
  auto borrow(const Work& work) {
    std::optional<TiffFile> file;
    {
      const std::lock_guard lock(mutex_);
      if (!free_.empty()) {
        file = std::move(free_.back());
        free_.pop_back();
      }
    }
    if (!file) file.emplace(path_);
    auto result = work(*file);
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(*file));
    return result;
  }

 private:
  fs::path path_;
  std::mutex mutex_;
  std::vector<TiffFile> free_;
};

class TiffBackend final : public SlideBackend {
 public:
  TiffBackend(const fs::path& path, TiffFile file, std::vector<TiffImage> levels,
              std::vector<std::pair<std::string, TiffImage>> associated)
      : handles_(path, std::move(file)), levels_(std::move(levels)), associated_(std::move(associated)) {}

  void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const override {
    const TiffImage& image = levels_[static_cast<size_t>(level)];
    const double step_x = static_cast<double>(levels_[0].grid.width) / static_cast<double>(image.grid.width);
    const double step_y =
        static_cast<double>(levels_[0].grid.height) / static_cast<double>(image.grid.height);
    read_image(image, static_cast<uint64_t>(level), std::llround(static_cast<double>(x) / step_x),
               std::llround(static_cast<double>(y) / step_y), to);
  }

  at::Tensor read_associated(const std::string& name) const override {
    for (size_t i = 0; i < associated_.size(); ++i) {
      if (associated_[i].first != name) continue;
      const TiffImage& image = associated_[i].second;
      if (image.grid.height > kMostBytesOfAPiece / 3 / image.grid.width)
        core::fail_data("its " + name + " is too large for a picture");
      at::Tensor out = at::empty({3, image.grid.height, image.grid.width}, at::kByte);
      read_image(image, 0x8000 + i, 0, 0,
                 {out.mutable_data_ptr<uint8_t>(), image.grid.width, image.grid.height});
      return out;
    }
    core::fail_usage("no associated image `" + name + "`");
  }

 private:
  void read_image(const TiffImage& image, uint64_t number, int64_t x, int64_t y, const RgbPlanes& to) const {
    paint(image.grid, x, y, to, {255, 255, 255}, [&](int64_t column, int64_t row) {
      const auto index = static_cast<uint64_t>(row * image.grid.columns() + column);
      return cache_.get(number << 48 | index, [&] {
        return handles_.borrow([&](TiffFile& file) { return file.decode(image, column, row); });
      });
    });
  }

  mutable TiffHandles handles_;
  mutable PieceCache cache_;
  std::vector<TiffImage> levels_;
  std::vector<std::pair<std::string, TiffImage>> associated_;
};

/// A smaller picture of the same place: the same kind of pixels, the same shape to a few pixels.
bool is_level_of(const TiffImage& whole, const TiffImage& image) {
  const double x = static_cast<double>(whole.grid.width) / static_cast<double>(image.grid.width);
  const double y = static_cast<double>(whole.grid.height) / static_cast<double>(image.grid.height);
  // Rounded sizes of a level may be off by a pixel.
  const double slack = 0.005 + 1.5 / static_cast<double>(std::min(image.grid.width, image.grid.height));
  const bool same_pixels = whole.bits == image.bits && whole.samples == image.samples;
  return same_pixels && x > 1.05 && y > 1.05 && std::abs(x / y - 1) < slack;
}

std::optional<double> number_after(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) return {};
  return core::parse_double(match[1].str());
}

/// PhysicalSizeX or -Y of OME-XML in microns; its unit is the micron unless it says otherwise.
std::optional<double> ome_size(const std::string& xml, const std::string& axis) {
  const auto size = number_after(xml, "PhysicalSize" + axis + "=\"([^\"]+)\"");
  if (!size) return {};
  std::smatch match;
  if (!std::regex_search(xml, match, std::regex("PhysicalSize" + axis + "Unit=\"([^\"]+)\""))) return size;
  const std::string unit = match[1].str();
  if (unit == "nm") return *size * 1e-3;
  if (unit == "mm") return *size * 1e3;
  if (unit == "cm") return *size * 1e4;
  // The micro sign and the Greek letter, as characters or as references.
  for (const char* micron : {"\xC2\xB5m", "\xCE\xBCm", "&#181;m", "&#xB5;m", "&#956;m", "&#x3BC;m", "um"})
    if (unit == micron) return size;
  return {};
}

void take_scale(const TiffImage& whole, OpenedSlide& opened) {
  // The head is enough, and a regular expression over megabytes is not wise.
  const std::string text = whole.description.substr(0, size_t{1} << 16);
  if (text.starts_with("Aperio")) {
    opened.info.vendor = "aperio";
    if (const auto mpp = number_after(text, "MPP = ([0-9.]+)"))
      opened.mpp.push_back({MppSource::aperio, *mpp, *mpp});
    opened.info.objective_power = number_after(text, "AppMag = ([0-9.]+)");
  }
  if (text.find("<OME") != std::string::npos) {
    opened.info.vendor = "ome-tiff";
    const auto x = ome_size(text, "X"), y = ome_size(text, "Y");
    if (x && y) opened.mpp.push_back({MppSource::ome, *x, *y});
    opened.info.objective_power = number_after(text, "NominalMagnification=\"([0-9.]+)\"");
  }
  if (whole.x_resolution > 0 && whole.y_resolution > 0)
    opened.mpp.push_back({MppSource::tiff_resolution, 1 / whole.x_resolution, 1 / whole.y_resolution});
}

std::string name_of(const TiffImage& image, size_t number) {
  for (const char* name : {"label", "macro", "thumbnail"})
    if (image.description.find(name) != std::string::npos) return name;
  return "image " + std::to_string(number);
}

}  // namespace

bool is_picture_tiff(const fs::path& path) {
  try {
    const auto images = TiffFile(path).images();
    const TiffImage& first = images.front();
    const bool pages_differ = std::any_of(images.begin(), images.end(), [&](const TiffImage& image) {
      return image.grid.width != first.grid.width || image.grid.height != first.grid.height;
    });
    // Deeper pixels are numbers, and the other page a thumbnail of them.
    const bool numbers = first.is_plain() && first.bits > 8;
    return (pages_differ && !numbers) || (first.samples >= 3 && first.bits == 8);
  } catch (const core::Error&) {
    return false;  // the reader of volumes will say what is wrong
  }
}

OpenedSlide open_with_tiff(const fs::path& path) {
  TiffFile file(path);
  const std::vector<TiffImage> images = file.images();
  OpenedSlide opened;
  SlideInfo& info = opened.info;
  info.backend = "tiff";
  info.vendor = "generic-tiff";
  std::vector<TiffImage> levels{images.front()};
  std::vector<std::pair<std::string, TiffImage>> associated;
  const TiffImage& whole = images.front();
  if (TIFFIsCODECConfigured(whole.compression) == 0)
    core::fail_data("its compression " + std::to_string(whole.compression) +
                    " cannot be decoded; convert it to JPEG or LZW, or copy the file again");
  for (const uint64_t offset : whole.smaller) {
    const TiffImage image = file.image_at(offset);
    if (is_level_of(whole, image)) levels.push_back(image);
  }
  int64_t twins = 0;
  for (size_t i = 1; i < images.size(); ++i) {
    const TiffImage& image = images[i];
    if (image.grid.width == whole.grid.width && image.grid.height == whole.grid.height) {
      ++twins;
    } else if (is_level_of(whole, image) && (image.tiled || image.reduced || !whole.tiled)) {
      levels.push_back(image);
    } else {
      associated.emplace_back(name_of(image, i), image);
    }
  }
  if (twins > 0)
    info.warnings.push_back("has " + std::to_string(twins) +
                            " more images of the same size (channels or planes), which are not shown");
  std::stable_sort(levels.begin(), levels.end(),
                   [](const TiffImage& a, const TiffImage& b) { return a.grid.width > b.grid.width; });
  if (whole.bits == 16) info.warnings.emplace_back("has 16 bits a sample, which are shown as 8 (v / 257)");
  for (const TiffImage& image : levels) {
    const double x = static_cast<double>(whole.grid.width) / static_cast<double>(image.grid.width);
    const double y = static_cast<double>(whole.grid.height) / static_cast<double>(image.grid.height);
    info.levels.push_back({image.grid.width, image.grid.height, (x + y) / 2});
  }
  for (const auto& [name, image] : associated)
    info.associated.push_back({name, image.grid.width, image.grid.height});
  take_scale(whole, opened);
  opened.backend =
      std::make_shared<TiffBackend>(path, std::move(file), std::move(levels), std::move(associated));
  return opened;
}

}  // namespace photo51::imaging
