#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdlib>
#include <vector>

#include "fuzz/targets/target.hpp"
#include "imaging/dicom/pixels/fragments.hpp"

namespace {

/// The input: number of frames, bytes of the extended table and of the basic one, the tables; then fragments,
/// each after its length.
class Input {
 public:
  Input(const uint8_t* bytes, size_t count) : bytes_(bytes), left_(count) {}
  bool ended() const { return left_ == 0; }
  uint8_t number() {
    if (left_ == 0) return 0;
    --left_;
    return *bytes_++;
  }
  std::vector<Uint8> take(size_t count) {
    count = std::min(count, left_);
    std::vector<Uint8> taken(bytes_, bytes_ + count);
    bytes_ += count;
    left_ -= count;
    return taken;
  }

 private:
  const uint8_t* bytes_;
  size_t left_;
};

DcmPixelItem* item_of(std::vector<Uint8> bytes) {
  auto* item = new DcmPixelItem(DcmTag(DCM_Item, EVR_OB));
  if (bytes.size() % 2 != 0) bytes.push_back(0);
  item->putUint8Array(bytes.data(), static_cast<unsigned long>(bytes.size()));
  return item;
}

}  // namespace

/// As many frames as were asked for, which hold the bytes of all fragments and no others.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  Input input(bytes, count);
  const int64_t frames = 1 + input.number() % 16;
  const std::vector<Uint8> extended = input.take(input.number()), basic = input.take(input.number());
  auto* sequence = new DcmPixelSequence(DcmTag(DCM_PixelData, EVR_OB));
  sequence->insert(item_of(basic));
  size_t total = 0;
  while (!input.ended()) {
    const std::vector<Uint8> fragment = input.take(input.number());
    total += fragment.size() + fragment.size() % 2;
    sequence->insert(item_of(fragment));
  }
  DcmDataset dataset;
  auto* pixels = new DcmPixelData(DCM_PixelData);
  pixels->putOriginalRepresentation(EXS_JPEGProcess14SV1, nullptr, sequence);
  dataset.insert(pixels);
  if (!extended.empty())
    dataset.putAndInsertUint8Array(DcmTag(0x7FE0, 0x0001, EVR_OV), extended.data(),
                                   static_cast<unsigned long>(extended.size()));
  return fuzz::checked([&] {
    const auto found = imaging::read_compressed_frames(dataset, frames);
    if (found.size() != static_cast<size_t>(frames)) std::abort();
    size_t sum = 0;
    for (const auto& frame : found) sum += frame.size();
    if (sum != total) std::abort();
  });
}
