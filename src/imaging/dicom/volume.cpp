#include "imaging/dicom/volume.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/geometry.hpp"
#include "imaging/dicom/image.hpp"
#include "imaging/dicom/mosaic.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "imaging/dicom/voi.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::imaging {
namespace {

/// What tells two files with one image each apart, most telling first.
std::vector<Repeat> repeats_of(const DicomHeader& h) {
  struct Key {
    DcmTagKey tag;
    const char* name;
    bool is_kind;
  };
  const Key keys[] = {{DCM_TemporalPositionIdentifier, "TemporalPositionIdentifier (0020,0100)", true},
                      {DCM_DiffusionBValue, "DiffusionBValue (0018,9087)", true},
                      {DCM_EchoNumbers, "EchoNumbers (0018,0086)", true},
                      {DCM_EchoTime, "EchoTime (0018,0081)", true},
                      {DCM_InversionTime, "InversionTime (0018,0082)", true},
                      {DCM_ImageType, "ImageType (0008,0008)", true},
                      {DCM_TriggerTime, "TriggerTime (0018,1060)", false},
                      {DCM_AcquisitionNumber, "AcquisitionNumber (0020,0012)", false},
                      {DCM_AcquisitionTime, "AcquisitionTime (0008,0032)", false},
                      {DCM_ContentTime, "ContentTime (0008,0033)", false},
                      {DCM_InstanceNumber, "InstanceNumber (0020,0013)", false}};
  std::vector<Repeat> repeats;
  for (const Key& key : keys) {
    const std::string value = text_of(*h.file->getDataset(), key.tag);
    repeats.push_back({key.name, value, core::parse_double(value).value_or(0), key.is_kind});
  }
  return repeats;
}

std::vector<Repeat> repeats_of(const DicomFrame& f, size_t index) {
  std::vector<Repeat> repeats;
  const auto add = [&](const char* name, std::optional<double> value, bool is_kind) {
    repeats.push_back({name, value ? core::format_number(*value) : "", value.value_or(0), is_kind});
  };
  add("TemporalPositionIndex (0020,9128)", f.temporal, true);
  add("DiffusionBValue (0018,9087)", f.b_value, true);
  add("EffectiveEchoTime (0018,9082)", f.echo_time, true);
  repeats.push_back({"FrameType (0008,9007)", f.frame_type, 0, true});
  repeats.push_back({"StackID (0020,9056)", f.stack, core::parse_double(f.stack).value_or(0), false});
  for (const double value : f.dimension) add("DimensionIndexValues (0020,9157)", value, false);
  add("the number of the frame", static_cast<double>(index + 1), false);
  return repeats;
}

std::vector<ImagePlane> planes_of(const std::vector<DicomObject>& objects) {
  std::vector<ImagePlane> planes;
  for (const DicomObject& object : objects) {
    const DicomHeader& h = object.header;
    for (size_t f = 0; f < object.frames.size(); ++f) {
      const DicomFrame& frame = object.frames[f];
      ImagePlane plane;
      const bool many = object.frames.size() > 1;
      plane.name = many ? "frame " + std::to_string(f + 1) + " of " + h.name() : h.name();
      plane.where = h.path.string();
      plane.index = planes.size();
      plane.rows = h.rows / h.tiles;
      plane.columns = h.columns / h.tiles;
      plane.samples = h.samples;
      plane.position = frame.position;
      plane.rounding = frame.rounding;
      plane.is_placed = is_placed(h);
      plane.shares_position = many && h.position.has_value();
      plane.orientation = frame.orientation;
      plane.spacing = frame.spacing;
      plane.thickness = frame.thickness;
      plane.between_slices = frame.between_slices;
      if (objects.size() > 1 || many)
        plane.repeats = many && h.tiles == 1 ? repeats_of(frame, f) : repeats_of(h);
      planes.push_back(std::move(plane));
    }
  }
  return planes;
}

void decode(std::vector<DicomObject>& objects, bool voi, core::ThreadPool* pool) {
  const bool one = objects.size() == 1;
  const auto read = [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      DicomObject& object = objects[i];
      if (!object.values.defined())
        object.values = read_values(object.header, object.frames, one ? pool : nullptr);
      if (voi)
        object.values = core::with_context(object.header.path.string(), [&] {
          return apply_voi(object.header, object.frames, object.values);
        });
      object.header.file.reset();
    }
  };
  if (pool != nullptr && !one)
    pool->parallel_for(static_cast<int64_t>(objects.size()), 1, read);
  else
    read(0, static_cast<int64_t>(objects.size()));
}

