#include "imaging/dicom/mosaic.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <string>

#include "imaging/dicom/element.hpp"
#include "imaging/dicom/image.hpp"
#include "imaging/dicom/private_elements.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

uint32_t word(const std::vector<uint8_t>& bytes, size_t at) {
  uint32_t value = 0;
  if (at + 4 <= bytes.size()) std::memcpy(&value, bytes.data() + at, 4);
  return value;
}

/// The numbers of one entry of a CSA header of the second kind: after `SV10`, four bytes, the number of
/// entries and a word come entries of a name (64 bytes), five words (the fourth: how many items) and items of
/// four words (the second: bytes) and text that is filled up to four bytes. Empty when it is not there.
std::vector<double> csa_numbers(const std::vector<uint8_t>& csa, const char* name) {
  if (csa.size() < 16 || std::memcmp(csa.data(), "SV10", 4) != 0) return {};
  const uint32_t entries = std::min<uint32_t>(word(csa, 8), 1000);
  size_t at = 16;
  for (uint32_t e = 0; e < entries && at + 84 <= csa.size(); ++e) {
    const char* label = reinterpret_cast<const char*>(csa.data() + at);
    const bool wanted = std::string(label, strnlen(label, 64)) == name;
    const uint32_t items = std::min<uint32_t>(word(csa, at + 76), 1000);
    at += 84;
    std::vector<double> numbers;
    for (uint32_t i = 0; i < items && at + 16 <= csa.size(); ++i) {
      const size_t length = word(csa, at + 4);
      at += 16;
      if (length > csa.size() - at) return {};
      const char* text = reinterpret_cast<const char*>(csa.data() + at);
      const auto part = parse_numbers(std::string(text, strnlen(text, length)));
      if (wanted && part && !part->empty()) numbers.push_back((*part)[0]);
      at += (length + 3) / 4 * 4;
      if (at > csa.size()) return {};
    }
    if (wanted) return numbers;
  }
  return {};
}

bool says_mosaic(const DicomHeader& h) {
  for (const std::string& token : core::split(h.image_type, '\\'))
    if (core::trim(token) == "MOSAIC") return true;
  return false;
}

[[noreturn]] void refuse(const DicomHeader& h, const std::string& why) {
  core::fail_data(h.path.string() +
                  ": is a MOSAIC, slices side by side in one image (ImageType (0008,0008)), " + why +
                  "; convert the series with a tool that knows the scanner, such as dcm2niix, or let the "
                  "scanner export single slices");
}

}  // namespace

void spread_mosaic(DicomHeader& h, std::vector<DicomFrame>& frames) {
  if (h.modality != "MR" || frames.size() != 1) return;
  DcmItem& dataset = *h.file->getDataset();
  const auto counted = private_number(dataset, 0x0019, 0x0A, "SIEMENS MR HEADER");
  const auto grid = private_number(dataset, 0x0065, 0x50, "Image Private Header");
  if (grid && *grid > 1) refuse(h, "of a kind (0065,xx50) that is not read here");
  if (!says_mosaic(h) && !(counted && *counted > 1)) return;
  const auto csa = private_bytes(dataset, 0x0029, 0x10, "SIEMENS CSA HEADER");
  const auto images = csa_numbers(csa, "NumberOfImagesInMosaic"),
             normal = csa_numbers(csa, "SliceNormalVector");
  if (images.empty() || normal.size() < 3)
    refuse(h,
           "and the private CSA header (0029,xx10) with NumberOfImagesInMosaic and SliceNormalVector is not "
           "there, so the places of its slices are not known");
  const auto count = static_cast<int64_t>(images[0]);
  const auto tiles = count < 1 ? 0 : static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(count))));
  const bool fits = tiles > 0 && tiles <= 64 && h.rows % tiles == 0 && h.columns % tiles == 0 &&
                    (!counted || *counted == images[0]);
  if (!fits)
    refuse(h, "and NumberOfImagesInMosaic (" + core::format_number(images[0]) + ") does not fit its " +
                  std::to_string(h.columns) + " x " + std::to_string(h.rows) + " pixels");
  if (!h.position || !h.orientation || !h.spacing || !h.between_slices || !(*h.between_slices > 0))
    refuse(h,
           "without ImagePositionPatient (0020,0032), ImageOrientationPatient (0020,0037), PixelSpacing "
           "(0028,0030) or SpacingBetweenSlices (0018,0088)");
  const auto axis = normal_of(*h.orientation);
  const double along = axis[0] * normal[0] + axis[1] * normal[1] + axis[2] * normal[2];
  if (std::abs(std::abs(along) - 1) > 0.01)
    refuse(h, "and its SliceNormalVector is not the normal of ImageOrientationPatient (0020,0037)");

  // The position written is that of a single image as large as the mosaic, around the same middle.
  std::array<double, 3> first = *h.position;
  const auto beyond_one = [tiles](auto mosaic) { return static_cast<double>(mosaic - mosaic / tiles); };
  const double shift_x = beyond_one(h.columns) / 2 * (*h.spacing)[1];
  const double shift_y = beyond_one(h.rows) / 2 * (*h.spacing)[0];
  for (size_t i = 0; i < 3; ++i)
    first[i] += shift_x * (*h.orientation)[i] + shift_y * (*h.orientation)[i + 3];
  const double step = along > 0 ? *h.between_slices : -*h.between_slices;
  const DicomFrame like = frames[0];
  frames.assign(static_cast<size_t>(count), like);
  for (size_t k = 0; k < frames.size(); ++k) {
    frames[k].position = first;
    for (size_t i = 0; i < 3; ++i) (*frames[k].position)[i] += static_cast<double>(k) * step * axis[i];
  }
  h.tiles = tiles;
}

at::Tensor cut_mosaic(const at::Tensor& values, int64_t tiles, int64_t frames) {
  const int64_t samples = values.size(1), rows = values.size(2) / tiles, columns = values.size(3) / tiles;
  return values.view({samples, tiles, rows, tiles, columns})
      .permute({1, 3, 0, 2, 4})
      .reshape({tiles * tiles, samples, rows, columns})
      .narrow(0, 0, frames)
      .contiguous();
}

}  // namespace photo51::imaging
