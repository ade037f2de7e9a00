#include <ATen/core/Tensor.h>
#include <ATen/ops/bitwise_right_shift.h>
#include <ATen/ops/div.h>
#include <ATen/ops/max.h>
#include <ATen/ops/min.h>
#include <ATen/ops/round.h>

#include <cmath>
#include <string_view>

#include "core/byte_source.hpp"
#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/header.hpp"
#include "imaging/dicom/pixels/pixel_data.hpp"
#include "imaging/readers.hpp"
#include "imaging/ultrasound/tags.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

constexpr char kExport[] =
    "; export it from the machine as DICOM, or its frames as PNG: a video says neither what a pixel measures "
    "nor what its colors were";

/// The name of a video container, or nothing.
std::string video_of(const fs::path& path) {
  core::ByteSource source(path);
  char buffer[12] = {};
  const std::string_view bytes(buffer, source.read(buffer, sizeof buffer));
  if (bytes.starts_with("RIFF") && bytes.substr(8, 4) == "AVI ") return "an AVI video";
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "ftyp") return "an MP4 video";
  if (bytes.starts_with("\x1A\x45\xDF\xA3")) return "a Matroska video";
  if (bytes.starts_with(std::string_view("\0\0\1\xBA", 4))) return "an MPEG video";
  return {};
}

void check(const DicomHeader& h) {
  const std::string where = h.path.string() + ": ";
  if (!h.has_pixels) core::fail_data(where + "has no pixels; it is a " + h.sop_class_name);
  if (h.modality == "SEG" || h.modality == "SM" || h.modality == "RTDOSE")
    core::fail_data(where + "is a " + h.sop_class_name + ", not a picture or a cine");
  if (h.transfer_syntax.starts_with("1.2.840.10008.1.2.4.10"))
    core::fail_data(where + "its frames are an MPEG video (" + h.transfer_syntax + ")" + kExport);
  if (h.bits_stored > 8 || h.is_signed || h.is_float)
    core::fail_data(where + "has pixels of " + std::to_string(h.bits_stored) +
                    " bits, but a cine's are of 8; read it as a volume");
}

/// Decoded pixels as uint8 gray or RGB, bright = high.
at::Tensor bytes_of(const DicomHeader& h) {
  at::Tensor pixels = read_dicom_pixels(h);
  if (pixels.size(1) != 1 && pixels.size(1) != 3)
    core::fail_data(h.path.string() + ": has " + std::to_string(pixels.size(1)) +
                    " samples a pixel, but a picture has 1 or 3");
  // A palette's entries may have 16 bits, of which a screen shows the upper 8.
  if (h.photometric == "PALETTE COLOR" && pixels.scalar_type() != at::kByte)
    pixels = at::bitwise_right_shift(pixels, 8);
  if (h.photometric == "MONOCHROME1")
    pixels = pixels.to(at::kInt).neg().add((int64_t{1} << h.bits_stored) - 1);
  return pixels.clamp(0, 255).to(at::kByte).contiguous();
}

Cine read_dicom_cine(const fs::path& path) {
  const DicomHeader header = read_dicom_header(path);
  check(header);
  Cine cine;
  cine.source = path.string();
  cine.modality = header.kind();
  DcmFileFormat file;
  load_dicom(file, path);
  DcmDataset& dataset = *file.getDataset();
  const auto aspect = core::with_context(path.string(), [&] {
    read_times(dataset, header.frames, cine);
    read_regions(dataset, header.columns, header.rows, cine);
    return numbers_of<2>(dataset, DCM_PixelAspectRatio);
  });
  if (header.spacing && (*header.spacing)[0] > 0 && (*header.spacing)[1] > 0)
    cine.pixel_spacing = {(*header.spacing)[1], (*header.spacing)[0]};
  if (aspect && (*aspect)[0] != (*aspect)[1])
    cine.warnings.push_back("pixels are " + core::format_number((*aspect)[0]) + " high for " +
                            core::format_number((*aspect)[1]) + " wide (PixelAspectRatio (0028,0034))");
  if (cine.regions.empty() && !cine.pixel_spacing)
    cine.warnings.emplace_back(
        "no SequenceOfUltrasoundRegions (0018,6011): the size of a pixel is not known");
  cine.frames = bytes_of(header);
  return cine;
}

