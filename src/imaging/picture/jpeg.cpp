#include <algorithm>
#include <cstring>
#include <memory>

#include "imaging/orientation.hpp"
#include "imaging/picture/files.hpp"
#include "imaging/picture/jpeg_errors.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

constexpr int kExif = JPEG_APP0 + 1;
bool begin(const std::string& file, JpegFailure& failure, jpeg_decompress_struct& info) {
  catch_errors(info, failure);
  if (setjmp(failure.back) != 0) return false;
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(file.data()), file.size());
  jpeg_save_markers(&info, kExif, 0xFFFF);
  jpeg_read_header(&info, TRUE);
  if (info.jpeg_color_space == JCS_YCCK) info.out_color_space = JCS_CMYK;
  info.dct_method = JDCT_ISLOW;
  jpeg_calc_output_dimensions(&info);
  return true;
}

bool read_rows(JpegFailure& failure, jpeg_decompress_struct& info, jpeg_progress_mgr& progress, uint8_t* to) {
  if (setjmp(failure.back) != 0) return false;
  bound_scans(info, progress);
  jpeg_start_decompress(&info);
  const size_t stride = size_t{info.output_width} * static_cast<size_t>(info.output_components);
  while (info.output_scanline < info.output_height) {
    JSAMPROW row = to + stride * info.output_scanline;
    jpeg_read_scanlines(&info, &row, 1);
  }
  jpeg_finish_decompress(&info);
  return true;
}

int orientation_in(const jpeg_decompress_struct& info) {
  for (jpeg_saved_marker_ptr marker = info.marker_list; marker != nullptr; marker = marker->next)
    if (marker->marker == kExif && marker->data_length > 6 && std::memcmp(marker->data, "Exif\0", 6) == 0)
      return exif_orientation({marker->data + 6, marker->data_length - 6});
  return 1;
}

/// Adobe's programs write inks turned over: 255 is none.
void to_rgb(RawPicture& picture, bool inverted) {
  const auto pixels = static_cast<size_t>(picture.width * picture.height);
  std::vector<uint8_t> rgb(3 * pixels);
  for (size_t i = 0; i < pixels; ++i) {
    const auto light = [&](size_t ink) {
      const int value = picture.bytes[4 * i + ink];
      return inverted ? value : 255 - value;
    };
    for (size_t c = 0; c < 3; ++c) rgb[3 * i + c] = static_cast<uint8_t>((light(c) * light(3) + 127) / 255);
  }
  picture.bytes = std::move(rgb);
  picture.samples = 3;
}

}  // namespace

RawPicture decode_jpeg_picture(const std::string& file) {
  if (file.rfind("\xFF\xD9") == std::string::npos)
    core::fail_data("the file ends before its voxels do; copy it again");
  JpegFailure failure{};
  jpeg_progress_mgr progress{};
  jpeg_decompress_struct info{};
  const std::unique_ptr<jpeg_decompress_struct, void (*)(jpeg_decompress_struct*)> guard(
      &info, [](jpeg_decompress_struct* made) { jpeg_destroy_decompress(made); });
  const auto fail = [](const std::string& why) {
    core::fail_data("its JPEG pixels cannot be decoded (" + why + "); copy the file again");
  };
  if (!begin(file, failure, info)) fail(failure.message);
  RawPicture picture;
  picture.width = info.output_width;
  picture.height = info.output_height;
  picture.samples = info.output_components;
  picture.orientation = orientation_in(info);
  const bool inks = info.out_color_space == JCS_CMYK, inverted = info.saw_Adobe_marker != 0;
  const double bytes = static_cast<double>(picture.width) * static_cast<double>(picture.height) *
                       static_cast<double>(picture.samples);
  require_room(bytes, static_cast<double>(file.size()), 1100, picture.width, picture.height);
  picture.bytes.resize(static_cast<size_t>(picture.width * picture.height * picture.samples));
  if (!read_rows(failure, info, progress, picture.bytes.data())) fail(failure.message);
  if (failure.cut_off) fail("the stream is damaged or ends early");
  if (inks) to_rgb(picture, inverted);
  return picture;
}

}  // namespace photo51::imaging
