#include <cmath>

#include "imaging/dicom_dcmtk.hpp"
#include "imaging/dicom_element.hpp"
#include "imaging/slide_dicom_frames.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

constexpr const char* kWholeSlide = "1.2.840.10008.5.1.4.1.1.77.1.6";

void take_scale(DcmDataset& dataset, SlideInstance& found) {
  DcmItem* shared = item_of(dataset, DCM_SharedFunctionalGroupsSequence);
  DcmItem* measures = shared == nullptr ? nullptr : item_of(*shared, DCM_PixelMeasuresSequence);
  const auto width = number_of(dataset, DCM_ImagedVolumeWidth);
  const auto height = number_of(dataset, DCM_ImagedVolumeHeight);
  std::optional<std::array<double, 2>> by_volume;
  if (width && height)
    by_volume = {1000 * *width / static_cast<double>(found.grid.width),
                 1000 * *height / static_cast<double>(found.grid.height)};
  // Rows come first: the second number is along x.
  if (measures != nullptr)
    if (const auto spacing = numbers_of<2>(*measures, DCM_PixelSpacing))
      found.mpp = {1000 * (*spacing)[1], 1000 * (*spacing)[0]};
  if (!found.mpp) found.mpp = by_volume;
  if (found.mpp && by_volume && std::abs((*by_volume)[0] / (*found.mpp)[0] - 1) > 0.05)
    found.warnings.emplace_back(
        "PixelSpacing (0028,0030) and ImagedVolumeWidth (0048,0001) do not agree; the first is used");
  if (DcmItem* path = item_of(dataset, DCM_OpticalPathSequence))
    found.objective_power = number_of(*path, DCM_ObjectiveLensPower);
}

void place(SlideInstance& found, int64_t column, int64_t row, int64_t frame) {
  int64_t& at = found.frame_of[static_cast<size_t>(row * found.grid.columns() + column)];
  if (at < 0) at = frame;
}

/// Tiles in reading order, then focal planes, then optical paths (PS3.3 C.7.6.17.3).
void place_full(SlideInstance& found) {
  const int64_t places = found.grid.columns() * found.grid.rows();
  if (found.frames < places)
    core::fail_data("NumberOfFrames (0028,0008) is " + std::to_string(found.frames) + ", but its tiles are " +
                    std::to_string(places) + "; copy it again");
  if (found.frames > places)
    found.warnings.emplace_back("has several focal planes or optical paths; the first is shown");
  for (int64_t i = 0; i < places; ++i) found.frame_of[static_cast<size_t>(i)] = i;
}

/// Each frame says where it lies.
void place_sparse(DcmDataset& dataset, SlideInstance& found) {
  DcmSequenceOfItems* groups = nullptr;
  dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, groups);
  if (groups == nullptr || static_cast<int64_t>(groups->card()) < found.frames)
    core::fail_data(
        "its tiles have no places: PerFrameFunctionalGroupsSequence (5200,9230) is missing or too short");
  int64_t placed = 0, frame = 0;
  // Sequences are lists: asking for items by number would walk from the start each time.
  for (DcmObject* object = groups->nextInContainer(nullptr); object != nullptr && frame < found.frames;
       object = groups->nextInContainer(object), ++frame) {
    auto& group = dynamic_cast<DcmItem&>(*object);
    DcmItem* position = item_of(group, DCM_PlanePositionSlideSequence);
    const auto x =
        position == nullptr ? std::nullopt : integer_of(*position, DCM_ColumnPositionInTotalImagePixelMatrix);
    const auto y =
        position == nullptr ? std::nullopt : integer_of(*position, DCM_RowPositionInTotalImagePixelMatrix);
    if (!x || !y || *x < 1 || *y < 1 || *x > found.grid.width || *y > found.grid.height ||
        (*x - 1) % found.grid.piece_width != 0 || (*y - 1) % found.grid.piece_height != 0)
      core::fail_data(
          "frame " + std::to_string(frame + 1) +
          " has no place on the grid of tiles: ColumnPositionInTotalImagePixelMatrix (0048,021E) and "
          "RowPositionInTotalImagePixelMatrix (0048,021F) are missing or between tiles");
    const auto column = (*x - 1) / found.grid.piece_width, row = (*y - 1) / found.grid.piece_height;
    placed += found.frame_of[static_cast<size_t>(row * found.grid.columns() + column)] < 0;
    place(found, column, row, frame);
  }
  if (placed < found.frames)
    found.warnings.emplace_back("has several focal planes or optical paths; the first is shown");
}

