#include "imaging/inspect/dicom.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/image.hpp"
#include "imaging/dicom/mr_channels.hpp"
#include "imaging/dicom/select.hpp"
#include "imaging/dicom/series.hpp"
#include "imaging/dicom/voi.hpp"
#include "imaging/dicom/volume.hpp"
#include "imaging/inspect/inspectors.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/picture/picture.hpp"

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
}

/// mm along x, y and between frames, as far as the header and its frames say.
void take_spacing(const DicomObject& object, Inspection& found) {
  const DicomFrame& frame = object.frames[0];
  const bool in_plane = frame.spacing && (*frame.spacing)[0] > 0 && (*frame.spacing)[1] > 0;
  const std::optional<double> step = frame.between_slices ? frame.between_slices : frame.thickness;
  if (in_plane)
    found.spacing = {(*frame.spacing)[1], (*frame.spacing)[0],
                     step && *step != 0 ? std::abs(*step) : kUnknown};
}

/// What is worth knowing of a header and nothing is wrong with.
void note_header(const DicomHeader& h, Inspection& found) {
  DcmDataset& dataset = *h.file->getDataset();
  int overlays = 0;
  for (Uint16 group = 0x6000; group <= 0x601E; group = static_cast<Uint16>(group + 2))
    if (dataset.tagExists(DcmTagKey(group, 0x3000))) ++overlays;
  if (overlays > 0)
    found.notes.push_back(std::to_string(overlays) +
                          " overlay plane(s) (60xx,3000), which are not drawn into the values");
  const auto tilt = parse_numbers(text_of(dataset, DCM_GantryDetectorTilt));
  if (tilt && !tilt->empty() && std::abs(tilt->front()) > 0.1)
    found.notes.push_back("GantryDetectorTilt (0018,1120) is " + plain(tilt->front()) + " degrees");
  if (h.modality == "RTDOSE" && h.dose_units == "GY") found.notes.emplace_back("values are dose in Gy");
}

