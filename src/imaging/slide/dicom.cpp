#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include "imaging/slide/backend.hpp"
#include "imaging/slide/choice.hpp"
#include "imaging/slide/dicom_image.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// A level or another picture: one image, shown as it is, or three whose grays are red, green and blue.
struct Layer {
  struct Shown {
    std::shared_ptr<const SlideImage> image;
    std::vector<int64_t> frames;
  };
  std::vector<Shown> shown;

  const PieceGrid& grid() const { return shown.front().image->head().grid; }
  Piece piece(size_t place) const {
    Piece piece;
    for (size_t c = 0; c < shown.size(); ++c) {
      const int64_t frame = shown[c].frames[place];
      if (frame < 0) continue;
      Piece one = shown[c].image->decode(frame);
      if (shown.size() == 1) return one;
      piece.resize(one.size());
      for (size_t i = c; i < one.size(); i += 3) piece[i] = one[i];
    }
    return piece;
  }
};

class DicomBackend final : public SlideBackend {
 public:
  DicomBackend(std::vector<Layer> levels, std::map<std::string, Layer> associated)
      : levels_(std::move(levels)), associated_(std::move(associated)) {}

  void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const override {
    const Layer& layer = levels_[static_cast<size_t>(level)];
    const PieceGrid &whole = levels_[0].grid(), &grid = layer.grid();
    const double step_x = static_cast<double>(whole.width) / static_cast<double>(grid.width);
    const double step_y = static_cast<double>(whole.height) / static_cast<double>(grid.height);
    read_layer(layer, static_cast<uint64_t>(level), std::llround(static_cast<double>(x) / step_x),
               std::llround(static_cast<double>(y) / step_y), to);
  }

  at::Tensor read_associated(const std::string& name) const override {
    const Layer& layer = associated_.at(name);
    const PieceGrid& grid = layer.grid();
    if (grid.height > kMostBytesOfAPiece / 3 / grid.width)
      core::fail_data("its " + name + " is too large for a picture");
    at::Tensor out = at::empty({3, grid.height, grid.width}, at::kByte);
    const auto place = std::distance(associated_.begin(), associated_.find(name));
    read_layer(layer, 0x8000 + static_cast<uint64_t>(place), 0, 0,
               {out.mutable_data_ptr<uint8_t>(), grid.width, grid.height});
    return out;
  }

 private:
  void read_layer(const Layer& layer, uint64_t number, int64_t x, int64_t y, const RgbPlanes& to) const {
    const PieceGrid& grid = layer.grid();
    paint(grid, x, y, to, {255, 255, 255}, [&](int64_t column, int64_t row) {
      const int64_t place = row * grid.columns() + column;
      return cache_.get(number << 48 | static_cast<uint64_t>(place),
                        [&] { return layer.piece(static_cast<size_t>(place)); });
    });
  }

  std::vector<Layer> levels_;
  std::map<std::string, Layer> associated_;
  mutable PieceCache cache_;
};

std::string name_of(const std::string& flavor) {
  if (flavor == "LABEL") return "label";
  if (flavor == "OVERVIEW" || flavor == "LOCALIZER") return "macro";
  if (flavor == "THUMBNAIL") return "thumbnail";
  return {};
}

/// Whole-slide instances of a folder, all of one series.
std::vector<SlideInstance> read_folder(const fs::path& folder, const std::string& series) {
  std::vector<fs::path> paths;
  std::error_code code;
  for (auto& path : core::regular_files_in(folder))
    if (fs::file_size(path, code) > 0) paths.push_back(std::move(path));
  std::vector<SlideInstance> found;
  std::set<std::string> uids;
  for (const fs::path& path : paths) {
    auto instance = find_slide_instance(path);
    if (!instance || (!series.empty() && instance->series_uid != series)) continue;
    uids.insert(instance->series_uid);
    found.push_back(std::move(*instance));
  }
  if (found.empty())
    core::fail_data("holds no DICOM whole slide" + (series.empty() ? "" : " of series " + series));
  if (uids.size() > 1)
    core::fail_data("holds slides of " + std::to_string(uids.size()) +
                    " series; name one as folder#UID: " + core::join({uids.begin(), uids.end()}, ", "));
  return found;
}

using Images = std::vector<std::shared_ptr<const SlideImage>>;

bool is_unsaid(const OpticalPath& path) {
  return path.id.empty() && path.description.empty();
}
/// An image that does not say which path it was taken through was taken through the only one.
bool same(const OpticalPath& a, const OpticalPath& b) {
  if (is_unsaid(a) || is_unsaid(b)) return true;
  return a.id == b.id && (a.description == b.description || a.description.empty() || b.description.empty());
}

