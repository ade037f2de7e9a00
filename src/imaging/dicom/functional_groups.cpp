#include "imaging/dicom/functional_groups.hpp"

#include <cmath>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/image.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// Looks an element up in a frame's own functional group, then in the shared one.
class Groups {
 public:
  Groups(DcmItem* own, DcmItem* shared) : own_(own), shared_(shared) {}
  template <class Get>
  auto find(const DcmTagKey& group, Get get) const -> decltype(get(std::declval<DcmItem&>())) {
    for (DcmItem* item : {own_, shared_}) {
      if (item == nullptr) continue;
      DcmItem* inner = item_of(*item, group);
      if (inner != nullptr) return get(*inner);
    }
    return {};
  }
  std::optional<double> number(const DcmTagKey& group, const DcmTagKey& tag) const {
    return find(group, [&](DcmItem& item) { return number_of(item, tag); });
  }
  std::string text(const DcmTagKey& group, const DcmTagKey& tag) const {
    return find(group, [&](DcmItem& item) { return text_of(item, tag); });
  }

 private:
  DcmItem* own_;
  DcmItem* shared_;
};

/// A window that cannot be read is none: it says how to look at values, not what they are.
std::optional<VoiWindow> window_of(DcmItem& item) {
  const auto centers = parse_numbers(text_of(item, DCM_WindowCenter)),
             widths = parse_numbers(text_of(item, DCM_WindowWidth));
  if (!centers || !widths || centers->empty() || widths->empty()) return {};
  return VoiWindow{(*centers)[0], (*widths)[0], text_of(item, DCM_VOILUTFunction)};
}

DicomFrame frame_of(const Groups& groups, const DicomHeader& h) {
  DicomFrame f;
  f.position = groups.find(DCM_PlanePositionSequence,
                           [](DcmItem& i) { return numbers_of<3>(i, DCM_ImagePositionPatient); });
  f.rounding = groups
                   .find(DCM_PlanePositionSequence,
                         [](DcmItem& i) { return std::optional(rounding_of(i, DCM_ImagePositionPatient)); })
                   .value_or(h.rounding);
  f.orientation = groups.find(DCM_PlaneOrientationSequence,
                              [](DcmItem& i) { return numbers_of<6>(i, DCM_ImageOrientationPatient); });
  f.spacing =
      groups.find(DCM_PixelMeasuresSequence, [](DcmItem& i) { return numbers_of<2>(i, DCM_PixelSpacing); });
  f.thickness = groups.number(DCM_PixelMeasuresSequence, DCM_SliceThickness);
  f.between_slices = groups.number(DCM_PixelMeasuresSequence, DCM_SpacingBetweenSlices);
  f.slope = groups.number(DCM_PixelValueTransformationSequence, DCM_RescaleSlope);
  f.intercept = groups.number(DCM_PixelValueTransformationSequence, DCM_RescaleIntercept);
  f.rescale_type = groups.text(DCM_PixelValueTransformationSequence, DCM_RescaleType);
  f.stack = groups.text(DCM_FrameContentSequence, DCM_StackID);
  for (const DcmTagKey& kind :
       {DCM_MRImageFrameTypeSequence, DCM_CTImageFrameTypeSequence, DCM_PETFrameTypeSequence})
    if (f.frame_type.empty()) f.frame_type = groups.text(kind, DCM_FrameType);
  f.temporal = groups.find(DCM_FrameContentSequence,
                           [](DcmItem& i) { return integer_of(i, DCM_TemporalPositionIndex); });
  f.dimension = groups.find(DCM_FrameContentSequence,
                            [](DcmItem& i) { return numbers_of(i, DCM_DimensionIndexValues); });
  f.b_value = groups.number(DCM_MRDiffusionSequence, DCM_DiffusionBValue);
  f.echo_time = groups.number(DCM_MREchoSequence, DCM_EffectiveEchoTime);
  f.seconds = groups.number(DCM_TemporalPositionSequence, DCM_TemporalPositionTimeOffset);
  f.window = groups.find(DCM_FrameVOILUTSequence, window_of);
  if (!f.window) f.window = window_of(*h.file->getDataset());
  if (!f.orientation) f.orientation = h.orientation;
  if (!f.spacing) f.spacing = h.spacing;
  if (!f.thickness) f.thickness = h.thickness;
  if (!f.between_slices) f.between_slices = h.between_slices;
  if (!f.slope) f.slope = h.slope;
  if (!f.intercept) f.intercept = h.intercept;
  if (f.rescale_type.empty()) f.rescale_type = h.rescale_type;
  return f;
}

