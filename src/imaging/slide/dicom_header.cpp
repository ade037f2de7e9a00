#include <cmath>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/readers.hpp"
#include "imaging/slide/dicom_frames.hpp"
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
  const size_t paths = count_items(dataset, DCM_OpticalPathSequence);
  for (size_t i = 0; i < paths && i < 1000; ++i) {
    DcmItem* path = item_of(dataset, DCM_OpticalPathSequence, i);
    if (path == nullptr) break;
    if (i == 0) found.objective_power = number_of(*path, DCM_ObjectiveLensPower);
    found.paths.push_back(
        {text_of(*path, DCM_OpticalPathIdentifier), text_of(*path, DCM_OpticalPathDescription)});
  }
}

/// Each frame says where it lies.
void read_places(DcmDataset& dataset, SlideInstance& found) {
  DcmSequenceOfItems* groups = nullptr;
  dataset.findAndGetSequence(DCM_PerFrameFunctionalGroupsSequence, groups);
  if (groups == nullptr || static_cast<int64_t>(groups->card()) < found.frames)
    core::fail_data(
        "its tiles have no places: PerFrameFunctionalGroupsSequence (5200,9230) is missing or too short");
  int64_t frame = 0;
  DcmItem* shared = item_of(dataset, DCM_SharedFunctionalGroupsSequence);
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
    DcmItem* path = item_of(group, DCM_OpticalPathIdentificationSequence);
    if (path == nullptr && shared != nullptr) path = item_of(*shared, DCM_OpticalPathIdentificationSequence);
    found.places.push_back({row * found.grid.columns() + column,
                            number_of(*position, DCM_ZOffsetInSlideCoordinateSystem).value_or(0),
                            path == nullptr ? "" : text_of(*path, DCM_OpticalPathIdentifier)});
  }
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
      grid.piece_width * grid.piece_height > kMostBytesOfAPiece / 8 || found.declared_paths < 0 ||
      found.declared_planes < 0 || found.declared_paths > 1000 || found.declared_planes > 10000)
    core::fail_data("its header is damaged: " + std::to_string(grid.width) + " x " +
                    std::to_string(grid.height) + " pixels in " + std::to_string(found.frames) +
                    " frames of " + std::to_string(grid.piece_width) + " x " +
                    std::to_string(grid.piece_height));
  if (found.bits != 8 || (found.samples != 1 && found.samples != 3) || found.photometric == "PALETTE COLOR")
    core::fail_data("its pixels of " + std::to_string(found.samples) + " x " + std::to_string(found.bits) +
                    " bits (" + found.photometric + ") are no 8-bit color or gray picture; convert it");
}

SlideInstance read_instance(const std::filesystem::path& path, const std::shared_ptr<DcmFileFormat>& file) {
  SlideInstance found;
  found.path = path;
  found.file = file;
  DcmDataset& dataset = *found.file->getDataset();
  found.concatenation = text_of(dataset, DCM_ConcatenationUID);
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
  found.declared_paths = integer(DCM_NumberOfOpticalPaths, 0);
  found.declared_planes = integer(DCM_TotalPixelMatrixFocalPlanes, 0);
  found.part = integer(DCM_InConcatenationNumber, 0);
  found.parts = integer(DCM_InConcatenationTotalNumber, 0);
  check(found);
  take_scale(dataset, found);
  const bool one = found.frames == 1 && found.grid.columns() * found.grid.rows() == 1;
  found.is_full = one || text_of(dataset, DCM_DimensionOrganizationType) == "TILED_FULL";
  if (!found.is_full) read_places(dataset, found);
  return found;
}

}  // namespace

std::optional<SlideInstance> find_slide_instance(const std::filesystem::path& path) {
  return core::with_context(path.filename().string(), [&]() -> std::optional<SlideInstance> {
    if (detect_format(path) != Format::dicom) return {};
    const auto file = std::make_shared<DcmFileFormat>();
    load_dicom(*file, path);
    if (text_of(*file->getDataset(), DCM_SOPClassUID) != kWholeSlide) return {};
    return read_instance(path, file);
  });
}

SlideInstance read_slide_instance(const std::filesystem::path& path) {
  return core::with_context(path.filename().string(), [&] {
    const auto file = std::make_shared<DcmFileFormat>();
    load_dicom(*file, path);
    const std::string sop = text_of(*file->getDataset(), DCM_SOPClassUID);
    if (sop != kWholeSlide)
      core::fail_data("is DICOM, but not a whole slide: SOPClassUID (0008,0016) is `" + sop + "`");
    return read_instance(path, file);
  });
}

}  // namespace photo51::imaging
