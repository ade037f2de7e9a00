#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <regex>

#include "imaging/slide/backend.hpp"
#include "imaging/tiff/ome.hpp"
#include "imaging/tiff/scene.hpp"
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
  TiffBackend(const fs::path& path, TiffFile file, std::vector<TiffLevelViews> levels,
              std::vector<std::pair<std::string, TiffImage>> associated)
      : handles_(path, std::move(file)), levels_(std::move(levels)), associated_(std::move(associated)) {}

  void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const override {
    const TiffLevelViews& views = levels_[static_cast<size_t>(level)];
    const PieceGrid &whole = levels_[0][0].image.grid, &grid = views[0].image.grid;
    const double step_x = static_cast<double>(whole.width) / static_cast<double>(grid.width);
    const double step_y = static_cast<double>(whole.height) / static_cast<double>(grid.height);
    read_views(views, static_cast<uint64_t>(level), std::llround(static_cast<double>(x) / step_x),
               std::llround(static_cast<double>(y) / step_y), to);
  }

  at::Tensor read_associated(const std::string& name) const override {
    for (size_t i = 0; i < associated_.size(); ++i) {
      if (associated_[i].first != name) continue;
      const TiffImage& image = associated_[i].second;
      if (image.grid.height > kMostBytesOfAPiece / 3 / image.grid.width)
        core::fail_data("its " + name + " is too large for a picture");
      at::Tensor out = at::empty({3, image.grid.height, image.grid.width}, at::kByte);
      read_views({{image, -1}}, 0x8000 + i, 0, 0,
                 {out.mutable_data_ptr<uint8_t>(), image.grid.width, image.grid.height});
      return out;
    }
    core::fail_usage("no associated image `" + name + "`");
  }

 private:
  void read_views(const TiffLevelViews& views, uint64_t number, int64_t x, int64_t y,
                  const RgbPlanes& to) const {
    const PieceGrid& grid = views[0].image.grid;
    paint(grid, x, y, to, {255, 255, 255}, [&](int64_t column, int64_t row) {
      const auto index = static_cast<uint64_t>(row * grid.columns() + column);
      return cache_.get(number << 48 | index, [&] {
        return handles_.borrow([&](TiffFile& file) { return piece_of(file, views, column, row); });
      });
    });
  }

  /// One picture, or one sample of one or of three pages as gray or as colors.
  static Piece piece_of(TiffFile& file, const TiffLevelViews& views, int64_t column, int64_t row) {
    if (views[0].sample < 0) return file.decode(views[0].image, column, row);
    Piece piece;
    for (size_t c = 0; c < 3; ++c) {
      if (c > 0 && views.size() == 1) break;
      const TiffView& view = views[c];
      const auto values = file.sample(view.image, column, row, view.sample);
      if (values.empty()) continue;
      piece.resize(3 * values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        piece[3 * i + c] = values[i];
        if (views.size() == 1) piece[3 * i + 1] = piece[3 * i + 2] = values[i];
      }
    }
    return piece;
  }

  mutable TiffHandles handles_;
  mutable PieceCache cache_;
  std::vector<TiffLevelViews> levels_;
  std::vector<std::pair<std::string, TiffImage>> associated_;
};

std::optional<double> number_after(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) return {};
  return core::parse_double(match[1].str());
}

void take_ome(const std::string& xml, const TiffScene& scene, OpenedSlide& opened) {
  opened.info.vendor = "ome-tiff";
  try {
    const auto images = parse_ome(xml);
    const PieceGrid& grid = scene.levels.front().front().image.grid;
    const OmeImage* image = ome_image_of(images, grid.width, grid.height, scene.page);
    if (image == nullptr) {
      opened.info.warnings.push_back("its OME-XML describes no image of " + std::to_string(grid.width) +
                                     " x " + std::to_string(grid.height) + " pixels");
      return;
    }
    if (image->um_x && image->um_y) opened.mpp.push_back({MppSource::ome, *image->um_x, *image->um_y});
    if (!image->size_problem.empty())
      opened.info.warnings.push_back("its OME-XML's " + image->size_problem + "; it is not used");
    opened.info.objective_power = image->magnification;
  } catch (const core::Error& error) {
    opened.info.warnings.emplace_back(error.what());
  }
}

