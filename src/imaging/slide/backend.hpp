#pragma once
/// What a slide's file format has to offer; one file a format.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "photo51/imaging/slide/slide.hpp"

namespace photo51::imaging {

/// Three planes of `width` x `height` bytes, one after the other.
struct RgbPlanes {
  uint8_t* red;
  int64_t width, height;

  uint8_t* plane(int64_t channel) const { return red + channel * width * height; }
};

class SlideBackend {
 public:
  virtual ~SlideBackend() = default;
  /// As `Slide::read_into`, whose arguments have been checked; called from several threads.
  virtual void read(int64_t level, int64_t x, int64_t y, const RgbPlanes& to) const = 0;
  virtual at::Tensor read_associated(const std::string& name) const = 0;
};

/// What a file says about microns per pixel, a candidate a rung of the ladder.
struct MppCandidate {
  MppSource source;
  double x, y;
};

struct OpenedSlide {
  SlideInfo info;  ///< without `mpp`
  std::vector<MppCandidate> mpp;
  std::shared_ptr<const SlideBackend> backend;
};

/// OpenSlide's name of the format, such as aperio; empty when it does not know it.
std::string openslide_vendor(const std::filesystem::path& path);
/// Whether a file is a slide by its content: what OpenSlide knows (any tiled TIFF), TIFF of 8-bit colors and
/// TIFF of 8 bits whose pages differ in size. (Any other TIFF may be any image.)
bool looks_like_slide(const std::filesystem::path& path);
bool is_picture_tiff(const std::filesystem::path& path);
/// `vendor` as of `openslide_vendor`. Error (data) also when it promises more than can be had.
OpenedSlide open_with_openslide(const std::filesystem::path& path, const std::string& vendor);
/// Tiled or stripped TIFF, BigTIFF, OME-TIFF, with pyramids as further directories or SubIFDs.
OpenedSlide open_with_tiff(const std::filesystem::path& path, const SlideOptions& options);
/// DICOM whole slides: one file alone is one level; a folder holds one series (or `series` of several), whose
/// instances are levels, label, macro and thumbnail, and whose other objects are passed over.
OpenedSlide open_with_dicom(const std::filesystem::path& path, const std::string& series,
                            const SlideOptions& options);
/// JPEG or PNG: one level.
OpenedSlide open_picture(const std::filesystem::path& path);

/// Room for the whole slide with its longer side at most `longest_side` pixels. Error (usage): not 1 to
/// 16384.
at::Tensor blank_thumbnail(const Slide& slide, int64_t longest_side);

/// The most bytes that one decoded tile, strip or flat picture may take.
constexpr int64_t kMostBytesOfAPiece = int64_t{1} << 30;

}  // namespace photo51::imaging