/// 16 bits of which the upper ones are used: scanners that store 10 or 12 bits would come out dark.
bool is_whole_range(const at::Tensor& pixels) {
  return pixels.min().item<int>() >= 0 && pixels.max().item<int>() >= 1 << 13;
}

Cine read_still(const fs::path& path) {
  const Volume volume = read_volume(path);
  Cine cine;
  cine.source = path.string();
  at::Tensor pixels = volume.data;  // [C, pages, H, W]
  if (pixels.scalar_type() == at::kInt && is_whole_range(pixels)) {
    pixels = pixels.to(at::kFloat).div(257).round().to(at::kByte);
    cine.warnings.emplace_back("has 16 bits a sample, which are shown as 8 (v / 257)");
  }
  if (pixels.scalar_type() != at::kByte)
    core::fail_data(cine.source +
                    ": has pixels that do not fill 8 or 16 bits, so that how bright they are meant to be is "
                    "not known; convert it to 8 bits");
  if (volume.channels.size() > 1 && volume.channels.back() == "alpha") {
    pixels = pixels.narrow(0, 0, pixels.size(0) - 1);
    cine.warnings.emplace_back("has transparent pixels, which are taken as they are stored");
  }
  if (pixels.size(0) != 1 && pixels.size(0) != 3)
    core::fail_data(cine.source + ": has " + std::to_string(pixels.size(0)) +
                    " channels, but a picture has 1 or 3");
  cine.frames = pixels.transpose(0, 1).contiguous();
  cine.warnings.insert(cine.warnings.end(), volume.warnings.begin() + 2, volume.warnings.end());
  cine.warnings.emplace_back("a picture file says neither what a pixel measures nor when it was taken");
  return cine;
}

}  // namespace

Cine read_cine(const fs::path& path) {
  std::error_code code;
  if (fs::is_directory(path, code))
    core::fail_data(path.string() + ": is a folder; name the file of a still or a multi-frame object");
  const Format format = detect_format(path);
  if (format == Format::dicom) return read_dicom_cine(path);
  if (format == Format::png || format == Format::jpeg || format == Format::tiff) return read_still(path);
  const std::string video = video_of(path);
  if (!video.empty()) core::fail_data(path.string() + ": is " + video + kExport);
  core::fail_data(path.string() + ": is not a picture or a cine that can be read (DICOM, PNG, JPEG or TIFF)");
}

double seconds_a_frame(const Cine& cine) {
  if (cine.frames.size(0) < 2) core::fail_data(cine.source + ": is one picture, which has no time a frame");
  if (cine.seconds.empty())
    core::fail_data(cine.source +
                    ": does not say the time from frame to frame; set FrameTime (0018,1063) or "
                    "FrameTimeVector (0018,1065)");
  return cine.seconds.back() / static_cast<double>(cine.seconds.size() - 1);
}

std::array<double, 2> mm_per_pixel(const Cine& cine) {
  std::optional<std::array<double, 2>> found;
  std::string problem;
  for (const CalibratedRegion& region : cine.regions) {
    if (region.format != RegionFormat::two_d) continue;
    if (!region.mm_x || !region.mm_y) {
      problem = region.problem;
      continue;
    }
    const std::array<double, 2> mm{*region.mm_x, *region.mm_y};
    if (found &&
        (std::abs((*found)[0] - mm[0]) > 1e-3 * mm[0] || std::abs((*found)[1] - mm[1]) > 1e-3 * mm[1]))
      core::fail_data(cine.source + ": its SequenceOfUltrasoundRegions (0018,6011) holds regions of " +
                      core::format_number((*found)[0]) + " and of " + core::format_number(mm[0]) +
                      " mm a pixel; cut out the one that is meant");
    found = mm;
  }
  if (found) return *found;
  if (!problem.empty())
    core::fail_data(cine.source +
                    ": its region in SequenceOfUltrasoundRegions (0018,6011) is not calibrated: " + problem);
  if (cine.pixel_spacing) return *cine.pixel_spacing;
  core::fail_data(cine.source +
                  ": does not say what a pixel measures; set SequenceOfUltrasoundRegions (0018,6011) or "
                  "PixelSpacing (0028,0030)");
}

}  // namespace photo51::imaging
