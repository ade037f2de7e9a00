#include "imaging/dicom_pixels.hpp"

#include <ATen/ATen.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <gdcmImageReader.h>
#include <gdcmTrace.h>

#include <cmath>
#include <cstring>
#include <mutex>

#include "imaging/dicom_dcmtk.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

struct Bytes {
  std::vector<char> values;
  /// Samples of a pixel lie side by side (planar configuration 0).
  bool interleaved = true;
};

size_t bytes_needed(const DicomHeader& h) {
  return static_cast<size_t>((h.rows * h.columns * h.frames * h.samples * h.bits_allocated + 7) / 8);
}

/// Which library decodes a transfer syntax: the one place that chooses.
enum class Decoder { dcmtk, gdcm, none };
Decoder decoder_of(const std::string& syntax) {
  if (syntax.starts_with("1.2.840.10008.1.2.4.")) {
    const std::string code = syntax.substr(20);
    if (code == "80" || code == "81" || code == "90" || code == "91") return Decoder::gdcm;  // JPEG-LS, 2000
    if (code == "50" || code == "51" || code == "53" || code == "55" || code == "57" || code == "70")
      return Decoder::dcmtk;  // JPEG
    return Decoder::none;
  }
  return Decoder::dcmtk;  // uncompressed, deflated, RLE
}

Bytes decode_with_dcmtk(const DicomHeader& header) {
  static std::once_flag once;
  std::call_once(once, [] {
    DcmRLEDecoderRegistration::registerCodecs();
    // Colours stay as stored: what a colour means is the modality's business.
    DJDecoderRegistration::registerCodecs(EDC_never);
  });
  DcmFileFormat file;
  load_dicom(file, header.path);
  DcmDataset& dataset = *file.getDataset();
  const OFCondition chosen = dataset.chooseRepresentation(EXS_LittleEndianExplicit, nullptr);
  if (chosen.bad())
    core::fail_data(std::string("its pixels cannot be decoded (") + chosen.text() + "); copy it again");
  DcmElement* element = nullptr;
  for (const DcmTagKey& tag : {DCM_PixelData, DCM_FloatPixelData, DCM_DoubleFloatPixelData})
    if (element == nullptr) dataset.findAndGetElement(tag, element);
  if (element == nullptr) core::fail_data("it has no pixels");
  Bytes bytes;
  bytes.values.resize(element->getLength());
  // Asks for the bytes in the machine's order, whatever the file's.
  const OFCondition got =
      element->getPartialValue(bytes.values.data(), 0, element->getLength(), nullptr, gLocalByteOrder);
  if (got.bad())
    core::fail_data(std::string("its pixels cannot be read (") + got.text() + "); copy the file again");
  Uint16 planar = 0;
  dataset.findAndGetUint16(DCM_PlanarConfiguration, planar);
  bytes.interleaved = planar == 0;
  return bytes;
}

Bytes decode_with_gdcm(const DicomHeader& header) {
  gdcm::Trace::WarningOff();
  gdcm::Trace::ErrorOff();
  gdcm::ImageReader reader;
  reader.SetFileName(header.path.c_str());
  Bytes bytes;
  bool decoded = reader.Read();
  if (decoded) {
    const gdcm::Image& image = reader.GetImage();
    bytes.values.resize(image.GetBufferLength());
    decoded = bytes.values.size() >= bytes_needed(header) && image.GetBuffer(bytes.values.data());
    bytes.interleaved = image.GetPlanarConfiguration() == 0;
  }
  if (!decoded)
    core::fail_data(
        "its JPEG-LS or JPEG 2000 pixels cannot be decoded; convert the file to another transfer "
        "syntax or copy it again");
  return bytes;
}

/// Integers of `Word` bits, of which the stored ones are taken, with their sign.
template <class Word, class Wide>
at::Tensor integers(const Bytes& bytes, const DicomHeader& h, at::IntArrayRef shape, at::ScalarType type) {
  at::Tensor tensor = at::empty(shape, type);
  auto* to = static_cast<Wide*>(tensor.mutable_data_ptr());
  const int width = static_cast<int>(8 * sizeof(Word));
  const int stored = static_cast<int>(h.bits_stored), shift = static_cast<int>(h.high_bit) + 1 - stored;
  const int64_t sign = h.is_signed ? int64_t{1} << (stored - 1) : 0;
  const int64_t count = tensor.numel();
  for (int64_t i = 0; i < count; ++i) {
    Word word;
    std::memcpy(&word, bytes.values.data() + static_cast<size_t>(i) * sizeof(Word), sizeof(Word));
    word = static_cast<Word>(word >> shift);
    if (stored < width) word = static_cast<Word>(word & ((Word{1} << stored) - 1));
    to[i] = static_cast<Wide>((static_cast<int64_t>(word) ^ sign) - sign);
  }
  return tensor;
}

