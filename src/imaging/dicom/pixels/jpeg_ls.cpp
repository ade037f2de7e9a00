#include <charls/charls_jpegls_decoder.h>

#include <algorithm>
#include <memory>

#include "imaging/dicom/pixels/codecs.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {

DecodedFrame decode_jpeg_ls(ByteSpan stream, const FrameShape& shape) {
  // CharLS takes seconds to find out that a stream is cut off. Its end marker cannot lie between pixels.
  constexpr uint8_t kEnd[] = {0xFF, 0xD9};
  if (std::search(stream.begin(), stream.end(), std::begin(kEnd), std::end(kEnd)) == stream.end())
    core::fail_data("its JPEG-LS pixels cannot be decoded (the stream is cut off); copy the file again");
  try {
    charls::jpegls_decoder decoder;
    decoder.source(stream.data(), stream.size());
    decoder.read_header();
    const charls::frame_info info = decoder.frame_info();
    require_shape(shape, info.height, info.width, info.component_count);
    DecodedFrame frame;
    frame.precision = info.bits_per_sample;
    frame.word = frame.precision <= 8 ? 8 : 16;
    frame.bytes.resize(decoder.destination_size());
    decoder.decode(frame.bytes);
    if (info.component_count > 1 && decoder.interleave_mode() == charls::interleave_mode::none) {
      // Whole planes, one after the other.
      const std::vector<uint8_t> planes = std::move(frame.bytes);
      const size_t samples = static_cast<size_t>(info.component_count), width = frame.word == 8 ? 1 : 2;
      const size_t pixels = planes.size() / samples / width;
      frame.bytes.resize(planes.size());
      for (size_t c = 0; c < samples; ++c)
        for (size_t i = 0; i < pixels; ++i)
          std::copy_n(planes.data() + (c * pixels + i) * width, width,
                      frame.bytes.data() + (i * samples + c) * width);
    }
    return frame;
  } catch (const charls::jpegls_error& error) {
    core::fail_data(std::string("its JPEG-LS pixels cannot be decoded (") + error.what() +
                    "); copy the file again");
  }
}

}  // namespace photo51::imaging