/// `description` is the file's, which stands in its first page.
void take_scale(const TiffScene& scene, const std::string& description, OpenedSlide& opened) {
  const TiffImage& whole = scene.whole;
  // The head is enough, and a regular expression over megabytes is not wise.
  const std::string text = (whole.description.empty() ? description : whole.description).substr(0, 1 << 16);
  if (text.starts_with("Aperio")) {
    opened.info.vendor = "aperio";
    if (const auto mpp = number_after(text, "MPP = ([0-9.]+)"))
      opened.mpp.push_back({MppSource::aperio, *mpp, *mpp});
    opened.info.objective_power = number_after(text, "AppMag = ([0-9.]+)");
  }
  if (is_ome(description)) take_ome(description, scene, opened);
  if (const auto imagej = parse_imagej(description); imagej && !imagej->unit.empty()) {
    // Its unit is what the resolution tags count in, whatever they say themselves.
    if (imagej->um_x && imagej->um_y && whole.per_unit[0] > 0 && whole.per_unit[1] > 0)
      opened.mpp.push_back(
          {MppSource::imagej, *imagej->um_x / whole.per_unit[0], *imagej->um_y / whole.per_unit[1]});
    else
      opened.info.warnings.push_back("ImageJ's unit `" + imagej->unit + "` is no length; it is not used");
    return;
  }
  if (whole.x_resolution > 0 && whole.y_resolution > 0)
    opened.mpp.push_back({MppSource::tiff_resolution, 1 / whole.x_resolution, 1 / whole.y_resolution});
}

}  // namespace

bool is_picture_tiff(const fs::path& path) {
  try {
    const auto images = TiffFile(path).images();
    const TiffImage& first = images[largest_page(images)];
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

OpenedSlide open_with_tiff(const fs::path& path, const SlideOptions& options) {
  TiffFile file(path);
  const std::string description = file.current_description();
  TiffScene scene = arrange(file, options);
  const TiffImage& whole = scene.whole;
  OpenedSlide opened;
  SlideInfo& info = opened.info;
  info.backend = "tiff";
  info.vendor = "generic-tiff";
  info.warnings = scene.warnings;
  if (TIFFIsCODECConfigured(whole.compression) == 0)
    core::fail_data("its compression " + std::to_string(whole.compression) +
                    " cannot be decoded; convert it to JPEG or LZW, or copy the file again");
  if (whole.bits == 16) info.warnings.emplace_back("has 16 bits a sample, which are shown as 8 (v / 257)");
  if (whole.photometric == PHOTOMETRIC_RGB && whole.samples == 4 && !whole.has_alpha() &&
      scene.levels[0][0].sample < 0)
    info.warnings.emplace_back("has a fourth sample beside red, green and blue, which is not shown");
  if (whole.orientation != 1)
    info.warnings.push_back("its Orientation (274) is " + std::to_string(whole.orientation) +
                            "; it is shown as it is stored");
  for (const TiffLevelViews& views : scene.levels) {
    const PieceGrid& grid = views[0].image.grid;
    const double x = static_cast<double>(whole.grid.width) / static_cast<double>(grid.width);
    const double y = static_cast<double>(whole.grid.height) / static_cast<double>(grid.height);
    info.levels.push_back({grid.width, grid.height, (x + y) / 2});
  }
  for (const auto& [name, image] : scene.associated)
    info.associated.push_back({name, image.grid.width, image.grid.height});
  take_scale(scene, description, opened);
  opened.backend = std::make_shared<TiffBackend>(path, std::move(file), std::move(scene.levels),
                                                 std::move(scene.associated));
  return opened;
}

}  // namespace photo51::imaging
