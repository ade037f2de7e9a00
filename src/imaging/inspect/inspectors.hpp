#pragma once
/// One function a kind of image, behind `inspect`. Each is called when the kind is known, with path, kind
/// and, for DICOM, modality, PHI and the numbers of the stored pixels (size, min, max, mean) filled in; it
/// adds what only its kind has. It throws core::Error when the path cannot be read.

#include <filesystem>

#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/picture/picture.hpp"

namespace photo51::imaging {

/// Size of the finest level, microns a pixel as spacing in mm, levels as notes, a thumbnail as picture.
void inspect_slide(const std::filesystem::path& path, Inspection& found, const InspectOptions& options);
/// Ultrasound and other moving pictures: calibrated regions, seconds a frame.
void inspect_cine(const std::filesystem::path& path, Inspection& found, const InspectOptions& options);
/// A DICOM still of ultrasound that was read as a volume: its calibrated regions.
void inspect_still(const std::filesystem::path& path, Inspection& found);
/// A DICOM mammogram that was read as a volume: laterality, view, intent and what is odd about them.
void inspect_mammogram(const std::filesystem::path& path, Inspection& found);
/// DICOM SEG: segments, what they were drawn on.
void inspect_segmentation(const std::filesystem::path& path, Inspection& found,
                          const InspectOptions& options);
/// A NRRD that names its segments, read as a volume: their values, layers and volumes.
void inspect_segments(const std::filesystem::path& path, const Volume& volume, Inspection& found);
/// RTSTRUCT: structures and their contours.
void inspect_structure_set(const std::filesystem::path& path, Inspection& found,
                           const InspectOptions& options);

/// What is read as a volume: geometry, units, suspicious values and places, and the numbers unless they are
/// measured already.
void inspect_volume(Volume volume, Inspection& found, const InspectOptions& options);
/// Evenly spaced slices of a volume as the picture to look at; without a window, its usual one.
at::Tensor inspection_sheet(const Volume& volume, std::optional<Window> window = {});
/// Frames [T, 1 or 3, H, W] of uint8 evenly over time, as they are, side by side.
at::Tensor frame_sheet(const at::Tensor& frames);
/// Whether channels [C, …] are the red, green and blue of a picture that can be shown as it is.
bool is_color_picture(const at::Tensor& channels);
/// A number as a person writes it: six digits, 0.625 and not 0.62500000001.
std::string plain(double value);
/// Warns of what is odd for the volume's units and geometry.
void suspect(const Volume& volume, Inspection& found);

/// Min, max and mean of the finite values; warns of the others.
void measure(const at::Tensor& values, Inspection& found);

}  // namespace photo51::imaging
