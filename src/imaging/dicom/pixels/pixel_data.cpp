#include "imaging/dicom/pixels/pixel_data.hpp"

#include <ATen/ATen.h>
#include <ATen/Dispatch.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/pixels/codecs.hpp"
#include "imaging/dicom/pixels/color.hpp"
#include "imaging/dicom/pixels/fragments.hpp"
#include "imaging/dicom/pixels/unpack.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

using Bytes = std::vector<uint8_t>;

/// Which library decodes a transfer syntax: the one place that chooses.
enum class Codec { native, rle, jpeg, jpeg_ls, jpeg2000, none };
Codec codec_of(const std::string& syntax) {
  const std::string jpegs = "1.2.840.10008.1.2.4.";
  if (syntax == "1.2.840.10008.1.2.5") return Codec::rle;
  if (!syntax.starts_with(jpegs)) {
    const bool known = syntax == "1.2.840.10008.1.2" || syntax == "1.2.840.10008.1.2.1" ||
                       syntax == "1.2.840.10008.1.2.2" || syntax == "1.2.840.10008.1.2.1.99" ||
                       syntax == "1.2.840.113619.5.2";
    return known ? Codec::native : Codec::none;
  }
  const std::string code = syntax.substr(jpegs.size());
  if (code == "80" || code == "81") return Codec::jpeg_ls;
  for (const char* j2k : {"90", "91", "92", "93", "201", "202", "203"})
    if (code == j2k) return Codec::jpeg2000;
  for (const char* jpeg : {"50", "51", "52", "53", "54", "55", "56", "57", "58", "70"})
    if (code == jpeg) return Codec::jpeg;
  return Codec::none;
}

/// Stored values and what their colors are.
struct Stored {
  at::Tensor values;    ///< [frames, samples, rows, columns]
  bool is_rgb = false;  ///< already, by the decoder
  /// The compressed stream says otherwise than the header may: luminance and chrominance, or not.
  std::optional<bool> is_ycc = {};
};

bool is_subsampled(const DicomHeader& h) {
  return h.photometric == "YBR_FULL_422" || h.photometric == "YBR_PARTIAL_422";
}

/// Bytes of the uncompressed pixels. Chrominance of 422 is stored once for two pixels.
int64_t bytes_needed(const DicomHeader& h, bool native) {
  const int64_t samples = native && is_subsampled(h) ? 2 : h.samples;
  return (h.rows * h.columns * h.frames * samples * h.bits_allocated + 7) / 8;
}

void check_layout(const DicomHeader& h, Codec codec) {
  if (!h.has_pixels) core::fail_data("it has no pixels; it is a " + h.sop_class_name);
  if (codec == Codec::none)
    core::fail_data("its transfer syntax " + h.transfer_syntax +
                    " is not one that can be decoded; convert it, for instance to explicit little endian");
  const bool sizes = h.rows >= 1 && h.columns >= 1 && h.frames >= 1 && h.samples >= 1 && h.rows <= 65535 &&
                     h.columns <= 65535 && h.samples <= 4 && h.frames <= 1'000'000;
  const int64_t bits = h.bits_allocated;
  const bool words = bits == 1 || bits == 8 || bits == 16 || bits == 32 || (bits == 64 && h.is_float);
  if (!sizes || !words || h.bits_stored < 1 || h.bits_stored > bits || h.high_bit >= bits ||
      h.high_bit + 1 < h.bits_stored || (h.is_float && bits < 32))
    core::fail_data("its header is damaged: " + std::to_string(h.columns) + " x " + std::to_string(h.rows) +
                    " pixels, " + std::to_string(h.frames) + " frames, " + std::to_string(h.samples) +
                    " samples of " + std::to_string(h.bits_stored) + " of " + std::to_string(bits) + " bits");
  // No codec packs images this tightly; the pixels must not be given room before the file is known to hold
  // them.
  const bool deflated = h.transfer_syntax == "1.2.840.10008.1.2.1.99";
  const double most = codec == Codec::native ? (deflated ? 1100 : 1) : codec == Codec::rle ? 64 : 4000;
  const auto file_bytes = static_cast<double>(std::filesystem::file_size(h.path));
  const auto needed = static_cast<double>(bytes_needed(h, codec == Codec::native));
  if (needed > most * file_bytes)
    core::fail_data("its header promises " + core::format_number(needed) + " bytes of pixels in a file of " +
                    core::format_number(file_bytes) + " bytes: it is cut off or damaged; copy it again");
  require_within_limit(needed, "its header promises " + std::to_string(h.frames) + " frame(s) of " +
                                   std::to_string(h.columns) + " x " + std::to_string(h.rows) + " pixels");
}