/// What the channels of a volume are.
void note_channels(const Volume& volume, Inspection& found) {
  const auto list = [](const std::vector<double>& numbers) {
    std::vector<std::string> parts;
    for (const double number : numbers) parts.push_back(plain(number));
    return core::join(parts, ", ");
  };
  if (!volume.b_values.empty()) found.notes.push_back("b-values " + list(volume.b_values) + " s/mm2");
  if (!volume.seconds.empty())
    found.notes.push_back(std::to_string(volume.seconds.size()) + " times, at " + list(volume.seconds) +
                          " s");
  const bool color = volume.channels.size() >= 3 && volume.channels[0] == "red";
  if (volume.channels.size() > 1 && !color && volume.b_values.empty())
    found.notes.push_back("channels " + core::join(volume.channels, ", "));
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
  if (is_color_picture(values.transpose(0, 1))) return frame_sheet(values);
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

/// Diffusion weightings and times as channels, as training reads them, else the frames on one grid.
Volume volume_of(const DicomObject& object, const ReadOptions& options) {
  std::vector<DicomObject> objects{object};
  if (auto channels = read_mr_channels(objects, object.header.path.string(), options))
    return std::move(*channels);
  return make_dicom_volume(std::move(objects), object.header.path.string(), options);
}

/// The geometry of the frames, when they make a grid; what stands against that is only suspicious here, the
/// pixels having been read.
void look_at_volume(const DicomObject& object, Inspection& found, const InspectOptions& options) {
  const auto size = found.size;
  const auto spacing = found.spacing;
  ReadOptions lenient;
  lenient.dicom = {
      .gaps = SliceGaps::interpolate, .duplicates = RepeatedSlices::channels, .tilt = GantryTilt::keep};
  // Breasts are looked at as the file shows them, the chest wall on the patient's side.
  const bool as_stored = object.header.modality == "MG";
  try {
    Volume volume = volume_of(object, lenient);
    const bool one_slice = volume.geometry.size[2] == 1;
    note_channels(volume, found);
    inspect_volume(std::move(volume), found, {.picture = options.picture && !as_stored});
    if (options.picture && !as_stored) show_as_asked(object, lenient, found);
    found.modality = object.header.kind();
    // A single slice is as thick as its header says, or not known to be.
    if (one_slice || !found.spacing) found.spacing = spacing;
  } catch (const core::Error& error) {
    found.warnings.push_back(std::string("cannot be used as a volume: ") + error.what());
    if (options.picture) found.picture = sheet_of(object, found);
  }
  if (options.picture && as_stored) found.picture = sheet_of(object, found);
  found.size = size;
}

void look_at_pixels(DicomHeader header, Inspection& found, const InspectOptions& options) {
  core::ThreadPool pool;
  DicomObject object = make_object(std::move(header));
  const DicomHeader& h = object.header;
  found.size = {h.columns / h.tiles, h.rows / h.tiles, static_cast<int64_t>(object.frames.size())};
  found.channels = h.samples;
  take_spacing(object, found);
  if (found.kind == "slide" && h.rows * h.columns * h.frames > kLargestMeasuredSlide) {
    found.warnings.emplace_back("too large a slide to measure all of its pixels");
    return;
  }
  // Numbers in no known unit are worse than none. Colors are a screenshot's, which has none.
  if (found.kind == "volume" && h.samples == 1) require_units(h, object.frames);
  require_same_values({object});
  object.values = read_values(h, object.frames, &pool);
  found.channels = object.values.size(1);
  measure(object.values, found);
  note_header(h, found);
  if (found.kind == "volume") return look_at_volume(object, found, options);
  if (found.kind == "segmentation") found.units = Units::label;
  if (options.picture) found.picture = sheet_of(object, found);
}

void look_by_kind(const fs::path& path, Inspection& found, const InspectOptions& options) {
  if (found.kind == "slide") {
    found.measured = false;  // frames reach over the slide's edge
    return inspect_slide(path, found, options);
  }
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
    // Whoever trains on it is refused for the same reason: there is no other way to use a slide.
    if (found.kind == "slide") throw;
    // The pixels were read: what they mean is only suspicious.
    found.warnings.push_back("cannot be used as a " + found.kind + ": " + error.what());
  }
  // A kind may look at its pixels otherwise; the numbers are those of all that are stored.
  if (found.kind != "slide" || !found.measured) {
    found.measured = stored.measured;
    found.min = stored.min;
    found.max = stored.max;
    found.mean = stored.mean;
  }
  if (found.kind != "slide") found.size = stored.size;
}

void inspect_dicom_folder(const fs::path& path, Inspection& found, const InspectOptions& options) {
  core::ThreadPool pool;
  const auto [folder, choice] = split_choice(path);
  FolderSeries series = find_series(folder, &pool);
  if (!series.images.empty() &&
      std::ranges::all_of(series.images, [](const auto& one) { return one.second[0].modality == "SM"; })) {
    found.kind = "slide";
    found.dicom_modality = "SM";
    return inspect_slide(folder, found, options);
  }
  auto headers = choose_series(std::move(series), folder, resolve_series(folder, choice));
  found.dicom_modality = headers[0].modality;
  found.modality = headers[0].kind();
  found.kind = kind_of(headers[0]);
  note_header(headers[0], found);
  // Those of a slice in the middle.
  const std::optional<VoiWindow> voi = read_frames(headers[headers.size() / 2])[0].window;
  const bool linear = voi && voi->function != "SIGMOID" && voi->width > 0;
  ReadOptions read;
  read.pool = &pool;
  Volume volume = read_dicom_objects(std::move(headers), path.string(), read);
  note_channels(volume, found);
  const Volume drawn = volume;
  inspect_volume(std::move(volume), found, options);
  if (options.picture && linear && drawn.channel_count() == 1)
    found.picture =
        inspection_sheet(drawn, Window{voi->center - voi->width / 2, voi->center + voi->width / 2});
}

}  // namespace photo51::imaging
