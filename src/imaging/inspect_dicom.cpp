#include "imaging/inspect_dicom.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "imaging/dicom_element.hpp"
#include "imaging/dicom_image.hpp"
#include "imaging/dicom_series.hpp"
#include "imaging/dicom_voi.hpp"
#include "imaging/dicom_volume.hpp"
#include "imaging/inspectors.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/picture.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
/// Pixels; more would not fit into the memory of a small machine.
constexpr int64_t kLargestMeasuredSlide = 400'000'000;
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string kind_of(const DicomHeader& h) {
  if (h.modality == "SEG") return "segmentation";
  if (h.modality == "RTSTRUCT") return "structure_set";
  if (!h.has_pixels) return "other";
  if (h.modality == "SM") return "slide";
  const bool moves = h.modality == "US" || h.modality == "IVUS" || h.modality == "XA" || h.modality == "RF" ||
                     h.modality == "ES" || h.modality == "GM" || h.modality == "XC";
  return moves && h.is_multiframe() ? "cine" : "volume";
}

/// A storage class of images whose pixels are absent is a damaged image, not another kind of object.
void require_pixels_of_image(const DicomHeader& h) {
  if (h.has_pixels || h.sop_class_name.find("ImageStorage") == std::string::npos) return;
  core::fail_data(h.path.string() + ": is a " + h.sop_class_name +
                  " without PixelData (7FE0,0010); copy it again, with its pixels");
}

void identify(const DicomHeader& h, Inspection& found) {
  found.kind = kind_of(h);
  found.modality = h.kind();
  found.dicom_modality = h.modality;
  found.phi = h.identifying;
  if (h.burned_in == "YES") found.phi.emplace_back("BurnedInAnnotation");
}

/// mm along x, y and between frames, as far as the header and its frames say.
void take_spacing(const DicomObject& object, Inspection& found) {
  const DicomFrame& frame = object.frames[0];
  const bool in_plane = frame.spacing && (*frame.spacing)[0] > 0 && (*frame.spacing)[1] > 0;
  const std::optional<double> step = frame.between_slices ? frame.between_slices : frame.thickness;
  if (in_plane)
    found.spacing = {(*frame.spacing)[1], (*frame.spacing)[0], step && *step > 0 ? *step : kUnknown};
}

/// Values that stand for "no value", so that they are not taken for tissue.
void warn_of_padding(const DicomObject& object, Inspection& found) {
  const DicomHeader& h = object.header;
  if (!h.padding || object.values.size(1) != 1 || h.has_modality_lut) return;
  double stored = *h.padding;
  // Written as unsigned although the pixels are signed.
  if (h.is_signed && stored > 32767 && h.bits_allocated == 16) stored -= 65536;
  const double value = stored * object.frames[0].slope.value_or(1) + object.frames[0].intercept.value_or(0);
  const auto padded = object.values.eq(value).sum().item<int64_t>();
  if (padded == 0) return;
  found.warnings.push_back(
      core::format_fixed(100.0 * static_cast<double>(padded) / static_cast<double>(object.values.numel()),
                         1) +
      "% of the voxels are PixelPaddingValue (0028,0120), " + core::format_number(value) +
      ": not a part of the image");
}

void warn_of_header(const DicomObject& object, Inspection& found) {
  const DicomHeader& h = object.header;
  DcmDataset& dataset = *h.file->getDataset();
  if (text_of(dataset, DCM_LossyImageCompression) == "01")
    found.warnings.emplace_back("was compressed with loss: its values are not the scanner's");
  int overlays = 0;
  for (Uint16 group = 0x6000; group <= 0x601E; group = static_cast<Uint16>(group + 2))
    if (dataset.tagExists(DcmTagKey(group, 0x3000))) ++overlays;
  if (overlays > 0)
    found.warnings.push_back(std::to_string(overlays) +
                             " overlay plane(s) (60xx,3000), which are not drawn into the values");
  const auto tilt = number_of(dataset, DCM_GantryDetectorTilt);
  if (tilt && std::abs(*tilt) > 0.1)
    found.warnings.push_back("GantryDetectorTilt (0018,1120) is " + core::format_number(*tilt) + " degrees");
  if (h.modality == "CT" && !h.has_modality_lut &&
      std::ranges::any_of(object.frames, [](const DicomFrame& f) { return !f.slope || !f.intercept; }))
    found.warnings.emplace_back(
        "no RescaleSlope (0028,1053) or RescaleIntercept (0028,1052): values are as stored, not HU");
}

/// The frames as the file asks them to be shown, 0 to 1; nothing where it does not ask or its wish is
/// damaged.
std::optional<at::Tensor> shown_values(const DicomObject& object, Inspection& found) {
  if (!has_voi(object.header, object.frames)) return {};
  try {
    return apply_voi(object.header, object.frames, object.values);
  } catch (const core::Error& error) {
    found.warnings.push_back(std::string("cannot be shown as it asks: ") + error.what());
    return {};
  }
}

/// A sheet of the frames in their order, where they make no volume.
at::Tensor sheet_of(const DicomObject& object, Inspection& found) {
  const auto shown = shown_values(object, found);
  const at::Tensor values = shown.value_or(object.values);
  Geometry geometry;
  geometry.size = {values.size(3), values.size(2), values.size(0)};
  Volume frames = make_volume(values.transpose(0, 1), geometry);
  frames.orientation_known = false;
  return inspection_sheet(frames, shown ? std::optional(Window{0, 1}) : std::nullopt);
}

