#include "imaging/dicom_fragments.hpp"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <algorithm>
#include <cstring>

#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

using Bytes = std::vector<uint8_t>;

DcmPixelSequence& sequence_of(DcmDataset& dataset) {
  DcmElement* element = nullptr;
  dataset.findAndGetElement(DCM_PixelData, element);
  DcmPixelSequence* sequence = nullptr;
  if (auto* pixels = dynamic_cast<DcmPixelData*>(element)) {
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter* parameter = nullptr;
    pixels->getOriginalRepresentationKey(syntax, parameter);
    pixels->getEncapsulatedRepresentation(syntax, parameter, sequence);
  }
  if (sequence == nullptr || sequence->card() < 2)
    core::fail_data(
        "its transfer syntax is a compressed one, but its pixels are not in fragments; copy it again");
  return *sequence;
}

Bytes bytes_of(DcmPixelSequence& sequence, unsigned long index) {
  DcmPixelItem* item = nullptr;
  Bytes bytes;
  if (sequence.getItem(item, index).bad() || item == nullptr)
    core::fail_data("its pixel fragments are damaged");
  bytes.resize(item->getLength());
  if (!bytes.empty() && item->getPartialValue(bytes.data(), 0, item->getLength()).bad())
    core::fail_data("the file ends in its pixels; copy it again");
  return bytes;
}

/// Byte offsets of the frames from the first fragment's tag: the extended table, else the basic one.
std::vector<uint64_t> offsets_of(DcmDataset& dataset, DcmPixelSequence& sequence) {
  std::vector<uint64_t> offsets;
  DcmElement* element = nullptr;
  Uint8* raw = nullptr;
  if (dataset.findAndGetElement(DcmTagKey(0x7FE0, 0x0001), element).good() && element != nullptr &&
      element->getUint8Array(raw).good() && raw != nullptr) {
    offsets.resize(element->getLength() / 8);
    std::memcpy(offsets.data(), raw, offsets.size() * 8);
  }
  if (!offsets.empty()) return offsets;
  const Bytes table = bytes_of(sequence, 0);
  for (size_t i = 0; i + 4 <= table.size(); i += 4)
    offsets.push_back(table[i] | uint64_t{table[i + 1]} << 8 | uint64_t{table[i + 2]} << 16 |
                      uint64_t{table[i + 3]} << 24);
  return offsets;
}

/// JPEG and JPEG-LS begin with SOI, JPEG 2000 with SOC and SIZ or with a JP2 signature box.
bool begins_codestream(const Bytes& b) {
  if (b.size() < 12) return false;
  return (b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF) ||
         (b[0] == 0xFF && b[1] == 0x4F && b[2] == 0xFF && b[3] == 0x51) ||
         std::memcmp(b.data(), "\0\0\0\x0CjP  ", 8) == 0;
}

}  // namespace

std::vector<Bytes> read_compressed_frames(DcmDataset& dataset, int64_t frames) {
  DcmPixelSequence& sequence = sequence_of(dataset);
  const unsigned long fragments = sequence.card() - 1;
  const auto wanted = static_cast<size_t>(frames);
  if (fragments < wanted)
    core::fail_data("its header says " + std::to_string(frames) + " frames, but its pixels are " +
                    std::to_string(fragments) + " fragments; copy it again");
  std::vector<Bytes> pieces;
  for (unsigned long i = 1; i <= fragments; ++i) pieces.push_back(bytes_of(sequence, i));
  if (fragments == wanted) return pieces;

  std::vector<bool> begins(pieces.size(), false);
  begins[0] = true;
  if (wanted > 1) {
    const std::vector<uint64_t> offsets = offsets_of(dataset, sequence);
    uint64_t at = 0;
    for (size_t i = 0; i < pieces.size(); ++i) {
      begins[i] = offsets.size() == wanted ? std::ranges::find(offsets, at) != offsets.end()
                                           : begins_codestream(pieces[i]);
      at += 8 + pieces[i].size();
    }
  }
  std::vector<Bytes> joined;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (begins[i] || joined.empty())
      joined.push_back(std::move(pieces[i]));
    else
      joined.back().insert(joined.back().end(), pieces[i].begin(), pieces[i].end());
  }
  if (joined.size() != wanted)
    core::fail_data("which of its " + std::to_string(fragments) + " fragments make which of its " +
                    std::to_string(frames) + " frames cannot be told; copy it again");
  return joined;
}

}  // namespace photo51::imaging
