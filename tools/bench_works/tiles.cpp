#include "photo51/preprocess/histopathology/tiles.hpp"

#include <ATen/ATen.h>
#include <openslide/openslide.h>
#include <tiffio.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "bench.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::bench {

/// A slide of 0.5 um: tiles of 256 pixels, JPEG, three levels. usage: PATH PIXELS
void make_slide(const Arguments& arguments) {
  const int64_t side = std::stoll(arguments.at(1));
  // Pink with purple nuclei, and the grain that makes JPEG work.
  at::manual_seed(51);
  at::Tensor rgb = at::empty({side, side, 3}, at::kByte);
  const at::Tensor nuclei =
      at::upsample_bilinear2d(at::rand({1, 1, side / 12, side / 12}, at::kFloat), {side, side}, false)[0][0];
  const at::Tensor tissue = at::upsample_bilinear2d(
      at::rand({1, 1, side / 500 + 1, side / 500 + 1}, at::kFloat), {side, side}, false)[0][0];
  const float base[] = {225, 160, 200}, dark[] = {110, 60, 140};
  for (int64_t c = 0; c < 3; ++c) {
    at::Tensor color = base[c] - (base[c] - dark[c]) * (nuclei * 1.6 - 0.6).clamp(0, 1);
    color = at::where(tissue > 0.3, color, at::full({}, 243.0F)) + 6 * at::randn({side, side}, at::kFloat);
    rgb.select(2, c).copy_(color.clamp(0, 255));
  }
  TIFF* tiff = TIFFOpen(arguments.at(0).c_str(), "w8");
  if (tiff == nullptr) throw std::runtime_error("cannot write " + arguments.at(0));
  for (int level = 0; level < 3; ++level) {
    const auto size = static_cast<uint32_t>(rgb.size(0));
    constexpr uint32_t tile = 256;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, size);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, size);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 3);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 8);
    TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_JPEG);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_YCBCR);
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    TIFFSetField(tiff, TIFFTAG_JPEGQUALITY, 85);
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, tile);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, tile);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 20000.0 / (1 << 2 * level));
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 20000.0 / (1 << 2 * level));
    if (level > 0) TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_REDUCEDIMAGE);
    at::Tensor piece = at::zeros({tile, tile, 3}, at::kByte);
    for (uint32_t y = 0; y < size; y += tile)
      for (uint32_t x = 0; x < size; x += tile) {
        const at::Tensor part =
            rgb.narrow(0, y, std::min(tile, size - y)).narrow(1, x, std::min(tile, size - x));
        piece.narrow(0, 0, part.size(0)).narrow(1, 0, part.size(1)).copy_(part);
        TIFFWriteTile(tiff, piece.data_ptr(), x, y, 0, 0);
      }
    TIFFWriteDirectory(tiff);
    rgb = at::avg_pool2d(rgb.permute({2, 0, 1}).to(at::kFloat), {4, 4})
              .to(at::kByte)
              .permute({1, 2, 0})
              .contiguous();
  }
  TIFFClose(tiff);
}

/// Every tile of 256 pixels of the finest level into one tensor, from a slide opened anew. usage: SLIDE
/// THREADS
void tiles(const Arguments& arguments) {
  photo51::preprocess::TileOptions options;
  options.size = 256;
  options.tissue.method = preprocess::TissueMethod::none;
  const int threads = std::stoi(arguments.at(1));
  core::ThreadPool pool(threads);
  print_median(1, 3, [&] {
    const imaging::Slide slide = imaging::open_slide(arguments.at(0));
    options.mpp = slide.mpp()[0];
    read_tiles(slide, photo51::preprocess::tile_grid(slide, options), options, threads > 1 ? &pool : nullptr);
  });
}

/// The same tiles as a bare loop over OpenSlide's C interface leaves them: ARGB in one buffer a thread.
void tiles_bare(const Arguments& arguments) {
  const int threads = std::stoi(arguments.at(1));
  print_median(1, 3, [&] {
    openslide_t* slide = openslide_open(arguments.at(0).c_str());
    if (slide == nullptr || openslide_get_error(slide) != nullptr) throw std::runtime_error("not a slide");
    int64_t width = 0, height = 0;
    openslide_get_level0_dimensions(slide, &width, &height);
    const int64_t columns = width / 256, count = columns * (height / 256);
    std::atomic<int64_t> next{0};
    const auto work = [&] {
      std::vector<uint32_t> buffer(256 * 256);
      for (int64_t i = next++; i < count; i = next++)
        openslide_read_region(slide, buffer.data(), i % columns * 256, i / columns * 256, 0, 256, 256);
    };
    std::vector<std::thread> others;
    for (int t = 1; t < threads; ++t) others.emplace_back(work);
    work();
    for (auto& other : others) other.join();
    openslide_close(slide);
  });
}

}  // namespace photo51::bench