/// Draws a volume anew through the file's own window or table, when it has one.
void show_as_asked(const DicomObject& object, const ReadOptions& options, Inspection& found) {
  const auto shown = shown_values(object, found);
  if (!shown) return;
  DicomObject copy = object;
  copy.values = *shown;
  found.picture = inspection_sheet(make_dicom_volume({std::move(copy)}, object.header.path.string(), options),
                                   Window{0, 1});
}

/// The geometry of the frames, when they make a grid; what stands against that is only suspicious here, the
/// pixels having been read.
void look_at_volume(const DicomObject& object, Inspection& found, const InspectOptions& options) {
  const auto size = found.size;
  const auto spacing = found.spacing;
  ReadOptions lenient;
  lenient.dicom = {.gaps = "interpolate", .duplicates = "channels", .tilt = "keep"};
  try {
    DicomObject copy = object;
    Volume volume = make_dicom_volume({std::move(copy)}, object.header.path.string(), lenient);
    const bool one_slice = volume.geometry.size[2] == 1;
    if (object.header.modality == "CT" && !object.header.has_modality_lut && !object.frames[0].slope)
      volume.units = Units::unknown;
    inspect_volume(std::move(volume), found, options);
    if (options.picture) show_as_asked(object, lenient, found);
    found.modality = object.header.kind();
    // A single slice is as thick as its header says, or not known to be.
    if (one_slice || !found.spacing) found.spacing = spacing;
  } catch (const core::Error& error) {
    found.warnings.push_back(std::string("cannot be used as a volume: ") + error.what());
    if (options.picture) found.picture = sheet_of(object, found);
  }
  found.size = size;
}

void look_at_pixels(DicomHeader header, Inspection& found, const InspectOptions& options) {
  core::ThreadPool pool;
  DicomObject object = make_object(std::move(header));
  const DicomHeader& h = object.header;
  found.size = {h.columns, h.rows, h.frames};
  found.channels = h.samples;
  take_spacing(object, found);
  if (found.kind == "slide" && h.rows * h.columns * h.frames > kLargestMeasuredSlide) {
    found.warnings.emplace_back("too large a slide to measure all of its pixels");
    return;
  }
  object.values = read_values(h, object.frames, &pool);
  found.channels = object.values.size(1);
  measure(object.values, found);
  warn_of_padding(object, found);
  warn_of_header(object, found);
  if (found.kind == "volume") return look_at_volume(object, found, options);
  if (found.kind == "segmentation") found.units = Units::label;
  if (options.picture) found.picture = sheet_of(object, found);
}

void look_by_kind(const fs::path& path, Inspection& found, const InspectOptions& options) {
  if (found.kind == "slide") return inspect_slide(path, found, options);
  if (found.kind == "cine") return inspect_cine(path, found, options);
  if (found.kind == "segmentation") return inspect_segmentation(path, found, options);
  if (found.dicom_modality == "MG") inspect_mammogram(path, found);
  if (found.dicom_modality == "US") inspect_still(path, found);
}

}  // namespace

void inspect_dicom(const fs::path& path, Inspection& found, const InspectOptions& options) {
  DicomHeader header = read_dicom_header(path);
  identify(header, found);
  require_pixels_of_image(header);
  if (found.kind == "structure_set") return inspect_structure_set(path, found, options);
  if (!header.has_pixels) return;
  look_at_pixels(std::move(header), found, options);
  const Inspection stored = found;
  try {
    look_by_kind(path, found, options);
  } catch (const core::Error& error) {
    // The pixels were read: what they mean is only suspicious.
    found.warnings.push_back("cannot be used as a " + found.kind + ": " + error.what());
  }
  // A kind may look at its pixels otherwise; the numbers are those of all that are stored.
  found.measured = stored.measured;
  found.min = stored.min;
  found.max = stored.max;
  found.mean = stored.mean;
  if (found.kind != "slide") found.size = stored.size;
}

void inspect_dicom_folder(const fs::path& path, Inspection& found, const InspectOptions& options) {
  core::ThreadPool pool;
  FolderSeries series = find_series(path, &pool);
  found.phi.assign(series.identifying.begin(), series.identifying.end());
  std::vector<DicomObject> objects;
  for (DicomHeader& header : choose_series(std::move(series), path, "")) {
    if (objects.empty()) {
      found.dicom_modality = header.modality;
      found.modality = header.kind();
      found.kind = kind_of(header);
    }
    require_volume(header);
    objects.push_back(make_object(std::move(header)));
    require_units(objects.back().header, objects.back().frames);
  }
  ReadOptions read;
  read.pool = &pool;
  const std::optional<VoiWindow> voi = objects[objects.size() / 2].frames[0].window;
  const bool linear = voi && voi->function != "SIGMOID" && voi->width > 0;
  Volume volume = make_dicom_volume(std::move(objects), path.string(), read);
  const Volume drawn = volume;
  inspect_volume(std::move(volume), found, options);
  if (options.picture && linear && drawn.channel_count() == 1)
    found.picture =
        inspection_sheet(drawn, Window{voi->center - voi->width / 2, voi->center + voi->width / 2});
}

}  // namespace photo51::imaging
