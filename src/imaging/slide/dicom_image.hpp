#pragma once
/// One picture of a DICOM slide: an instance, or the parts of a concatenation, with its optical paths and
/// focal planes.

#include <memory>
#include <string>
#include <vector>

#include "imaging/slide/dicom_frames.hpp"

namespace photo51::imaging {

class SlideImage {
 public:
  /// `parts` in order. Errors (data): parts missing, fewer frames than tiles.
  explicit SlideImage(std::vector<SlideInstance> parts);

  const SlideInstance& head() const { return head_; }
  std::string file_name() const { return head_.path.filename().string(); }
  const std::vector<OpticalPath>& paths() const { return paths_; }  ///< one at least
  int64_t planes() const { return planes_; }
  /// The frame of each place of the grid; -1: nothing was stored.
  std::vector<int64_t> frames_of(size_t path, int64_t plane) const;
  Piece decode(int64_t frame) const;

 private:
  void find_full(int64_t frames);
  void find_sparse(const std::vector<SlideInstance>& parts);

  SlideInstance head_;
  std::vector<std::unique_ptr<SlideFrames>> files_;
  std::vector<int64_t> ends_;  ///< of each file's frames
  std::vector<OpticalPath> paths_;
  int64_t planes_ = 1;
  std::vector<FramePlace> places_;  ///< of all frames, unless in reading order
  std::vector<double> z_;           ///< of the planes
};

/// Instances by concatenation. Error (data): a part alone, parts missing.
std::vector<std::vector<SlideInstance>> join_parts(std::vector<SlideInstance> instances);

}  // namespace photo51::imaging