/// Places along the normal. Offsets are from the first plane or, in objects of old, its z itself (PS3.3
/// C.8.8.3.2).
void place_by_offsets(const DicomHeader& h, std::vector<DicomFrame>& frames) {
  if (h.frame_offsets.size() != frames.size())
    core::fail_data(h.path.string() + ": GridFrameOffsetVector (3004,000C) has " +
                    std::to_string(h.frame_offsets.size()) + " numbers for " + std::to_string(frames.size()) +
                    " frames; export it again");
  const double first = h.frame_offsets[0];
  const double z = (*h.position)[2];
  if (first != 0 && std::abs(first - z) > 1e-3)
    core::fail_data(h.path.string() +
                    ": GridFrameOffsetVector (3004,000C) begins with neither 0 nor the "
                    "position's z; export it again");
  const auto normal = normal_of(*h.orientation);
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].position = h.position;
    for (size_t axis = 0; axis < 3; ++axis)
      (*frames[i].position)[axis] += normal[axis] * (h.frame_offsets[i] - first);
  }
}

/// Slices of a reconstruction in nuclear medicine: the position is the first one's, and the sign of the
/// spacing says on which side of it the others lie (PS3.3 C.8.4.15).
bool is_placed_by_spacing(const DicomHeader& h) {
  return h.modality == "NM" && h.frames > 1 && h.image_type.find("RECON TOMO") != std::string::npos &&
         h.position && h.orientation && h.between_slices && *h.between_slices != 0 &&
         integer_of(*h.file->getDataset(), DCM_NumberOfSlices).value_or(h.frames) == h.frames;
}

void place_by_spacing(const DicomHeader& h, std::vector<DicomFrame>& frames) {
  const auto normal = normal_of(*h.orientation);
  for (size_t i = 0; i < frames.size(); ++i) {
    frames[i].position = h.position;
    for (size_t axis = 0; axis < 3; ++axis)
      (*frames[i].position)[axis] += normal[axis] * static_cast<double>(i) * *h.between_slices;
  }
}

}  // namespace

std::vector<DicomFrame> read_frames(const DicomHeader& h) {
  DcmDataset& dataset = *h.file->getDataset();
  DcmItem* shared = item_of(dataset, DCM_SharedFunctionalGroupsSequence);
  const std::vector<DcmItem*> own = items_of(dataset, DCM_PerFrameFunctionalGroupsSequence);
  const bool grouped = !own.empty();
  if (grouped && static_cast<int64_t>(own.size()) < h.frames)
    core::fail_data(h.path.string() + ": PerFrameFunctionalGroupsSequence (5200,9230) has " +
                    std::to_string(own.size()) + " items for " + std::to_string(h.frames) +
                    " frames; copy it again");
  std::vector<DicomFrame> frames;
  frames.reserve(static_cast<size_t>(h.frames));
  for (int64_t f = 0; f < h.frames; ++f)
    core::with_context(
        [&] { return h.path.string() + (h.frames > 1 ? ": frame " + std::to_string(f + 1) : ""); },
        [&] {
          DcmItem* item = grouped ? own[static_cast<size_t>(f)] : nullptr;
          frames.push_back(frame_of({item, shared}, h));
        });
  if (!grouped && !h.frame_offsets.empty() && h.position && h.orientation) {
    place_by_offsets(h, frames);
  } else if (!grouped && is_placed_by_spacing(h)) {
    place_by_spacing(h, frames);
  } else if (frames.size() == 1 && !frames[0].position) {
    frames[0].position = h.position;
  }
  return frames;
}

}  // namespace photo51::imaging
