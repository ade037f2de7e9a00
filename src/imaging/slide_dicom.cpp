#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "imaging/readers.hpp"
#include "imaging/slide_backend.hpp"
#include "imaging/slide_dicom_frames.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// An instance with its frames.
struct Layer {
  explicit Layer(SlideInstance read) : instance(std::move(read)), frames(instance) {}
  SlideInstance instance;
  SlideFrames frames;
};

class DicomBackend final : public SlideBackend {
 public:
  DicomBackend(std::vector<std::shared_ptr<const Layer>> levels,
               std::map<std::string, std::shared_ptr<const Layer>> associated)
      : levels_(std::move(levels)), associated_(std::move(associated)) {}

  void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const override {
    const PieceGrid &whole = levels_[0]->instance.grid,
                    &grid = levels_[static_cast<size_t>(level)]->instance.grid;
    const double step_x = static_cast<double>(whole.width) / static_cast<double>(grid.width);
    const double step_y = static_cast<double>(whole.height) / static_cast<double>(grid.height);
    read_layer(*levels_[static_cast<size_t>(level)], static_cast<uint64_t>(level),
               std::llround(static_cast<double>(x) / step_x), std::llround(static_cast<double>(y) / step_y),
               to);
  }

  at::Tensor read_associated(const std::string& name) const override {
    const Layer& layer = *associated_.at(name);
    const PieceGrid& grid = layer.instance.grid;
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
    const PieceGrid& grid = layer.instance.grid;
    paint(grid, x, y, to, {255, 255, 255}, [&](int64_t column, int64_t row) -> std::shared_ptr<const Piece> {
      const int64_t frame = layer.instance.frame_of[static_cast<size_t>(row * grid.columns() + column)];
      if (frame < 0) return std::make_shared<const Piece>();
      return cache_.get(number << 48 | static_cast<uint64_t>(frame),
                        [&] { return layer.frames.decode(frame); });
    });
  }

  std::vector<std::shared_ptr<const Layer>> levels_;
  std::map<std::string, std::shared_ptr<const Layer>> associated_;
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
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.is_regular_file() && entry.file_size() > 0) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  std::vector<SlideInstance> found;
  std::set<std::string> uids;
  for (const fs::path& path : paths) {
    if (detect_format(path) != Format::dicom) continue;
    SlideInstance instance = read_slide_instance(path);
    if (!series.empty() && instance.series_uid != series) continue;
    uids.insert(instance.series_uid);
    found.push_back(std::move(instance));
  }
  if (found.empty())
    core::fail_data("holds no DICOM whole slide" + (series.empty() ? "" : " of series " + series));
  if (uids.size() > 1)
    core::fail_data("holds slides of " + std::to_string(uids.size()) +
                    " series; name one as folder#UID: " + core::join({uids.begin(), uids.end()}, ", "));
  return found;
}

}  // namespace

OpenedSlide open_with_dicom(const fs::path& path, const std::string& series) {
  std::vector<SlideInstance> instances;
  std::error_code code;
  const bool folder = fs::is_directory(path, code);
  if (folder)
    instances = read_folder(path, series);
  else
    instances.push_back(read_slide_instance(path));
  OpenedSlide opened;
  SlideInfo& info = opened.info;
  info.backend = "dicom";
  info.vendor = instances.front().manufacturer;
  std::stable_sort(instances.begin(), instances.end(), [](const SlideInstance& a, const SlideInstance& b) {
    return a.grid.width > b.grid.width;
  });
  std::vector<std::shared_ptr<const Layer>> levels;
  std::map<std::string, std::shared_ptr<const Layer>> associated;
  for (SlideInstance& instance : instances) {
    const std::string name = name_of(instance.flavor), file = instance.path.filename().string();
    for (const std::string& warning : instance.warnings) info.warnings.push_back(file + " " + warning);
    if (instance.shows_label)
      info.warnings.push_back(file + " shows the slide's label or text: it may name the patient");
    auto layer = core::with_context(file, [&] { return std::make_shared<const Layer>(std::move(instance)); });
    // One file alone is its only level, whatever it shows.
    if (!name.empty() && instances.size() > 1) {
      associated.emplace(name, std::move(layer));
    } else if (levels.empty() || layer->instance.grid.width < levels.back()->instance.grid.width) {
      levels.push_back(std::move(layer));
    } else {
      info.warnings.push_back(file +
                              " repeats a level (another focal plane or optical path?) and is not shown");
    }
  }
  if (levels.empty())
    core::fail_data("has no instance of type VOLUME (ImageType (0008,0008)), only a label or thumbnail");
  const SlideInstance& whole = levels.front()->instance;
  if (whole.mpp) opened.mpp.push_back({MppSource::dicom, (*whole.mpp)[0], (*whole.mpp)[1]});
  info.objective_power = whole.objective_power;
  for (const auto& layer : levels) {
    const PieceGrid& grid = layer->instance.grid;
    const double x = static_cast<double>(whole.grid.width) / static_cast<double>(grid.width);
    const double y = static_cast<double>(whole.grid.height) / static_cast<double>(grid.height);
    info.levels.push_back({grid.width, grid.height, (x + y) / 2});
  }
  for (const auto& [name, layer] : associated)
    info.associated.push_back({name, layer->instance.grid.width, layer->instance.grid.height});
  opened.backend = std::make_shared<DicomBackend>(std::move(levels), std::move(associated));
  return opened;
}

}  // namespace photo51::imaging
