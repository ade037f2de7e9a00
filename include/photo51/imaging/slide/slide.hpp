#pragma once
/// A whole-slide image: a pyramid of levels whose regions are decoded when they are asked for.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/config/fields.hpp"

namespace photo51::imaging {

struct SlideLevel {
  int64_t width = 0, height = 0;
  double downsample = 1;  ///< pixels of level 0 along one pixel of this level
};
/// A label, macro or thumbnail picture beside the pyramid. Labels and macros may show names.
struct AssociatedImage {
  std::string name;
  int64_t width = 0, height = 0;
};

/// Where microns per pixel came from, in the order in which the sources are asked.
enum class MppSource {
  unknown,
  option,
  vendor,
  aperio,
  dicom,
  ome,
  imagej,
  tiff_resolution,
  objective_power
};
std::string to_string(MppSource source);

struct SlideOptions {
  double mpp = 0;  ///< microns per pixel of level 0, known better than by the file; 0 = ask the file
  bool mpp_from_objective = false;  ///< allow 10 / objective power when nothing else is there
  /// Of several channels or optical paths: one, shown gray, or three as red, green and blue; names, or
  /// numbers from 1.
  std::vector<std::string> channels = {};
  int64_t plane = 0;  ///< of several focal planes, from 1; 0 = there is one
  int64_t page = 0;   ///< TIFF: which page is the slide, from 1; 0 = the largest
};
void describe(config::Fields& f, SlideOptions& o);

struct SlideInfo {
  std::string source;                        ///< file or folder, for messages
  std::string backend;                       ///< openslide, tiff, dicom or picture
  std::string vendor;                        ///< as OpenSlide names it, or the DICOM Manufacturer
  std::vector<SlideLevel> levels;            ///< from the finest
  std::optional<std::array<double, 2>> mpp;  ///< microns per pixel of level 0 along x and y
  MppSource mpp_source = MppSource::unknown;
  std::optional<double> objective_power;
  std::vector<AssociatedImage> associated;
  std::array<uint8_t, 3> background{255, 255, 255};  ///< shown where nothing was scanned
  std::vector<std::string> warnings, phi;            ///< `phi`: names of identifying elements, never values
};

class SlideBackend;

/// Cheap to copy; copies share the file. All members are safe to call from several threads at once.
class Slide {
 public:
  Slide(SlideInfo info, std::shared_ptr<const SlideBackend> backend);

  const SlideInfo& info() const { return info_; }
  const std::vector<SlideLevel>& levels() const { return info_.levels; }
  /// Microns per pixel of level 0. Error (data) that says what to set when the file does not tell.
  std::array<double, 2> mpp() const;

  /// RGB of a region of `level`: uint8 [3, height, width]. `x` and `y` are level 0 pixels, as in OpenSlide;
  /// `width` and `height` are the level's. What is transparent or outside the slide is `background`. Errors:
  /// usage (no such level, an empty or absurd size), data (the file is damaged there).
  at::Tensor read(int64_t level, int64_t x, int64_t y, int64_t width, int64_t height) const;
  /// The same into `out`, contiguous uint8 [3, height, width].
  void read_into(int64_t level, int64_t x, int64_t y, const at::Tensor& out) const;
  /// An associated image, uint8 [3, H, W]. Errors: usage (the name), data (damaged).
  at::Tensor read_associated(const std::string& name) const;

 private:
  SlideInfo info_;
  std::shared_ptr<const SlideBackend> backend_;
};

/// Opens what OpenSlide knows, other TIFF (tiled, stripped, BigTIFF, OME-TIFF; 16 bits become 8), DICOM whole
/// slides (one file, or a folder of one series, other objects in which are passed over), JPEG and PNG (one
/// level). Errors (data): missing, damaged, not a slide, a preview without the files of its slide, several
/// channels or focal planes and no choice among them. Microns per pixel come from the first of:
/// `options.mpp`, the vendor's property, Aperio's MPP, DICOM pixel spacing, OME PhysicalSize, ImageJ's unit,
/// TIFF resolution if between 0.05 and 10 um, and, if allowed, 10 um / objective power; printing resolution
/// (72 dpi) never counts.
Slide open_slide(const std::filesystem::path& path, const SlideOptions& options = {});

/// `width` x `height` pixels of `step` = (x, y) level 0 pixels each, from (x, y) on, each the mean over its
/// area of the coarsest level that is not coarser than `step` (within `tolerance`, a fraction): uint8
/// [3, height, width] into `out`. A level that matches `step` is copied, not resampled.
void read_scaled(const Slide& slide, double x, double y, std::array<double, 2> step, const at::Tensor& out,
                 double tolerance = 0.02);
/// The whole slide with its longer side at most `longest_side` pixels, read in bounded memory.
at::Tensor thumbnail(const Slide& slide, int64_t longest_side);

}  // namespace photo51::imaging
