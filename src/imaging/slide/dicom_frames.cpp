#include "imaging/slide/dicom_frames.hpp"

#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include "imaging/dicom/pixels/codecs.hpp"
#include "imaging/dicom/pixels/color.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

using Bytes = std::vector<uint8_t>;

bool is_native(const std::string& syntax) {
  return syntax == "1.2.840.10008.1.2" || syntax == "1.2.840.10008.1.2.1" ||
         syntax == "1.2.840.10008.1.2.2" || syntax == "1.2.840.10008.1.2.1.99";
}

/// Samples side by side, gray as three, colors as RGB.
Piece finish(Bytes samples, const SlideInstance& instance, bool is_rgb) {
  const auto pixels = instance.grid.piece_width * instance.grid.piece_height;
  if (instance.samples == 1) {
    const bool inverted = instance.photometric == "MONOCHROME1";
    Piece piece(static_cast<size_t>(3 * pixels));
    for (size_t i = 0; i < piece.size(); ++i)
      piece[i] = inverted ? static_cast<uint8_t>(255 - samples[i / 3]) : samples[i / 3];
    return piece;
  }
  if (is_rgb || !instance.photometric.starts_with("YBR_FULL")) return samples;
  const at::Tensor ybr =
      at::from_blob(samples.data(), {1, instance.grid.piece_height, instance.grid.piece_width, 3}, at::kByte)
          .permute({0, 3, 1, 2})
          .contiguous();
  const at::Tensor rgb = ybr_to_rgb(ybr, false).permute({0, 2, 3, 1}).contiguous();
  return {rgb.const_data_ptr<uint8_t>(), rgb.const_data_ptr<uint8_t>() + rgb.numel()};
}

}  // namespace

SlideFrames::SlideFrames(const SlideInstance& instance) : instance_(instance) {
  DcmDataset& dataset = *instance_.file->getDataset();
  if (!is_native(instance_.syntax)) {
    fragments_.emplace(dataset, instance_.frames);
    return;
  }
  if (instance_.photometric == "YBR_FULL_422")
    core::fail_data("uncompressed pixels in YBR_FULL_422 cannot be read; convert it to RGB");
  const auto needed =
      instance_.frames * instance_.grid.piece_width * instance_.grid.piece_height * instance_.samples;
  if (dataset.findAndGetElement(DCM_PixelData, native_).bad() || native_ == nullptr ||
      int64_t{native_->getLength()} < needed)
    core::fail_data("the file ends in its pixels: PixelData (7FE0,0010) needs " + std::to_string(needed) +
                    " bytes; copy it again");
}

std::vector<uint8_t> SlideFrames::stored_bytes(int64_t frame) const {
  const std::lock_guard lock(mutex_);
  if (native_ == nullptr) return fragments_->read(frame);
  const int64_t count = instance_.grid.piece_width * instance_.grid.piece_height * instance_.samples;
  Bytes bytes(static_cast<size_t>(count));
  if (native_
          ->getPartialValue(bytes.data(), static_cast<Uint32>(frame * count), static_cast<Uint32>(count),
                            nullptr, gLocalByteOrder)
          .bad())
    core::fail_data("the file ends in its pixels; copy it again");
  return bytes;
}

Piece SlideFrames::decode(int64_t frame) const {
  return core::with_context(
      [&] { return "frame " + std::to_string(frame + 1); },
      [&]() -> Piece {
        Bytes bytes = stored_bytes(frame);
        const PieceGrid& grid = instance_.grid;
        if (native_ != nullptr) {
          if (instance_.planar == 1 && instance_.samples == 3) {
            const auto pixels = static_cast<size_t>(grid.piece_width * grid.piece_height);
            Bytes mixed(bytes.size());
            for (size_t i = 0; i < pixels; ++i)
              for (size_t c = 0; c < 3; ++c) mixed[3 * i + c] = bytes[c * pixels + i];
            bytes = std::move(mixed);
          }
          return finish(std::move(bytes), instance_, false);
        }
        const FrameShape shape{grid.piece_height, grid.piece_width, instance_.samples,
                               instance_.photometric == "RGB"};
        const std::string jpegs = "1.2.840.10008.1.2.4.";
        const std::string code =
            instance_.syntax.starts_with(jpegs) ? instance_.syntax.substr(jpegs.size()) : "";
        DecodedFrame decoded;
        if (code == "50" || code == "51")
          decoded = decode_jpeg(bytes, shape);
        else if (code == "80" || code == "81")
          decoded = decode_jpeg_ls(bytes, shape);
        else if (code == "90" || code == "91" || code == "201" || code == "202" || code == "203")
          decoded = decode_jpeg2000(bytes, shape, 1);
        else
          core::fail_data("transfer syntax " + instance_.syntax +
                          " is not one that slides are read from; convert it to JPEG");
        if (decoded.word != 8) core::fail_data("its pixels have more than 8 bits; convert it");
        // JPEG 2000 turns its own component transform back; without one, samples are what the header says.
        const bool was_j2k = code.starts_with("9") || code.starts_with("2");
        const bool transformed =
            was_j2k && (instance_.photometric == "YBR_RCT" || instance_.photometric == "YBR_ICT" ||
                        has_component_transform(bytes));
        return finish(std::move(decoded.bytes), instance_, decoded.is_rgb || transformed);
      });
}

}  // namespace photo51::imaging