void check_layout(const DicomHeader& h) {
  if (!h.has_pixels) core::fail_data("it has no pixels; it is a " + h.sop_class_name);
  const bool sizes = h.rows >= 1 && h.columns >= 1 && h.frames >= 1 && h.samples >= 1 && h.rows <= 65535 &&
                     h.columns <= 65535 && h.samples <= 4 && h.frames <= 1'000'000;
  const bool bits = (h.bits_allocated == 1 || h.bits_allocated == 8 || h.bits_allocated == 16 ||
                     h.bits_allocated == 32 || h.bits_allocated == 64) &&
                    h.bits_stored >= 1 && h.bits_stored <= h.bits_allocated &&
                    h.high_bit < h.bits_allocated && h.high_bit + 1 >= h.bits_stored;
  if (!sizes || !bits)
    core::fail_data("its header is damaged: " + std::to_string(h.columns) + " x " + std::to_string(h.rows) +
                    " pixels, " + std::to_string(h.frames) + " frames, " + std::to_string(h.samples) +
                    " samples of " + std::to_string(h.bits_stored) + " of " +
                    std::to_string(h.bits_allocated) + " bits");
  // No transfer syntax packs images this tightly.
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(h.path));
  if (static_cast<double>(bytes_needed(h)) > 4000 * file_bytes)
    core::fail_data("its header promises " + std::to_string(bytes_needed(h)) +
                    " bytes of pixels in a file of " + core::format_number(file_bytes) +
                    " bytes: it is cut off or damaged; copy it again");
}

at::Tensor tensor_of(const Bytes& bytes, const DicomHeader& h) {
  std::vector<int64_t> shape{h.frames, h.rows, h.columns, h.samples};
  if (!bytes.interleaved) shape = {h.frames, h.samples, h.rows, h.columns};
  at::Tensor tensor;
  if (h.is_float && (h.bits_allocated == 32 || h.bits_allocated == 64)) {
    tensor = at::empty(shape, h.bits_allocated == 32 ? at::kFloat : at::kDouble);
    std::memcpy(tensor.mutable_data_ptr(), bytes.values.data(), tensor.nbytes());
    tensor = tensor.to(at::kFloat);
  } else if (h.bits_allocated == 8) {
    tensor = h.is_signed ? integers<uint8_t, int16_t>(bytes, h, shape, at::kShort)
                         : integers<uint8_t, uint8_t>(bytes, h, shape, at::kByte);
  } else if (h.bits_allocated == 16) {
    tensor = h.is_signed || h.bits_stored < 16 ? integers<uint16_t, int16_t>(bytes, h, shape, at::kShort)
                                               : integers<uint16_t, int32_t>(bytes, h, shape, at::kInt);
  } else if (h.bits_allocated == 32) {
    tensor = h.is_signed ? integers<uint32_t, int32_t>(bytes, h, shape, at::kInt)
                         : integers<uint32_t, int64_t>(bytes, h, shape, at::kLong);
  } else {
    core::fail_data("pixels of " + std::to_string(h.bits_allocated) + " bits are not an image's");
  }
  if (bytes.interleaved && h.samples > 1) tensor = tensor.permute({0, 3, 1, 2}).contiguous();
  return tensor.reshape({h.frames, h.samples, h.rows, h.columns});
}

}  // namespace

at::Tensor read_dicom_pixels(const DicomHeader& header) {
  return core::with_context(header.path.string(), [&] {
    check_layout(header);
    const Decoder decoder = decoder_of(header.transfer_syntax);
    if (decoder == Decoder::none)
      core::fail_data("its transfer syntax " + header.transfer_syntax +
                      " is not one that can be decoded; convert it, for instance to explicit little endian");
    const Bytes bytes = decoder == Decoder::gdcm ? decode_with_gdcm(header) : decode_with_dcmtk(header);
    if (bytes.values.size() < bytes_needed(header))
      core::fail_data("the file ends in its pixels: " + std::to_string(bytes.values.size()) + " of " +
                      std::to_string(bytes_needed(header)) + " bytes; copy it again");
    return tensor_of(bytes, header);
  });
}

at::Tensor rescale(const at::Tensor& stored, double slope, double intercept) {
  if (slope == 1 && intercept == 0) return stored;
  if (slope == 1 && std::trunc(intercept) == intercept && !at::isFloatingType(stored.scalar_type())) {
    const at::Tensor whole = stored.to(at::kLong) + static_cast<int64_t>(intercept);
    const auto low = whole.min().item<int64_t>(), high = whole.max().item<int64_t>();
    if (low >= -32768 && high <= 32767) return whole.to(at::kShort);
    if (low >= INT32_MIN && high <= INT32_MAX) return whole.to(at::kInt);
  }
  return (stored.to(at::kDouble) * slope + intercept).to(at::kFloat);
}

}  // namespace photo51::imaging
