#include <ATen/ATen.h>
#include <zlib.h>

#include <array>
#include <cstdlib>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/imaging/picture/picture.hpp"

namespace photo51::imaging {
namespace {

void append_number(std::string& to, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) to += static_cast<char>(value >> shift & 0xFF);
}

void append_chunk(std::string& to, const char* type, const std::string& content) {
  append_number(to, static_cast<uint32_t>(content.size()));
  const std::string body = type + content;
  to += body;
  append_number(to, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(body.data()),
                                                static_cast<uInt>(body.size()))));
}

int paeth(int left, int up, int corner) {
  const int guess = left + up - corner;
  const int a = std::abs(guess - left), b = std::abs(guess - up), c = std::abs(guess - corner);
  return a <= b && a <= c ? left : b <= c ? up : corner;
}

/// Each row as the filter type that leaves the smallest numbers, and the filtered bytes.
std::string filtered_rows(const uint8_t* pixels, size_t height, size_t stride, size_t step) {
  std::string rows;
  rows.reserve(height * (stride + 1));
  const std::vector<uint8_t> blank(stride, 0);
  std::array<std::string, 4> tried;  // none, sub, up, Paeth
  constexpr std::array<char, 4> kType{0, 1, 2, 4};
  for (auto& row : tried) row.resize(stride);
  for (size_t y = 0; y < height; ++y) {
    const uint8_t* row = pixels + y * stride;
    const uint8_t* above = y == 0 ? blank.data() : row - stride;
    std::array<long, 4> cost{};
    for (size_t x = 0; x < stride; ++x) {
      const int left = x < step ? 0 : row[x - step], corner = x < step ? 0 : above[x - step];
      const std::array<int, 4> guess{0, left, above[x], paeth(left, above[x], corner)};
      for (size_t f = 0; f < 4; ++f) {
        const auto rest = static_cast<int8_t>(row[x] - guess[f]);
        tried[f][x] = static_cast<char>(rest);
        cost[f] += std::abs(int{rest});
      }
    }
    size_t best = 0;
    for (size_t f = 1; f < 4; ++f)
      if (cost[f] < cost[best]) best = f;
    rows += kType[best];
    rows += tried[best];
  }
  return rows;
}

}  // namespace

std::string encode_png(const at::Tensor& picture) {
  const bool color = picture.dim() == 3 && picture.size(2) == 3;
  if (picture.scalar_type() != at::kByte || (picture.dim() != 2 && !color) || picture.numel() == 0)
    core::fail_usage("a picture is uint8 [H, W] or [H, W, 3], not " +
                     std::string(c10::toString(picture.scalar_type())) + " " + c10::str(picture.sizes()));
  const at::Tensor pixels = picture.contiguous();
  const auto height = static_cast<size_t>(pixels.size(0)), width = static_cast<size_t>(pixels.size(1));
  const size_t step = color ? 3 : 1;
  const std::string rows = filtered_rows(pixels.const_data_ptr<uint8_t>(), height, width * step, step);

  std::string header;
  append_number(header, static_cast<uint32_t>(width));
  append_number(header, static_cast<uint32_t>(height));
  header += {8, static_cast<char>(color ? 2 : 0), 0, 0, 0};
  uLongf packed_bytes = compressBound(rows.size());
  std::string packed(packed_bytes, '\0');
  compress2(reinterpret_cast<Bytef*>(packed.data()), &packed_bytes,
            reinterpret_cast<const Bytef*>(rows.data()), rows.size(), 6);
  packed.resize(packed_bytes);

  std::string png = "\x89PNG\r\n\x1a\n";
  append_chunk(png, "IHDR", header);
  append_chunk(png, "IDAT", packed);
  append_chunk(png, "IEND", "");
  return png;
}

}  // namespace photo51::imaging
