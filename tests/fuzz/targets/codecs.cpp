#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "imaging/dicom/pixels/codecs.hpp"

namespace {

using photo51::imaging::DecodedFrame;
using photo51::imaging::FrameShape;

void check(const DecodedFrame& frame, const FrameShape& shape) {
  const auto samples = static_cast<size_t>(shape.rows * shape.columns * shape.samples);
  if (frame.bytes.size() != samples * static_cast<size_t>(frame.word) / 8 || frame.precision < 1 ||
      frame.precision > frame.word)
    std::abort();
}

}  // namespace

/// The input: rows, columns and samples, then a stream of any codec. A frame that is taken holds what they
/// say.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  if (count < 3) return 0;
  const FrameShape shape{bytes[0], bytes[1], 1 + bytes[2] % 4, bytes[2] >= 128};
  const imaging::ByteSpan stream(bytes + 3, count - 3);
  fuzz::checked([&] { imaging::read_jpeg_header(stream); });
  fuzz::checked([&] { check(imaging::decode_jpeg(stream, shape), shape); });
  fuzz::checked([&] { check(imaging::decode_jpeg_ls(stream, shape), shape); });
  return fuzz::checked([&] { check(imaging::decode_jpeg2000(stream, shape, 1), shape); });
}