/// The optical paths of all images, in order.
std::vector<OpticalPath> paths_of(const Images& images) {
  std::vector<OpticalPath> paths;
  for (const auto& image : images)
    for (const OpticalPath& path : image->paths())
      if (!is_unsaid(path) && std::none_of(paths.begin(), paths.end(),
                                           [&](const OpticalPath& other) { return same(path, other); }))
        paths.push_back(path);
  if (paths.empty()) paths.emplace_back();
  return paths;
}

/// The path's frames; nothing where the image was taken through others.
std::optional<Layer::Shown> shown_of(const std::shared_ptr<const SlideImage>& image, const OpticalPath& path,
                                     int64_t plane) {
  for (size_t i = 0; i < image->paths().size(); ++i)
    if (same(image->paths()[i], path))
      return Layer::Shown{image, image->frames_of(i, std::min(plane, image->planes() - 1))};
  return {};
}

/// The levels of the chosen paths and plane, from the finest.
std::vector<Layer> levels_of(const Images& volumes, const SlideOptions& options, SlideInfo& info) {
  const std::vector<OpticalPath> paths = paths_of(volumes);
  SlideOffer offer;
  offer.planes = volumes.front()->planes();
  for (const OpticalPath& path : paths) offer.channels.push_back(path.name());
  const SlideChoice choice = choose_channels(offer, options, false);
  if (choice.channels.size() == 3 && volumes.front()->head().samples == 3)
    core::fail_data("its optical paths are in color already; name one of them as slide.channels");
  std::vector<Layer> levels;
  std::map<int64_t, Layer, std::greater<>> by_width;
  for (const size_t channel : choice.channels) {
    std::set<int64_t> filled;
    for (const auto& image : volumes) {
      const auto shown = shown_of(image, paths[channel], static_cast<int64_t>(choice.plane));
      if (!shown) continue;
      if (!filled.insert(image->head().grid.width).second) {
        info.warnings.push_back(image->file_name() + " repeats a level and is not shown");
        continue;
      }
      by_width[image->head().grid.width].shown.push_back(*shown);
    }
  }
  for (auto& [width, layer] : by_width)
    if (layer.shown.size() == choice.channels.size()) levels.push_back(std::move(layer));
  if (levels.empty()) core::fail_data("no level has all of the channels that are asked for (slide.channels)");
  return levels;
}

}  // namespace

OpenedSlide open_with_dicom(const fs::path& path, const std::string& series, const SlideOptions& options) {
  std::vector<SlideInstance> instances;
  std::error_code code;
  if (fs::is_directory(path, code))
    instances = read_folder(path, series);
  else
    instances.push_back(read_slide_instance(path));
  OpenedSlide opened;
  SlideInfo& info = opened.info;
  info.backend = "dicom";
  info.vendor = instances.front().manufacturer;
  Images volumes;
  std::map<std::string, Layer> associated;
  auto groups = join_parts(std::move(instances));
  std::stable_sort(groups.begin(), groups.end(),
                   [](const auto& a, const auto& b) { return a.front().grid.width > b.front().grid.width; });
  for (auto& parts : groups) {
    const std::string file = parts.front().path.filename().string(), name = name_of(parts.front().flavor);
    for (const SlideInstance& part : parts)
      for (const std::string& warning : part.warnings) info.warnings.push_back(file + " " + warning);
    if (parts.front().shows_label)
      info.warnings.push_back(file + " shows the slide's label or text: it may name the patient");
    const auto image =
        core::with_context(file, [&] { return std::make_shared<const SlideImage>(std::move(parts)); });
    // One file alone is its only level, whatever it shows.
    if (!name.empty() && groups.size() > 1)
      associated.emplace(name, Layer{{{image, image->frames_of(0, 0)}}});
    else
      volumes.push_back(image);
  }
  if (volumes.empty())
    core::fail_data("has no instance of type VOLUME (ImageType (0008,0008)), only a label or thumbnail");
  std::vector<Layer> levels = levels_of(volumes, options, info);
  const SlideInstance& whole = levels.front().shown.front().image->head();
  if (whole.mpp) opened.mpp.push_back({MppSource::dicom, (*whole.mpp)[0], (*whole.mpp)[1]});
  info.objective_power = whole.objective_power;
  for (const Layer& layer : levels) {
    const PieceGrid& grid = layer.grid();
    const double x = static_cast<double>(whole.grid.width) / static_cast<double>(grid.width);
    const double y = static_cast<double>(whole.grid.height) / static_cast<double>(grid.height);
    info.levels.push_back({grid.width, grid.height, (x + y) / 2});
  }
  for (const auto& [name, layer] : associated)
    info.associated.push_back({name, layer.grid().width, layer.grid().height});
  opened.backend = std::make_shared<DicomBackend>(std::move(levels), std::move(associated));
  return opened;
}

}  // namespace photo51::imaging
