#include "imaging/dicom/pixels/fragments.hpp"

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

using FragmentBytes = std::vector<uint8_t>;

/// The table of offsets, then the fragments.
std::vector<DcmPixelItem*> items_of(DcmDataset& dataset) {
  DcmElement* element = nullptr;
  dataset.findAndGetElement(DCM_PixelData, element);
  DcmPixelSequence* sequence = nullptr;
  if (auto* pixels = dynamic_cast<DcmPixelData*>(element)) {
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter* parameter = nullptr;
    pixels->getOriginalRepresentationKey(syntax, parameter);
    pixels->getEncapsulatedRepresentation(syntax, parameter, sequence);
  }
  std::vector<DcmPixelItem*> items;
  if (sequence != nullptr)
    for (DcmObject* object = sequence->nextInContainer(nullptr); object != nullptr;
         object = sequence->nextInContainer(object))
      if (auto* item = dynamic_cast<DcmPixelItem*>(object)) items.push_back(item);
  if (items.size() < 2)
    core::fail_data(
        "its transfer syntax is a compressed one, but its pixels are not in fragments; copy it again");
  return items;
}

/// The first `count` bytes of a fragment, behind those of `bytes`.
void append(DcmPixelItem& item, Uint32 count, FragmentBytes& bytes) {
  const size_t old = bytes.size();
  bytes.resize(old + count);
  if (count > 0 && item.getPartialValue(bytes.data() + old, 0, count).bad())
    core::fail_data("the file ends in its pixels; copy it again");
}

/// Byte offsets of the frames from the first fragment's tag: the extended table, else the basic one.
std::vector<uint64_t> offsets_of(DcmDataset& dataset, DcmPixelItem& basic) {
  std::vector<uint64_t> offsets;
  DcmElement* extended = nullptr;
  Uint8* raw = nullptr;
  if (dataset.findAndGetElement(DcmTagKey(0x7FE0, 0x0001), extended).good() && extended != nullptr &&
      extended->getUint8Array(raw).good() && raw != nullptr) {
    offsets.resize(extended->getLength() / 8);
    std::memcpy(offsets.data(), raw, offsets.size() * 8);
  }
  if (!offsets.empty()) return offsets;
  FragmentBytes table;
  append(basic, basic.getLength(), table);
  for (size_t i = 0; i + 4 <= table.size(); i += 4)
    offsets.push_back(table[i] | uint64_t{table[i + 1]} << 8 | uint64_t{table[i + 2]} << 16 |
                      uint64_t{table[i + 3]} << 24);
  return offsets;
}

/// JPEG and JPEG-LS begin with SOI, JPEG 2000 with SOC and SIZ or with a JP2 signature box.
bool begins_codestream(DcmPixelItem& item) {
  FragmentBytes b;
  append(item, std::min<Uint32>(12, item.getLength()), b);
  if (b.size() < 12) return false;
  return (b[0] == 0xFF && b[1] == 0xD8 && b[2] == 0xFF) ||
         (b[0] == 0xFF && b[1] == 0x4F && b[2] == 0xFF && b[3] == 0x51) ||
         std::memcmp(b.data(), "\0\0\0\x0CjP  ", 8) == 0;
}

}  // namespace

FrameFragments::FrameFragments(DcmDataset& dataset, int64_t frames) : fragments_(items_of(dataset)) {
  DcmPixelItem& table = *fragments_.front();
  fragments_.erase(fragments_.begin());
  const auto wanted = static_cast<size_t>(frames);
  if (fragments_.size() < wanted)
    core::fail_data("its header says " + std::to_string(frames) + " frames, but its pixels are " +
                    std::to_string(fragments_.size()) + " fragments; copy it again");
  const bool one_each = fragments_.size() == wanted;
  std::vector<uint64_t> offsets;
  if (!one_each && wanted > 1) offsets = offsets_of(dataset, table);
  std::ranges::sort(offsets);
  uint64_t at = 0;
  for (size_t i = 0; i < fragments_.size(); ++i) {
    const auto begins = [&] {
      if (one_each || wanted == 1) return one_each;
      return offsets.size() == wanted ? std::ranges::binary_search(offsets, at)
                                      : begins_codestream(*fragments_[i]);
    };
    if (i == 0 || begins()) first_.push_back(i);
    at += 8 + fragments_[i]->getLength();
  }
  if (first_.size() != wanted)
    core::fail_data("which of its " + std::to_string(fragments_.size()) + " fragments make which of its " +
                    std::to_string(frames) + " frames cannot be told; copy it again");
  first_.push_back(fragments_.size());
}

std::vector<uint8_t> FrameFragments::read(int64_t frame) const {
  FragmentBytes bytes;
  const auto f = static_cast<size_t>(frame);
  for (size_t i = first_[f]; i < first_[f + 1]; ++i)
    append(*fragments_[i], fragments_[i]->getLength(), bytes);
  return bytes;
}

std::vector<FragmentBytes> read_compressed_frames(DcmDataset& dataset, int64_t frames) {
  const FrameFragments fragments(dataset, frames);
  std::vector<FragmentBytes> found;
  for (int64_t frame = 0; frame < frames; ++frame) found.push_back(fragments.read(frame));
  return found;
}

}  // namespace photo51::imaging
