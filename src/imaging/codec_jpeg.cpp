#include <csetjmp>
#include <cstdio>
// After cstdio: jpeglib.h uses FILE.
#include <jerror.h>
#include <jpeglib.h>

#include <memory>

#include "imaging/dicom_codecs.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// libjpeg reports errors by a call that must not return.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
  bool cut_off;
};

[[noreturn]] void leave(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->message);
  std::longjmp(failure->back, 1);
}

/// libjpeg fills what is missing with gray and only warns. Bytes too many and odd versions do no harm.
void notice(j_common_ptr info, int level) {
  const int code = info->err->msg_code;
  if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
    reinterpret_cast<Failure*>(info->err)->cut_off = true;
}

/// Whether the stream holds luminance and chrominance. The Adobe marker knows best; without one the DICOM
/// header decides, not libjpeg's custom that three components are YCbCr.
bool is_ycc(const jpeg_decompress_struct& info, const FrameShape& shape) {
  if (info.saw_Adobe_marker) return info.Adobe_transform == 1;
  const auto id = [&](int c) { return info.comp_info[c].component_id; };
  if (id(0) == 'R' && id(1) == 'G' && id(2) == 'B') return false;
  return !shape.is_rgb;
}

/// Everything between setjmp and longjmp: plain data only, no object that has to be destroyed.
bool decode(ByteSpan stream, const FrameShape& shape, Failure& failure, jpeg_decompress_struct& info,
            JpegHeader& header, std::vector<uint8_t>* to) {
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = leave;
  failure.manager.emit_message = notice;
  failure.cut_off = false;
  if (setjmp(failure.back) != 0) return false;
  if (to == nullptr) {
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, stream.data(), static_cast<unsigned long>(stream.size()));
    jpeg_read_header(&info, TRUE);
    header = {0, info.data_precision, info.image_height, info.image_width, info.num_components};
    return true;
  }
  if (info.num_components == 3) {
    info.jpeg_color_space = is_ycc(info, shape) ? JCS_YCbCr : JCS_RGB;
    info.out_color_space = JCS_RGB;
  } else {
    info.jpeg_color_space = info.out_color_space = info.num_components == 1 ? JCS_GRAYSCALE : JCS_UNKNOWN;
  }
  info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress(&info);
  const size_t stride = size_t{info.output_width} * static_cast<size_t>(info.output_components);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to->data() + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

}  // namespace

DecodedFrame decode_jpeg(ByteSpan stream, const FrameShape& shape) {
  Failure failure{};
  jpeg_decompress_struct info{};
  const std::unique_ptr<jpeg_decompress_struct, void (*)(jpeg_decompress_struct*)> guard(
      &info, [](jpeg_decompress_struct* made) { jpeg_destroy_decompress(made); });
  const auto fail = [](const std::string& why) {
    core::fail_data("its JPEG pixels cannot be decoded (" + why + "); copy the file again");
  };
  JpegHeader header;
  if (!decode(stream, shape, failure, info, header, nullptr)) fail(failure.message);
  require_shape(shape, header.rows, header.columns, header.samples);
  DecodedFrame frame;
  frame.bytes.resize(static_cast<size_t>(shape.rows * shape.columns * shape.samples));
  if (!decode(stream, shape, failure, info, header, &frame.bytes)) fail(failure.message);
  if (failure.cut_off) fail("the stream is damaged or ends early");
  frame.is_rgb = shape.samples == 3;
  return frame;
}

JpegHeader read_jpeg_header(ByteSpan stream) {
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
    if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC)
      return {marker - 0xC0, stream[at + 4], stream[at + 5] << 8 | stream[at + 6],
              stream[at + 7] << 8 | stream[at + 8], stream[at + 9]};
    at += 2 + static_cast<size_t>(stream[at + 2] << 8 | stream[at + 3]);
  }
  core::fail_data("its JPEG pixels have no frame header; copy the file again");
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
