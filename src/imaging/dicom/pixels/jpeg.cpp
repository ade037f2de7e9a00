#include <algorithm>
#include <memory>
#include <string_view>

#include "imaging/dicom/pixels/codecs.hpp"
#include "imaging/picture/jpeg_errors.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// Everything between setjmp and longjmp: plain data only, no object that has to be destroyed.
bool decode(ByteSpan stream, const FrameShape& shape, JpegFailure& failure, jpeg_decompress_struct& info,
            jpeg_progress_mgr& progress, JpegHeader& header, std::vector<uint8_t>* to) {
  catch_errors(info, failure);
  if (setjmp(failure.back) != 0) return false;
  if (to == nullptr) {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, stream.data(), static_cast<unsigned long>(stream.size()));
    jpeg_read_header(&info, TRUE);
    header.precision = info.data_precision;
    header.rows = info.image_height;
    header.columns = info.image_width;
    header.samples = info.num_components;
    return true;
  }
  if (info.num_components == 3) {
    info.jpeg_color_space = header.is_ycc.value_or(!shape.is_rgb) ? JCS_YCbCr : JCS_RGB;
    info.out_color_space = JCS_RGB;
  } else {
    info.jpeg_color_space = info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_UNKNOWN;
  }
  info.dct_method = JDCT_ISLOW;
  bound_scans(info, progress);
  jpeg_start_decompress(&info);
  const size_t stride = size_t{info.output_width} * static_cast<size_t>(info.output_components);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to->data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

/// What the stream itself says of its three components, where it does: by Adobe's marker, by their names, by
/// JFIF, which knows luminance and chrominance only, or by chrominance that is stored more coarsely.
std::optional<bool> colors_of(ByteSpan frame, bool jfif, std::optional<int> adobe) {
  if (frame.size() < 15 || frame[5] != 3) return {};
  if (adobe) return *adobe == 1;
  const auto named = [&](const char* names) {
    for (size_t c = 0; c < 3; ++c)
      if (frame[6 + 3 * c] != static_cast<uint8_t>(names[c])) return false;
    return true;
  };
  if (named("RGB") || named("rgb")) return false;
  if (jfif || frame[7] != frame[10] || frame[10] != frame[13]) return true;
  return {};
}

std::optional<JpegHeader> find_jpeg_header(ByteSpan stream) {
  bool jfif = false;
  std::optional<int> adobe;
  for (size_t at = 2; at + 9 < stream.size();) {
    if (stream[at] != 0xFF) {
      ++at;
      continue;
    }
    const int marker = stream[at + 1];
    if (marker == 0xFF || marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD9)) {
      at += marker == 0xFF ? 1 : 2;
      continue;
    }
    const size_t length = static_cast<size_t>(stream[at + 2] << 8 | stream[at + 3]);
    const ByteSpan segment = stream.subspan(at + 4, std::min(length, stream.size() - at - 4));
    const auto begins = [&](std::string_view word) {
      return segment.size() > word.size() && std::equal(word.begin(), word.end(), segment.begin());
    };
    if (marker == 0xE0 && begins("JFIF")) jfif = true;
    if (marker == 0xEE && begins("Adobe") && segment.size() > 11) adobe = segment[11];
    // SOF0 to SOF15, and that of JPEG-LS.
    if ((marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) ||
        marker == 0xF7) {
      if (segment.size() < 6) break;
      JpegHeader header{marker - 0xC0, segment[0], segment[1] << 8 | segment[2], segment[3] << 8 | segment[4],
                        segment[5]};
      header.is_ycc = colors_of(segment, jfif, adobe);
      return header;
    }
    at += 2 + length;
  }
  return {};
}

}  // namespace

DecodedFrame decode_jpeg(ByteSpan stream, const FrameShape& shape) {
  JpegFailure failure{};
  jpeg_progress_mgr progress{};
  jpeg_decompress_struct info{};
  const std::unique_ptr<jpeg_decompress_struct, void (*)(jpeg_decompress_struct*)> guard(
      &info, [](jpeg_decompress_struct* made) { jpeg_destroy_decompress(made); });
  const auto fail = [](const std::string& why) {
    core::fail_data("its JPEG pixels cannot be decoded (" + why + "); copy the file again");
  };
  JpegHeader header = find_jpeg_header(stream).value_or(JpegHeader{});
  if (!decode(stream, shape, failure, info, progress, header, nullptr)) fail(failure.message);
  require_shape(shape, header.rows, header.columns, header.samples);
  DecodedFrame frame;
  frame.bytes.resize(static_cast<size_t>(shape.rows * shape.columns * shape.samples));
  if (!decode(stream, shape, failure, info, progress, header, &frame.bytes)) fail(failure.message);
  if (failure.cut_off) fail("the stream is damaged or ends early");
  frame.is_rgb = shape.samples == 3;
  return frame;
}

JpegHeader read_jpeg_header(ByteSpan stream) {
  const auto header = find_jpeg_header(stream);
  if (!header) core::fail_data("its JPEG pixels have no frame header; copy the file again");
  return *header;
}

void require_shape(const FrameShape& shape, int64_t rows, int64_t columns, int64_t samples) {
  if (rows == shape.rows && columns == shape.columns && samples == shape.samples) return;
  const auto text = [](int64_t c, int64_t r, int64_t s) {
    return std::to_string(c) + " x " + std::to_string(r) + " pixels of " + std::to_string(s) + " samples";
  };
  core::fail_data("its header says " + text(shape.columns, shape.rows, shape.samples) +
                  ", but its compressed pixels are " + text(columns, rows, samples) + "; copy it again");
}

}  // namespace photo51::imaging
