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

/// "mri", "ct", …
std::string to_string(Modality modality);
std::string to_string(Units units);

/// Where voxels lie: world = origin + direction * (spacing ∘ index), in mm, patient LPS (x to the left, y to
/// the back, z to the head). All arrays are in x, y, z order; `direction` is row-major with the axes as
/// columns.
struct Geometry {
  std::array<int64_t, 3> size{0, 0, 0};
  std::array<double, 3> spacing{1, 1, 1};
  std::array<double, 3> origin{0, 0, 0};
  std::array<double, 9> direction{1, 0, 0, 0, 1, 0, 0, 0, 1};

  std::array<double, 3> to_world(const std::array<double, 3>& index) const;
  /// Continuous index. The direction must be invertible.
  std::array<double, 3> to_index(const std::array<double, 3>& world) const;
  /// Determinant of the direction: 1 for right-handed axes, -1 for left-handed.
  double handedness() const;
  /// Same grid: corners within `tolerance` of a voxel.
  bool matches(const Geometry& other, double tolerance = 1e-2) const;
};

/// Voxels [C, D, H, W] (z, y, x order), contiguous; float32, or an integer type as stored.
struct Volume {
  at::Tensor data;
  Geometry geometry;
  Modality modality = Modality::unknown;
  Units units = Units::unknown;
  std::vector<std::string> channels;  ///< a name a channel; empty when unnamed
  std::vector<double> seconds;        ///< since the first, a channel; empty when channels are not times
  std::vector<double> b_values;       ///< s/mm², a channel; empty when it is not diffusion
  std::string source;                 ///< file or folder, for messages
  bool spacing_known = true;          ///< false: the file does not say how large a voxel is; spacing is 1
  bool orientation_known = true;      ///< false: the file does not say which way the axes point
  std::vector<std::string> warnings;  ///< what the reader found odd but could place

  int64_t channel_count() const { return data.size(0); }
};

/// A volume over `data` [C, D, H, W] on `geometry`, whose size must agree. Error (usage) otherwise.
Volume make_volume(at::Tensor data, Geometry geometry, Modality modality = Modality::unknown,
                   Units units = Units::unknown);

/// The same volume with float32 voxels; shares them when they are float32 already.
Volume to_float(Volume volume);

/// Number of NaN or infinite voxels; 0 for integers.
int64_t count_not_finite(const Volume& volume);
/// Error (data) naming the source and the first such voxel when there is one.
void require_finite(const Volume& volume);

}  // namespace photo51::imaging