WordLayout layout_of(const DicomHeader& h) {
  WordLayout layout;
  layout.word = static_cast<int>(h.bits_allocated);
  layout.stored = static_cast<int>(h.bits_stored);
  layout.shift = static_cast<int>(h.high_bit) + 1 - layout.stored;
  layout.is_signed = h.is_signed;
  layout.is_float = h.is_float;
  return layout;
}

/// YBR 422: two luminances, then the chrominances of both pixels.
Bytes with_full_chrominance(const Bytes& packed, int64_t pixels) {
  Bytes full(static_cast<size_t>(3 * pixels));
  for (size_t pair = 0; pair < static_cast<size_t>(pixels) / 2; ++pair) {
    const uint8_t* from = packed.data() + 4 * pair;
    for (size_t i = 0; i < 2; ++i) {
      uint8_t* to = full.data() + 3 * (2 * pair + i);
      to[0] = from[i];
      to[1] = from[2];
      to[2] = from[3];
    }
  }
  return full;
}

/// These pixels alone: the data set's own function decodes the icons in it too, whatever size they claim.
void decode_in_place(DcmDataset& dataset, DcmElement& element) {
  static std::once_flag once;
  std::call_once(once, [] {
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs(EDC_never);
  });
  auto* pixels = dynamic_cast<DcmPixelData*>(&element);
  if (pixels == nullptr)
    core::fail_data("its transfer syntax is a compressed one, but its pixels are not; copy it again");
  DcmStack stack;
  stack.push(&dataset);
  stack.push(pixels);
  const OFCondition chosen = pixels->chooseRepresentation(EXS_LittleEndianExplicit, nullptr, stack);
  if (chosen.bad())
    core::fail_data(std::string("its pixels cannot be decoded (") + chosen.text() + "); copy it again");
}

bool has_big_endian_pixels(const std::string& syntax) {
  return syntax == "1.2.840.10008.1.2.2" || syntax == "1.2.840.113619.5.2";
}

/// Big-endian words of `wanted` bytes that were turned in groups of `turned` bytes, as their representation
/// (OW: 2) asks and their width does not: turned back, and then as a whole. Words of a byte or less stay as
/// they are, because OW packs two of them into each of its words (PS3.5 8.1.1).
void order_words(Bytes& bytes, size_t turned, size_t wanted) {
  if (wanted < 2 || turned == wanted) return;
  const auto turn = [&](size_t width) {
    for (size_t at = 0; width > 1 && at + width <= bytes.size(); at += width)
      std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                   bytes.begin() + static_cast<std::ptrdiff_t>(at + width));
  };
  turn(turned);
  turn(wanted);
}

/// What DCMTK holds as pixels: native ones, or those that it decodes (RLE, lossless and 12-bit JPEG).
Stored read_with_dcmtk(const DicomHeader& header, bool native, core::ThreadPool* pool) {
  DcmDataset& dataset = *header.file->getDataset();
  DcmElement* element = nullptr;
  for (const DcmTagKey& tag : {DCM_PixelData, DCM_FloatPixelData, DCM_DoubleFloatPixelData})
    if (element == nullptr) dataset.findAndGetElement(tag, element);
  if (element == nullptr) core::fail_data("it has no pixels");
  if (!native) decode_in_place(dataset, *element);
  const auto needed = static_cast<size_t>(bytes_needed(header, native));
  if (element->getLength() < needed)
    core::fail_data("the file ends in its pixels: " + std::to_string(element->getLength()) + " of " +
                    std::to_string(needed) + " bytes; copy it again");
  Bytes bytes(needed);
  // Asks for the bytes in the machine's order, whatever the file's.
  const OFCondition got =
      element->getPartialValue(bytes.data(), 0, static_cast<Uint32>(needed), nullptr, gLocalByteOrder);
  if (got.bad())
    core::fail_data(std::string("its pixels cannot be read (") + got.text() + "); copy the file again");
  if (native && has_big_endian_pixels(header.transfer_syntax))
    order_words(bytes, element->getTag().getVR().getValueWidth(),
                static_cast<size_t>(header.bits_allocated) / 8);

  const bool planar = integer_of(dataset, DCM_PlanarConfiguration).value_or(0) == 1 && header.samples > 1;
  if (native && is_subsampled(header))
    bytes = with_full_chrominance(bytes, header.frames * header.rows * header.columns);
  const WordLayout layout = layout_of(header);
  std::vector<int64_t> shape{header.frames, header.rows, header.columns, header.samples};
  if (planar) shape = {header.frames, header.samples, header.rows, header.columns};
  Stored stored{at::empty(shape, type_for(layout))};
  auto* to = static_cast<uint8_t*>(stored.values.mutable_data_ptr());
  const int64_t count = stored.values.numel() / header.frames;
  const auto size = static_cast<int64_t>(stored.values.element_size());
  const auto frames = [&](int64_t begin, int64_t end) {
    for (int64_t f = begin; f < end; ++f)
      unpack(bytes.data() + (layout.word == 1 ? 0 : f * count * layout.word / 8), f * count, count, layout,
             to + f * count * size);
  };
  if (pool != nullptr)
    pool->parallel_for(header.frames, 4, frames);
  else
    frames(0, header.frames);
  if (!planar) stored.values = stored.values.permute({0, 3, 1, 2}).contiguous();
  return stored;
}

