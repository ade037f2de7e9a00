// With its folder: ITK brings an older openjpeg.h of its own.
#include <openjpeg-2.5/openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "imaging/dicom/pixels/codecs.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

struct Memory {
  ByteSpan bytes;
  size_t at = 0;
};

OPJ_SIZE_T read(void* buffer, OPJ_SIZE_T count, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  const size_t left = memory.bytes.size() - memory.at;
  if (left == 0) return static_cast<OPJ_SIZE_T>(-1);
  count = std::min(count, left);
  std::memcpy(buffer, memory.bytes.data() + memory.at, count);
  memory.at += count;
  return count;
}

OPJ_OFF_T skip(OPJ_OFF_T count, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  const size_t left = memory.bytes.size() - memory.at;
  // 0 would make OpenJPEG ask again, for ever.
  if (count < 0 || (left == 0 && count > 0)) return -1;
  const auto step = std::min(static_cast<size_t>(count), left);
  memory.at += step;
  return static_cast<OPJ_OFF_T>(step);
}

OPJ_BOOL seek(OPJ_OFF_T to, void* user) {
  auto& memory = *static_cast<Memory*>(user);
  if (to < 0 || static_cast<size_t>(to) > memory.bytes.size()) return OPJ_FALSE;
  memory.at = static_cast<size_t>(to);
  return OPJ_TRUE;
}

void silent(const char* /*message*/, void* /*user*/) {}
void keep(const char* message, void* user) {
  auto& text = *static_cast<std::string*>(user);
  text = message;
  while (!text.empty() && text.back() == '\n') text.pop_back();
}

struct Closer {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
// Both are void in OpenJPEG's interface.
struct StreamCloser {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct CodecCloser {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};

/// Samples of all components side by side as words of type T.
template <class T>
void interleave(const opj_image_t& image, DecodedFrame& frame) {
  const size_t samples = image.numcomps, pixels = size_t{image.comps[0].w} * image.comps[0].h;
  frame.bytes.resize(pixels * samples * sizeof(T));
  auto* to = reinterpret_cast<T*>(frame.bytes.data());
  for (size_t c = 0; c < samples; ++c)
    for (size_t i = 0; i < pixels; ++i) to[i * samples + c] = static_cast<T>(image.comps[c].data[i]);
}

}  // namespace

bool has_component_transform(ByteSpan stream) {
  // From SOC and SIZ on, marker by marker, to the last byte of what COD (A.6.1) says of all components.
  constexpr std::array<uint8_t, 4> kBegin{0xFF, 0x4F, 0xFF, 0x51};
  const auto begin = std::search(stream.begin(), stream.end(), kBegin.begin(), kBegin.end());
  for (auto at = static_cast<size_t>(begin - stream.begin()) + 2; at + 9 < stream.size();) {
    if (stream[at] != 0xFF || stream[at + 1] == 0x93) return false;  // pixels
    if (stream[at + 1] == 0x52) return stream[at + 8] != 0;
    at += 2 + static_cast<size_t>(stream[at + 2] << 8 | stream[at + 3]);
  }
  return false;
}

DecodedFrame decode_jpeg2000(ByteSpan stream, const FrameShape& shape, int threads) {
  constexpr uint8_t kFile[] = {0, 0, 0, 12, 'j', 'P', ' ', ' '};
  const bool in_file = stream.size() > 12 && std::equal(std::begin(kFile), std::end(kFile), stream.begin());
  Memory memory{stream};
  const std::unique_ptr<opj_stream_t, StreamCloser> source(opj_stream_create(1 << 16, OPJ_TRUE));
  opj_stream_set_user_data(source.get(), &memory, nullptr);
  opj_stream_set_user_data_length(source.get(), stream.size());
  opj_stream_set_read_function(source.get(), read);
  opj_stream_set_skip_function(source.get(), skip);
  opj_stream_set_seek_function(source.get(), seek);

  const std::unique_ptr<opj_codec_t, CodecCloser> codec(
      opj_create_decompress(in_file ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K));
  std::string message;
  opj_set_info_handler(codec.get(), silent, nullptr);
  opj_set_warning_handler(codec.get(), silent, nullptr);
  opj_set_error_handler(codec.get(), keep, &message);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  const auto fail = [&] {
    core::fail_data("its JPEG 2000 pixels cannot be decoded" +
                    (message.empty() ? std::string() : " (" + message + ")") + "; copy the file again");
  };
  if (opj_setup_decoder(codec.get(), &parameters) == OPJ_FALSE) fail();
  if (threads > 1) opj_codec_set_threads(codec.get(), threads);
  opj_image_t* made = nullptr;
  const bool begun = opj_read_header(source.get(), codec.get(), &made) != OPJ_FALSE;
  const std::unique_ptr<opj_image_t, Closer> image(made);
  if (!begun || !image || image->numcomps == 0) fail();
  require_shape(shape, int64_t{image->y1} - image->y0, int64_t{image->x1} - image->x0, image->numcomps);
  if (opj_decode(codec.get(), source.get(), image.get()) == OPJ_FALSE) fail();
  opj_end_decompress(codec.get(), source.get());

  DecodedFrame frame;
  const opj_image_comp_t& first = image->comps[0];
  for (OPJ_UINT32 c = 0; c < image->numcomps; ++c) {
    const opj_image_comp_t& comp = image->comps[c];
    if (comp.data == nullptr) fail();
    if (comp.w != first.w || comp.h != first.h || comp.prec != first.prec || comp.sgnd != first.sgnd)
      core::fail_data("the components of its JPEG 2000 pixels differ in size or precision; convert the file");
  }
  require_shape(shape, first.h, first.w, image->numcomps);
  frame.precision = static_cast<int>(first.prec);
  frame.is_signed = first.sgnd != 0;
  frame.word = frame.precision <= 8 ? 8 : frame.precision <= 16 ? 16 : 32;
  if (frame.word == 8) interleave<uint8_t>(*image, frame);
  if (frame.word == 16) interleave<uint16_t>(*image, frame);
  if (frame.word == 32) interleave<uint32_t>(*image, frame);
  return frame;
}

}  // namespace photo51::imaging
