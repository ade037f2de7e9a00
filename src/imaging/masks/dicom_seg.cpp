#include "imaging/masks/dicom_seg.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "imaging/dicom/character_sets.hpp"
#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "imaging/masks/dicom_seg_grid.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

/// One bit a pixel, the first in the lowest bit; frames follow each other without padding (PS3.5 8.1.1).
at::Tensor unpack_bits(DcmDataset& dataset, const DicomHeader& h) {
  DcmElement* element = nullptr;
  if (dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad() ||
      dataset.findAndGetElement(DCM_PixelData, element).bad() || element == nullptr)
    core::fail_data("its pixels cannot be decoded; convert it to explicit little endian");
  constexpr int64_t kMostFrames = 1'000'000;
  const bool sizes = h.rows >= 1 && h.columns >= 1 && h.frames >= 1 && h.rows <= 65535 &&
                     h.columns <= 65535 && h.frames <= kMostFrames;
  const int64_t count = sizes ? h.frames * h.rows * h.columns : 0;
  if (!sizes || (count + 7) / 8 > static_cast<int64_t>(element->getLength()))
    core::fail_data("the file ends in its pixels: " + std::to_string(h.frames) + " frames of " +
                    std::to_string(h.columns) + " x " + std::to_string(h.rows) + " bits are promised in " +
                    std::to_string(element->getLength()) + " bytes; copy it again");
  require_within_limit(static_cast<double>(count), "its header promises " + std::to_string(h.frames) +
                                                       " frames of " + std::to_string(h.columns) + " x " +
                                                       std::to_string(h.rows) + " pixels");
  std::vector<uint8_t> bytes(element->getLength());
  if (element->getPartialValue(bytes.data(), 0, element->getLength(), nullptr, gLocalByteOrder).bad())
    core::fail_data("its pixels cannot be read; copy the file again");
  at::Tensor frames = at::empty({h.frames, h.rows, h.columns}, at::kByte);
  auto* to = frames.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < count; ++i)
    to[i] = static_cast<uint8_t>(bytes[static_cast<size_t>(i / 8)] >> (i % 8) & 1);
  return frames;
}

void take_segments(DcmItem& dataset, Segmentation& found) {
  for (DcmItem* item : items_of(dataset, DCM_SegmentSequence)) {
    const int64_t number = integer_of(*item, DCM_SegmentNumber).value_or(0);
    if (found.type == "LABELMAP" && number == 0) continue;  // the background may be described
    found.segments.push_back({number, utf8_text_of(dataset, *item, DCM_SegmentLabel)});
  }
  if (found.segments.empty())
    core::fail_data("has no SegmentSequence (0062,0002): it does not say what its segments are");
}

void take_places(const FunctionalGroups& groups, Segmentation& found) {
  for (size_t f = 0; f < static_cast<size_t>(found.frames.size(0)); ++f) {
    Segmentation::Frame frame;
    if (DcmItem* place = groups.find(f, DCM_PlanePositionSequence))
      frame.position = numbers_of(*place, DCM_ImagePositionPatient);
    if (groups.find(f, DCM_PlanePositionSlideSequence) != nullptr) found.on_slide = true;
    if (found.type != "LABELMAP") {
      DcmItem* which = groups.find(f, DCM_SegmentIdentificationSequence);
      const auto number = which ? integer_of(*which, DCM_ReferencedSegmentNumber) : std::nullopt;
      if (!number)
        core::fail_data("frame " + std::to_string(f + 1) +
                        " has no ReferencedSegmentNumber (0062,000B), so its segment is not known");
      frame.segment = *number;
    }
    found.places.push_back(std::move(frame));
  }
}

std::vector<std::string> series_of(DcmItem& dataset) {
  std::vector<std::string> found;
  for (DcmItem* series : items_of(dataset, DCM_ReferencedSeriesSequence))
    found.push_back(text_of(*series, DCM_SeriesInstanceUID));
  return found;
}

}  // namespace

Segmentation read_segmentation(const std::filesystem::path& path, const GridChooser& grid_of) {
  const DicomHeader header = read_dicom_header(path);
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  Segmentation found;
  if (header.bits_allocated != 1 && header.modality == "SEG")
    found.frames = read_dicom_pixels(header).select(1, 0);
  return core::with_context(path.string(), [&] {
    if (header.modality != "SEG")
      core::fail_data("is not a SEG: Modality (0008,0060) is `" + header.modality + "`");
    if (!header.has_pixels) core::fail_data("has no pixels; copy it again");
    found.type = text_of(dataset, DCM_SegmentationType);
    if (header.sop_class == "1.2.840.10008.5.1.4.1.1.66.7") found.type = "LABELMAP";
    if (found.type != "BINARY" && found.type != "FRACTIONAL" && found.type != "LABELMAP")
      core::fail_data("SegmentationType (0062,0001) is `" + found.type +
                      "`, not BINARY, FRACTIONAL or LABELMAP; export it again");
    if (header.bits_allocated == 1) found.frames = unpack_bits(dataset, header);
    if (found.type == "FRACTIONAL") {
      found.most = number_of(dataset, DCM_MaximumFractionalValue).value_or(0);
      if (found.most <= 0)
        core::fail_data("has no MaximumFractionalValue (0062,000E), so its fractions are not known");
    }
    found.frame_of_reference = text_of(dataset, DCM_FrameOfReferenceUID);
    found.referenced_series = series_of(dataset);
    take_segments(dataset, found);
    const FunctionalGroups groups(dataset);
    take_places(groups, found);
    if (!found.on_slide)
      place_frames(groups, found,
                   grid_of ? grid_of(found.frame_of_reference, found.referenced_series) : nullptr);
    return std::move(found);
  });
}

namespace {

at::Tensor inside(const Segmentation& s, size_t frame, int64_t number) {
  const at::Tensor pixels = s.frames[static_cast<int64_t>(frame)];
  if (s.type == "LABELMAP") return pixels.eq(number);
  return s.type == "FRACTIONAL" ? pixels.ge(0.5 * s.most) : pixels.ne(0);
}

}  // namespace

at::Tensor Segmentation::mask_of(int64_t number) const {
  const auto& n = geometry.size;
  at::Tensor mask = at::zeros({n[2], n[1], n[0]}, at::kByte);
  for (size_t f = 0; f < places.size(); ++f)
    if (type == "LABELMAP" || places[f].segment == number)
      mask[slice_of(geometry, places[f].position)].bitwise_or_(inside(*this, f, number).to(at::kByte));
  return mask;
}

int64_t Segmentation::count(int64_t number) const {
  int64_t sum = 0;
  for (size_t f = 0; f < places.size(); ++f)
    if (type == "LABELMAP" || places[f].segment == number)
      sum += inside(*this, f, number).sum().item<int64_t>();
  return sum;
}

double Segmentation::voxel_mm3() const {
  if (on_slide || !step_known) return std::numeric_limits<double>::quiet_NaN();
  return geometry.spacing[0] * geometry.spacing[1] * geometry.spacing[2];
}

}  // namespace photo51::imaging