/// How the samples of a decoded frame lie: a codec knows the precision, the header what the bits mean.
WordLayout layout_of(const DecodedFrame& frame, const DicomHeader& h, bool lossless) {
  WordLayout layout;
  layout.word = frame.word;
  layout.stored = frame.precision;
  layout.is_signed = h.is_signed;
  if (frame.is_signed && h.is_signed) {
    layout.stored = frame.word;
  } else if (lossless && !frame.is_signed && frame.precision > h.high_bit) {
    // Only without loss are the bits beside the value still what was written: overlays.
    layout.stored = static_cast<int>(h.bits_stored);
    layout.shift = static_cast<int>(h.high_bit + 1 - h.bits_stored);
  }
  return layout;
}

Stored read_compressed(const DicomHeader& h, Codec codec, const std::vector<Bytes>& streams,
                       core::ThreadPool* pool) {
  const FrameShape shape{h.rows, h.columns, h.samples, h.photometric == "RGB"};
  const bool lossless = codec == Codec::jpeg_ls && h.transfer_syntax.ends_with(".80");
  const int threads = pool != nullptr && h.frames == 1 ? pool->size() : 1;
  const auto decode = [&](size_t f) {
    return core::with_context([&] { return "frame " + std::to_string(f + 1); },
                              [&] {
                                if (codec == Codec::jpeg2000)
                                  return decode_jpeg2000(streams[f], shape, threads);
                                return codec == Codec::jpeg_ls ? decode_jpeg_ls(streams[f], shape)
                                                               : decode_jpeg(streams[f], shape);
                              });
  };
  // The first frame says what all of them are, before there is room for all of them.
  const DecodedFrame first = decode(0);
  const WordLayout layout = layout_of(first, h, lossless);
  Stored stored{at::empty({h.frames, h.rows, h.columns, h.samples}, type_for(layout)), first.is_rgb};
  auto* to = static_cast<uint8_t*>(stored.values.mutable_data_ptr());
  const int64_t count = h.rows * h.columns * h.samples;
  const auto size = static_cast<int64_t>(stored.values.element_size());
  const auto put = [&](const DecodedFrame& frame, int64_t f) {
    if (frame.precision != first.precision || frame.is_signed != first.is_signed)
      core::fail_data("frame " + std::to_string(f + 1) +
                      " has another precision than the first; convert the file");
    unpack(frame.bytes.data(), 0, count, layout, to + f * count * size);
  };
  put(first, 0);
  const auto rest = [&](int64_t begin, int64_t end) {
    for (int64_t f = begin + 1; f < end + 1; ++f) put(decode(static_cast<size_t>(f)), f);
  };
  if (pool != nullptr)
    pool->parallel_for(h.frames - 1, 1, rest);
  else
    rest(0, h.frames - 1);
  stored.values = stored.values.permute({0, 3, 1, 2}).contiguous();
  return stored;
}

