#include "imaging/slide/dicom_image.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "photo51/core/error.hpp"

namespace photo51::imaging {

SlideImage::SlideImage(std::vector<SlideInstance> parts) : head_(parts.front()) {
  int64_t frames = 0;
  for (const SlideInstance& part : parts) {
    files_.push_back(core::with_context([&] { return part.path.filename().string(); },
                                        [&] { return std::make_unique<SlideFrames>(part); }));
    ends_.push_back(frames += part.frames);
  }
  if (head_.is_full)
    find_full(frames);
  else
    find_sparse(parts);
}

/// Tiles in reading order, then focal planes, then optical paths (PS3.3 C.7.6.17.3).
void SlideImage::find_full(int64_t frames) {
  const int64_t places = head_.grid.columns() * head_.grid.rows();
  if (frames < places)
    core::fail_data("NumberOfFrames (0028,0008) is " + std::to_string(frames) + ", but its tiles are " +
                    std::to_string(places) + "; copy it again");
  const int64_t images = frames / places;
  planes_ = std::max<int64_t>(1, head_.declared_planes);
  int64_t paths = std::max<int64_t>(1, head_.declared_paths);
  if (head_.declared_paths == 0 && planes_ * static_cast<int64_t>(head_.paths.size()) == images)
    paths = static_cast<int64_t>(head_.paths.size());
  if (planes_ * paths != images) {
    if (planes_ * paths > images)
      core::fail_data("NumberOfFrames (0028,0008) is " + std::to_string(frames) + ", but " +
                      std::to_string(places) + " tiles of " + std::to_string(planes_) + " focal planes and " +
                      std::to_string(paths) + " optical paths are " +
                      std::to_string(places * planes_ * paths) + "; copy it again");
    planes_ = images / paths;  // more than was said
  }
  paths_ = head_.paths;
  paths_.resize(static_cast<size_t>(paths));
  for (size_t i = 0; i < paths_.size(); ++i)
    if (paths_.size() > 1 && paths_[i].id.empty()) paths_[i].id = std::to_string(i + 1);
}

/// Each frame says where it lies.
void SlideImage::find_sparse(const std::vector<SlideInstance>& parts) {
  std::vector<std::string> ids;
  for (const SlideInstance& part : parts)
    for (const FramePlace& place : part.places) {
      places_.push_back(place);
      if (std::find(ids.begin(), ids.end(), place.path) == ids.end()) ids.push_back(place.path);
      const bool known =
          std::any_of(z_.begin(), z_.end(), [&](double z) { return std::abs(z - place.z) < 1e-6; });
      if (!known) z_.push_back(place.z);
    }
  std::sort(z_.begin(), z_.end());
  planes_ = static_cast<int64_t>(z_.size());
  // In the order of the header; what it does not describe follows.
  for (const OpticalPath& path : head_.paths)
    if (std::find(ids.begin(), ids.end(), path.id) != ids.end()) paths_.push_back(path);
  for (const std::string& id : ids)
    if (std::none_of(paths_.begin(), paths_.end(), [&](const OpticalPath& path) { return path.id == id; }))
      paths_.push_back({id, head_.paths.size() == 1 && ids.size() == 1 ? head_.paths[0].description : ""});
}

std::vector<int64_t> SlideImage::frames_of(size_t path, int64_t plane) const {
  const int64_t places = head_.grid.columns() * head_.grid.rows();
  std::vector<int64_t> frames(static_cast<size_t>(places), -1);
  if (head_.is_full) {
    for (int64_t i = 0; i < places; ++i)
      frames[static_cast<size_t>(i)] = (static_cast<int64_t>(path) * planes_ + plane) * places + i;
    return frames;
  }
  const double z = z_[static_cast<size_t>(plane)];
  for (size_t i = 0; i < places_.size(); ++i) {
    const FramePlace& place = places_[i];
    int64_t& frame = frames[static_cast<size_t>(place.place)];
    if (frame < 0 && place.path == paths_[path].id && std::abs(place.z - z) < 1e-6)
      frame = static_cast<int64_t>(i);
  }
  return frames;
}

Piece SlideImage::decode(int64_t frame) const {
  const auto file = static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), frame) - ends_.begin());
  return files_[file]->decode(frame - (file == 0 ? 0 : ends_[file - 1]));
}

std::vector<std::vector<SlideInstance>> join_parts(std::vector<SlideInstance> instances) {
  std::vector<std::vector<SlideInstance>> joined;
  std::map<std::string, size_t> known;
  for (SlideInstance& instance : instances) {
    if (instance.concatenation.empty()) {
      joined.push_back({std::move(instance)});
      continue;
    }
    const auto [at, fresh] = known.emplace(instance.concatenation, joined.size());
    if (fresh) joined.emplace_back();
    joined[at->second].push_back(std::move(instance));
  }
  for (auto& parts : joined) {
    if (parts.front().concatenation.empty()) continue;
    std::sort(parts.begin(), parts.end(),
              [](const SlideInstance& a, const SlideInstance& b) { return a.part < b.part; });
    const auto count = static_cast<int64_t>(parts.size());
    bool whole = parts.back().parts == 0 || parts.back().parts == count;
    for (int64_t i = 0; i < count; ++i) whole = whole && parts[static_cast<size_t>(i)].part == i + 1;
    const std::string name = parts.front().path.filename().string();
    if (!whole || (count == 1 && parts.front().parts != 1))
      core::fail_data(name + ": is one part of a concatenation (ConcatenationUID (0020,9161)), of which " +
                      (parts.back().parts > 0 ? std::to_string(parts.back().parts) : std::string("several")) +
                      " belong together and " + std::to_string(count) +
                      " are here; put all into one folder and name the folder");
    for (const SlideInstance& part : parts)
      if (part.is_full != parts.front().is_full || part.grid.width != parts.front().grid.width ||
          part.grid.height != parts.front().grid.height)
        core::fail_data(name +
                        ": the parts of its concatenation differ in size or order of tiles; export the "
                        "slide again");
  }
  return joined;
}

}  // namespace photo51::imaging