void check(const SlideInstance& found) {
  const PieceGrid& grid = found.grid;
  if (grid.width < 1 || grid.height < 1)
    core::fail_data(
        "a slide needs TotalPixelMatrixColumns (0048,0006) and TotalPixelMatrixRows (0048,0007); export it "
        "again");
  if (grid.width > INT32_MAX || grid.height > INT32_MAX || grid.piece_width < 1 || grid.piece_height < 1 ||
      grid.piece_width > 65535 || grid.piece_height > 65535 || found.frames < 1 ||
      grid.columns() > 100'000'000 / grid.rows() ||
      grid.piece_width * grid.piece_height > kMostBytesOfAPiece / 8)
    core::fail_data("its header is damaged: " + std::to_string(grid.width) + " x " +
                    std::to_string(grid.height) + " pixels in " + std::to_string(found.frames) +
                    " frames of " + std::to_string(grid.piece_width) + " x " +
                    std::to_string(grid.piece_height));
  if (found.bits != 8 || (found.samples != 1 && found.samples != 3) || found.photometric == "PALETTE COLOR")
    core::fail_data("its pixels of " + std::to_string(found.samples) + " x " + std::to_string(found.bits) +
                    " bits (" + found.photometric + ") are no 8-bit colour or gray picture; convert it");
}

SlideInstance read_instance(const std::filesystem::path& path) {
  SlideInstance found;
  found.path = path;
  found.file = std::make_shared<DcmFileFormat>();
  load_dicom(*found.file, path);
  DcmDataset& dataset = *found.file->getDataset();
  const std::string sop = text_of(dataset, DCM_SOPClassUID);
  if (sop != kWholeSlide)
    core::fail_data("is DICOM, but not a whole slide: SOPClassUID (0008,0016) is `" + sop + "`");
  if (dataset.tagExists(DCM_ConcatenationUID))
    core::fail_data("is one part of a concatenation (ConcatenationUID (0020,9161)); join its parts");
  const auto types = core::split(text_of(dataset, DCM_ImageType), '\\');
  found.flavor = types.size() > 2 ? types[2] : "VOLUME";
  found.series_uid = text_of(dataset, DCM_SeriesInstanceUID);
  found.syntax = text_of(*found.file->getMetaInfo(), DCM_TransferSyntaxUID);
  found.photometric = text_of(dataset, DCM_PhotometricInterpretation);
  found.manufacturer = text_of(dataset, DCM_Manufacturer);
  const auto integer = [&](const DcmTagKey& tag, int64_t otherwise) {
    return integer_of(dataset, tag).value_or(otherwise);
  };
  found.grid = {integer(DCM_TotalPixelMatrixColumns, 0), integer(DCM_TotalPixelMatrixRows, 0),
                integer(DCM_Columns, 0), integer(DCM_Rows, 0)};
  found.frames = integer(DCM_NumberOfFrames, 1);
  found.samples = integer(DCM_SamplesPerPixel, 1);
  found.bits = integer(DCM_BitsAllocated, 0);
  found.planar = integer(DCM_PlanarConfiguration, 0);
  found.shows_label = text_of(dataset, DCM_SpecimenLabelInImage) == "YES" ||
                      text_of(dataset, DCM_BurnedInAnnotation) == "YES";
  check(found);
  found.frame_of.assign(static_cast<size_t>(found.grid.columns() * found.grid.rows()), -1);
  take_scale(dataset, found);
  const bool one = found.frames == 1 && found.frame_of.size() == 1;
  if (one || text_of(dataset, DCM_DimensionOrganizationType) == "TILED_FULL")
    place_full(found);
  else
    place_sparse(dataset, found);
  return found;
}

}  // namespace

SlideInstance read_slide_instance(const std::filesystem::path& path) {
  return core::with_context(path.filename().string(), [&] { return read_instance(path); });
}

}  // namespace photo51::imaging