/// [channels x samples, D, H, W] from the decoded frames.
at::Tensor assemble(const std::vector<DicomObject>& objects, const Placement& placement) {
  std::vector<at::Tensor> planes;
  at::ScalarType type = objects[0].values.scalar_type();
  for (const DicomObject& object : objects) {
    for (int64_t f = 0; f < object.values.size(0); ++f) planes.push_back(object.values[f]);
    type = at::promote_types(type, object.values.scalar_type());
  }
  for (const auto& cells : placement.channels)
    for (const Cell& cell : cells)
      if (cell.weight > 0) type = at::kFloat;
  const auto depth = static_cast<int64_t>(placement.channels[0].size());
  const int64_t samples = planes[0].size(0), rows = planes[0].size(1), columns = planes[0].size(2);
  if (objects.size() == 1 && placement.channels.size() == 1 && samples == 1 &&
      depth == objects[0].values.size(0)) {
    bool in_order = type == objects[0].values.scalar_type();
    for (size_t z = 0; z < placement.channels[0].size(); ++z)
      in_order = in_order && placement.channels[0][z].first == z;
    if (in_order) return objects[0].values.view({1, depth, rows, columns});
  }
  const auto channels = static_cast<int64_t>(placement.channels.size());
  at::Tensor data = at::empty({channels, samples, depth, rows, columns}, type);
  for (int64_t c = 0; c < channels; ++c)
    for (int64_t z = 0; z < depth; ++z) {
      const Cell& cell = placement.channels[static_cast<size_t>(c)][static_cast<size_t>(z)];
      at::Tensor to = data[c].select(1, z);
      to.copy_(planes[cell.first]);
      if (cell.weight > 0) to.lerp_(planes[cell.second].to(at::kFloat), cell.weight);
    }
  return data.view({channels * samples, depth, rows, columns});
}

void time_channels(const std::vector<DicomObject>& objects, const Placement& placement, Volume& volume) {
  if (placement.sample.size() < 2 || objects.size() > 1 || objects[0].header.tiles > 1) return;
  std::vector<double> seconds;
  for (const size_t sample : placement.sample) {
    const auto& time = objects[0].frames[sample].seconds;
    if (!time) return;
    seconds.push_back(*time - *objects[0].frames[placement.sample[0]].seconds);
  }
  if (std::ranges::is_sorted(seconds) && seconds.back() > 0) volume.seconds = seconds;
}

void scale_dose(const DicomHeader& h, Volume& volume) {
  if (h.modality != "RTDOSE") return;
  if (!h.dose_scaling || !(*h.dose_scaling > 0))
    core::fail_data(h.path.string() + ": a dose needs DoseGridScaling (3004,000E); export it again");
  if (!h.dose_units.empty() && h.dose_units != "GY")
    volume.warnings.push_back("DoseUnits (3004,0002) are " + h.dose_units + ", not Gy");
  volume.data = (volume.data.to(at::kDouble) * *h.dose_scaling).to(at::kFloat);
  volume.units = Units::unknown;
}

}  // namespace

DicomObject make_object(DicomHeader header) {
  require_pixels(header);
  DicomObject object;
  object.frames = read_frames(header);
  spread_mosaic(header, object.frames);
  object.header = std::move(header);
  return object;
}

Volume make_dicom_volume(std::vector<DicomObject> objects, const std::string& source,
                         const ReadOptions& options) {
  Volume volume;
  volume.source = source;
  describe_values(objects[0].header, objects[0].frames, volume);
  const std::vector<ImagePlane> planes = planes_of(objects);
  const Placement placement = place_planes(planes, source, options.dicom, volume);
  volume.geometry = placement.geometry;
  const bool voi = options.dicom.voi == VoiUse::apply;
  decode(objects, voi, options.pool);
  if (voi) volume.units = Units::arbitrary;
  if (!voi) warn_of_pixels(objects, volume);
  volume.data = assemble(objects, placement);
  volume.channels = placement.names;
  volume.b_values = placement.b_values;
  volume.seconds = placement.seconds;
  time_channels(objects, placement, volume);
  scale_dose(objects[0].header, volume);
  if (volume.data.size(0) == 3 && objects[0].values.size(1) == 3) volume.channels = {"red", "green", "blue"};
  return volume;
}

}  // namespace photo51::imaging
