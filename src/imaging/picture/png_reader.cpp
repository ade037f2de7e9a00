#include <png.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "imaging/orientation.hpp"
#include "imaging/picture/files.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

/// What libpng's callbacks see. Plain data: an error jumps over whatever would have to be destroyed.
struct Decoder {
  const char* next = nullptr;
  size_t left = 0;
  std::jmp_buf back;
  char message[256] = "";
  png_structp png = nullptr;
  png_infop info = nullptr;

  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void leave(png_structp png, png_const_charp why) {
  auto* decoder = static_cast<Decoder*>(png_get_error_ptr(png));
  std::snprintf(decoder->message, sizeof decoder->message, "%s", why);
  std::longjmp(decoder->back, 1);
}

void give(png_structp png, png_bytep to, size_t count) {
  auto* decoder = static_cast<Decoder*>(png_get_io_ptr(png));
  if (count > decoder->left) png_error(png, "the file ends early");
  std::memcpy(to, decoder->next, count);
  decoder->next += count;
  decoder->left -= count;
}

/// Up to the pixels; false when libpng gave up.
bool begin(Decoder& decoder) {
  if (setjmp(decoder.back) != 0) return false;
  png_set_read_fn(decoder.png, &decoder, give);
  png_set_user_limits(decoder.png, INT32_MAX, INT32_MAX);
  png_read_info(decoder.png, decoder.info);
  png_set_expand(decoder.png);
  if (png_get_bit_depth(decoder.png, decoder.info) == 16) png_set_swap(decoder.png);
  png_set_interlace_handling(decoder.png);
  png_read_update_info(decoder.png, decoder.info);
  return true;
}

bool read_rows(Decoder& decoder, png_bytepp rows) {
  if (setjmp(decoder.back) != 0) return false;
  png_read_image(decoder.png, rows);
  png_read_end(decoder.png, decoder.info);
  return true;
}

}  // namespace

RawPicture decode_png(const std::string& file) {
  Decoder decoder;
  decoder.next = file.data();
  decoder.left = file.size();
  decoder.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &decoder, leave, [](png_structp, auto) {});
  if (decoder.png != nullptr) decoder.info = png_create_info_struct(decoder.png);
  if (decoder.info == nullptr) core::fail_run("libpng cannot be started: out of memory");
  const auto fail = [&] {
    core::fail_data(std::string("its PNG pixels cannot be decoded (") + decoder.message +
                    "); copy the file again");
  };
  if (!begin(decoder)) fail();
  RawPicture picture;
  picture.width = png_get_image_width(decoder.png, decoder.info);
  picture.height = png_get_image_height(decoder.png, decoder.info);
  picture.samples = png_get_channels(decoder.png, decoder.info);
  picture.bits = png_get_bit_depth(decoder.png, decoder.info);
  const size_t stride = png_get_rowbytes(decoder.png, decoder.info);
  require_room(static_cast<double>(stride) * static_cast<double>(picture.height),
               static_cast<double>(file.size()), 1100, picture.width, picture.height);
  picture.bytes.resize(stride * static_cast<size_t>(picture.height));
  std::vector<png_bytep> rows;
  for (int64_t y = 0; y < picture.height; ++y)
    rows.push_back(picture.bytes.data() + stride * static_cast<size_t>(y));
  if (!read_rows(decoder, rows.data())) fail();
#ifdef PNG_eXIf_SUPPORTED
  png_uint_32 count = 0;
  png_bytep block = nullptr;
  if (png_get_eXIf_1(decoder.png, decoder.info, &count, &block) != 0 && block != nullptr)
    picture.orientation = exif_orientation({block, count});
#endif
  return picture;
}

}  // namespace photo51::imaging
