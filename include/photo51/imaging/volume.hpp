#pragma once
/// A 3D image with its place in the patient.

#include <ATen/core/Tensor.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace photo51::imaging {

enum class Modality { unknown, mri, ct, pet, mammography, ultrasound, histopathology, segmentation };
enum class Units { unknown, arbitrary, hounsfield, suv, becquerel_per_ml, label };

std::string to_string(Modality modality);
std::string to_string(Units units);
/// "mri", "ct", … Error (usage) with the nearest name otherwise.
Modality modality_from(const std::string& name);

/// Where voxels lie: world = origin + direction * (spacing ∘ index), in mm, patient LPS (x to the left, y to
/// the back, z to the head). All arrays are in x, y, z order; `direction` is row-major with the axes as
/// columns.
struct Geometry {
  std::array<int64_t, 3> size{0, 0, 0};
  std::array<double, 3> spacing{1, 1, 1};
  std::array<double, 3> origin{0, 0, 0};
  std::array<double, 9> direction{1, 0, 0, 0, 1, 0, 0, 0, 1};

  std::array<double, 3> to_world(const std::array<double, 3>& index) const;
  std::array<double, 3> to_index(const std::array<double, 3>& world) const;
  /// Same grid within `tolerance` mm at every corner.
  bool matches(const Geometry& other, double tolerance = 1e-2) const;
};

/// Voxels [C, D, H, W] (z, y, x order), contiguous; float32, or an integer type as stored.
struct Volume {
  at::Tensor data;
  Geometry geometry;
  Modality modality = Modality::unknown;
  Units units = Units::unknown;
  std::vector<std::string> channels;  ///< a name a channel; empty when unnamed
  std::string source;                 ///< file or folder, for messages
};

}  // namespace photo51::imaging