Stored read_stored(const DicomHeader& h, Codec codec, core::ThreadPool* pool) {
  if (codec == Codec::native || codec == Codec::rle) return read_with_dcmtk(h, codec == Codec::native, pool);
  const auto streams = read_compressed_frames(*h.file->getDataset(), h.frames);
  if (codec == Codec::jpeg2000) {
    Stored stored = read_compressed(h, codec, streams, pool);
    stored.is_rgb = stored.is_rgb || (h.samples == 3 && has_component_transform(streams[0]));
    return stored;
  }
  const JpegHeader jpeg = read_jpeg_header(streams[0]);
  require_shape({h.rows, h.columns, h.samples}, jpeg.rows, jpeg.columns, jpeg.samples);
  const bool by_dcmtk = codec == Codec::jpeg && (jpeg.precision != 8 || jpeg.process > 2);
  // Our own decoders compare each frame with the header; DCMTK goes by what a stream says.
  for (size_t f = 1; by_dcmtk && f < streams.size(); ++f)
    core::with_context([&] { return "frame " + std::to_string(f + 1); },
                       [&] {
                         const JpegHeader one = read_jpeg_header(streams[f]);
                         require_shape({h.rows, h.columns, h.samples}, one.rows, one.columns, one.samples);
                       });
  Stored stored = by_dcmtk ? read_with_dcmtk(h, false, pool) : read_compressed(h, codec, streams, pool);
  stored.is_ycc = jpeg.is_ycc;
  return stored;
}

at::Tensor to_rgb(const DicomHeader& h, const Stored& stored, Codec codec) {
  const std::string& color = h.photometric;
  if (color == "PALETTE COLOR" && h.samples == 1) return apply_palette(h, stored.values);
  // The decoder of JPEG 2000 has undone its own transforms, YBR_RCT and YBR_ICT.
  if (stored.is_rgb || h.samples != 3 || !stored.is_ycc.value_or(color.starts_with("YBR_")) ||
      (codec == Codec::jpeg2000 && (color == "YBR_RCT" || color == "YBR_ICT")))
    return stored.values;
  const bool partial = color.starts_with("YBR_PARTIAL");
  if (stored.values.scalar_type() != at::kByte ||
      (!partial && !color.starts_with("YBR_FULL") && color.starts_with("YBR_")))
    core::fail_data("colors of " + std::to_string(h.bits_stored) + " bits in " + color +
                    " cannot be converted; convert the file to RGB");
  return ybr_to_rgb(stored.values, partial);
}

}  // namespace

void require_pixels(const DicomHeader& header) {
  core::with_context(header.path.string(), [&] { check_layout(header, codec_of(header.transfer_syntax)); });
}

at::Tensor read_dicom_pixels(const DicomHeader& header, core::ThreadPool* pool) {
  return core::with_context(header.path.string(), [&] {
    const Codec codec = codec_of(header.transfer_syntax);
    check_layout(header, codec);
    return to_rgb(header, read_stored(header, codec, pool), codec);
  });
}

at::Tensor rescale(const at::Tensor& stored, double slope, double intercept) {
  if (slope == 1 && intercept == 0) return stored;
  const at::Tensor from = stored.contiguous();
  const int64_t count = from.numel();
  if (slope == 1 && std::trunc(intercept) == intercept && from.scalar_type() == at::kShort) {
    // What nearly every CT is, so without intermediate copies.
    const auto* values = from.const_data_ptr<int16_t>();
    const auto [low, high] = std::minmax_element(values, values + count);
    if (*low + intercept >= -32768 && *high + intercept <= 32767) {
      at::Tensor to = at::empty_like(from);
      auto* shifted = to.mutable_data_ptr<int16_t>();
      const int shift = static_cast<int>(intercept);
      for (int64_t i = 0; i < count; ++i) shifted[i] = static_cast<int16_t>(values[i] + shift);
      return to;
    }
  }
  if (slope == 1 && std::trunc(intercept) == intercept && !at::isFloatingType(from.scalar_type())) {
    const at::Tensor whole = from.to(at::kLong) + static_cast<int64_t>(intercept);
    const auto low = whole.min().item<int64_t>(), high = whole.max().item<int64_t>();
    if (low >= -32768 && high <= 32767) return whole.to(at::kShort);
    if (low >= INT32_MIN && high <= INT32_MAX) return whole.to(at::kInt);
  }
  at::Tensor to = at::empty(from.sizes(), at::kFloat);
  auto* scaled = to.mutable_data_ptr<float>();
  AT_DISPATCH_ALL_TYPES(from.scalar_type(), "rescale", [&] {
    const auto* values = from.const_data_ptr<scalar_t>();
    for (int64_t i = 0; i < count; ++i)
      scaled[i] = static_cast<float>(static_cast<double>(values[i]) * slope + intercept);
  });
  return to;
}

}  // namespace photo51::imaging
