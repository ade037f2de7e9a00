#pragma once
/// What a file or folder is, whether it can be used, and what about it is suspicious.

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "photo51/imaging/slide/slide.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::imaging {

struct Inspection {
  std::string path;
  std::string kind = "other";  ///< volume, slide, cine, segmentation, structure_set, other
  Modality modality = Modality::unknown;
  std::string dicom_modality;  ///< as the file writes it: CT, CR, RTDOSE, …; empty when it is not DICOM

  /// Pixels along x, y and slices or frames; absent where there are no pixels or they cannot be read. A slide
  /// has the pixels of its finest level and one slice.
  std::optional<std::array<int64_t, 3>> size;
  std::optional<std::array<double, 3>> spacing;  ///< mm; NaN along an axis that the file says nothing about
  int64_t channels = 1;                          ///< samples a pixel, or volumes over time
  Units units = Units::unknown;

  /// Over all finite stored voxels, after rescale or modality lookup and before SUV; color as RGB.
  bool measured = false;
  double min = 0, max = 0, mean = 0;

  /// Present when the pixels make a volume; its warnings are part of `warnings`.
  std::optional<Volume> volume;
  at::Tensor picture;  ///< a contact sheet, uint8 [H, W, 3]; undefined unless asked for and there are pixels
  std::vector<std::string> notes;  ///< what else there is to say: structures, segments, levels
  std::vector<std::string> warnings;
  std::vector<std::string> phi;  ///< what tells who the patient is, by name and never by value (privacy.hpp)
  std::string error;             ///< why it cannot be read; empty when it can
};

struct InspectOptions {
  bool picture = false;     ///< make `Inspection::picture`
  SlideOptions slide = {};  ///< what of a slide is read, as for training
};

/// Never throws for bad data: `error` says what is wrong.
Inspection inspect(const std::filesystem::path& path, const InspectOptions& options = {});

}  // namespace photo51::imaging
