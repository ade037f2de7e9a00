#include "imaging/slide_dicom_frames.hpp"

#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstring>

#include "imaging/dicom_codecs.hpp"
#include "imaging/dicom_colour.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

using Bytes = std::vector<uint8_t>;

bool is_native(const std::string& syntax) {
  return syntax == "1.2.840.10008.1.2" || syntax == "1.2.840.10008.1.2.1" ||
         syntax == "1.2.840.10008.1.2.2" || syntax == "1.2.840.10008.1.2.1.99";
}

/// Whether a fragment is the first of a frame.
bool begins_codestream(const Bytes& b) {
  return b.size() >= 12 &&
         ((b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF) || (b[0] == 0xFF && b[1] == 0x4F && b[2] == 0xFF) ||
          std::memcmp(b.data(), "\0\0\0\x0CjP  ", 8) == 0);
}

Bytes head_of(DcmPixelItem& item) {
  Bytes head(std::min<Uint32>(12, item.getLength()));
  if (!head.empty() && item.getPartialValue(head.data(), 0, static_cast<Uint32>(head.size())).bad())
    head.clear();
  return head;
}

/// Offsets of the frames from the first fragment's tag; empty when the file has no table.
std::vector<uint64_t> offsets_of(DcmDataset& dataset, DcmPixelItem& basic) {
  std::vector<uint64_t> offsets;
  DcmElement* extended = nullptr;
  Uint8* raw = nullptr;
  if (dataset.findAndGetElement(DcmTagKey(0x7FE0, 0x0001), extended).good() && extended != nullptr &&
      extended->getUint8Array(raw).good() && raw != nullptr) {
    offsets.resize(extended->getLength() / 8);
    std::memcpy(offsets.data(), raw, offsets.size() * 8);
    return offsets;
  }
  Bytes table(basic.getLength());
  if (table.empty() || basic.getPartialValue(table.data(), 0, basic.getLength()).bad()) return offsets;
  for (size_t i = 0; i + 4 <= table.size(); i += 4)
    offsets.push_back(table[i] | uint64_t{table[i + 1]} << 8 | uint64_t{table[i + 2]} << 16 |
                      uint64_t{table[i + 3]} << 24);
  return offsets;
}

/// Samples side by side, gray as three, colours as RGB.
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
    find_fragments(dataset);
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

void SlideFrames::find_fragments(DcmDataset& dataset) {
  DcmElement* element = nullptr;
  dataset.findAndGetElement(DCM_PixelData, element);
  DcmPixelSequence* sequence = nullptr;
  if (auto* pixels = dynamic_cast<DcmPixelData*>(element)) {
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter* parameter = nullptr;
    pixels->getOriginalRepresentationKey(syntax, parameter);
    pixels->getEncapsulatedRepresentation(syntax, parameter, sequence);
  }
  const auto wanted = static_cast<size_t>(instance_.frames);
  if (sequence == nullptr || sequence->card() < wanted + 1)
    core::fail_data("the file ends in its pixels: PixelData (7FE0,0010) has fewer fragments than the " +
                    std::to_string(wanted) + " frames of its header; copy it again");
  for (DcmObject* object = sequence->nextInContainer(nullptr); object != nullptr;
       object = sequence->nextInContainer(object))
    if (auto* item = dynamic_cast<DcmPixelItem*>(object)) fragments_.push_back(item);
  DcmPixelItem& table = *fragments_.front();
  fragments_.erase(fragments_.begin());
  const std::vector<uint64_t> offsets =
      fragments_.size() == wanted ? std::vector<uint64_t>{} : offsets_of(dataset, table);
  uint64_t at = 0;
  for (size_t i = 0; i < fragments_.size(); ++i) {
    const bool begins = fragments_.size() == wanted ||
                        (offsets.size() == wanted ? std::ranges::find(offsets, at) != offsets.end()
                                                  : begins_codestream(head_of(*fragments_[i])));
    if (begins || i == 0) first_.push_back(i);
    at += 8 + fragments_[i]->getLength();
  }
  if (first_.size() != wanted)
    core::fail_data("which of its fragments make which frame cannot be told; copy it again");
  first_.push_back(fragments_.size());
}

std::vector<uint8_t> SlideFrames::stored_bytes(int64_t frame) const {
  const std::lock_guard lock(mutex_);
  Bytes bytes;
  const auto append = [&](DcmElement& element, int64_t from, int64_t count) {
    const size_t old = bytes.size();
    bytes.resize(old + static_cast<size_t>(count));
    if (count > 0 && element
                         .getPartialValue(bytes.data() + old, static_cast<Uint32>(from),
                                          static_cast<Uint32>(count), nullptr, gLocalByteOrder)
                         .bad())
      core::fail_data("the file ends in frame " + std::to_string(frame + 1) + "; copy it again");
  };
  if (native_ != nullptr) {
    const int64_t count = instance_.grid.piece_width * instance_.grid.piece_height * instance_.samples;
    append(*native_, frame * count, count);
    return bytes;
  }
  const auto f = static_cast<size_t>(frame);
  for (size_t i = first_[f]; i < first_[f + 1]; ++i)
    append(*fragments_[i], 0, int64_t{fragments_[i]->getLength()});
  return bytes;
}

Piece SlideFrames::decode(int64_t frame) const {
  Bytes bytes = stored_bytes(frame);
  return core::with_context(
      [&] { return "frame " + std::to_string(frame + 1); },
      [&]() -> Piece {
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
        const bool was_j2k = code.starts_with("9") || code.starts_with("2");
        return finish(std::move(decoded.bytes), instance_, decoded.is_rgb || was_j2k);
      });
}

}  // namespace photo51::imaging
