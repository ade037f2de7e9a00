#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "fuzz/targets/target.hpp"
#include "imaging/dicom/pixels/color.hpp"

/// The input: which kind of table, its descriptor (three words), its words. All three colors have the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  using namespace photo51::imaging;
  if (count < 7) return 0;
  const int kind = bytes[0] % 4;
  Uint16 descriptor[3];
  std::memcpy(descriptor, bytes + 1, 6);
  std::vector<Uint16> words((count - 7) / 2);
  if (!words.empty()) std::memcpy(words.data(), bytes + 7, 2 * words.size());
  DicomHeader header;
  header.file = std::make_shared<DcmFileFormat>();
  header.is_signed = kind == 3;
  DcmDataset& dataset = *header.file->getDataset();
  const auto length = static_cast<unsigned long>(words.size());
  for (Uint16 color = 1; color <= 3; ++color) {
    const auto element = static_cast<Uint16>(0x1100 + color);
    dataset.putAndInsertUint16Array(DcmTag(0x0028, element, EVR_US), descriptor, 3);
    const auto data = static_cast<Uint16>((kind == 1 ? 0x1220 : 0x1200) + color);
    dataset.putAndInsertUint16Array(DcmTag(0x0028, data, EVR_OW), words.data(), length);
  }
  const at::Tensor indices = at::arange(-4, 60, at::kInt).view({1, 1, 8, 8});
  fuzz::checked([&] {
    const at::Tensor rgb = apply_palette(header, indices);
    if (rgb.sizes() != at::IntArrayRef({1, 3, 8, 8})) std::abort();
  });
  return fuzz::checked([&] {
    DcmItem* item = nullptr;
    dataset.findOrCreateSequenceItem(DCM_ModalityLUTSequence, item);
    item->putAndInsertUint16Array(DcmTag(DCM_LUTDescriptor, EVR_US), descriptor, 3);
    item->putAndInsertUint16Array(DcmTag(DCM_LUTData, EVR_OW), words.data(), length);
    if (apply_modality_lut(header, indices).sizes() != indices.sizes()) std::abort();
  });
}
