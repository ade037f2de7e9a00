#include <ATen/ATen.h>

#include <algorithm>

#include "imaging/orientation.hpp"
#include "imaging/picture/files.hpp"
#include "imaging/tiff/file.hpp"
#include "imaging/tiff/ome.hpp"
#include "photo51/core/error.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
constexpr size_t kMostSlices = 32767;  // what other formats hold along an axis

bool is_gray(const TiffImage& image) {
  return image.photometric == PHOTOMETRIC_MINISBLACK || image.photometric == PHOTOMETRIC_MINISWHITE ||
         image.photometric == PHOTOMETRIC_MASK;
}

/// Whether its samples are numbers that stand for themselves or for a palette's colors.
bool is_numbers(const TiffImage& image) {
  const bool packed = image.bits == 1 || image.bits == 2 || image.bits == 4;
  const bool whole = image.format == SAMPLEFORMAT_UINT || image.format == SAMPLEFORMAT_INT;
  const bool known = packed  ? image.format == SAMPLEFORMAT_UINT && (image.samples == 1 || !image.contiguous)
                     : whole ? image.bits == 8 || image.bits == 16 || image.bits == 32 || image.bits == 64
                             : image.format == SAMPLEFORMAT_IEEEFP &&
                                   (image.bits == 16 || image.bits == 32 || image.bits == 64);
  const bool palette = !image.palette[0].empty() && image.samples == 1 && image.format == SAMPLEFORMAT_UINT;
  const bool jpeg_colors = image.compression == COMPRESSION_JPEG && image.photometric == PHOTOMETRIC_YCBCR;
  return known && (is_gray(image) || image.photometric == PHOTOMETRIC_RGB || palette || jpeg_colors);
}

/// Colors that libtiff turns into red, green and blue of 8 bits: inks, YCbCr, CIE spaces.
bool is_other_picture(const TiffImage& image) {
  switch (image.photometric) {
    case PHOTOMETRIC_SEPARATED:
    case PHOTOMETRIC_YCBCR:
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      return !is_numbers(image);
    default:
      return false;
  }
}

bool same_kind(const TiffImage& a, const TiffImage& b) {
  return a.grid.width == b.grid.width && a.grid.height == b.grid.height && a.bits == b.bits &&
         a.samples == b.samples && a.format == b.format && a.palette[0].empty() == b.palette[0].empty() &&
         is_other_picture(a) == is_other_picture(b);
}

/// As stored, before unsigned numbers are widened.
at::ScalarType stored_type(const TiffImage& image) {
  if (image.format == SAMPLEFORMAT_IEEEFP)
    return image.bits == 16 ? at::kHalf : image.bits == 32 ? at::kFloat : at::kDouble;
  if (image.bits <= 8) return image.format == SAMPLEFORMAT_INT ? at::kChar : at::kByte;
  return image.bits == 16 ? at::kShort : image.bits == 32 ? at::kInt : at::kLong;
}

at::ScalarType wide_type(const TiffImage& image) {
  if (image.format == SAMPLEFORMAT_IEEEFP) return image.bits == 64 ? at::kDouble : at::kFloat;
  if (image.format == SAMPLEFORMAT_UINT && image.bits == 16) return at::kInt;
  if (image.format == SAMPLEFORMAT_UINT && image.bits == 32) return at::kLong;
  return stored_type(image);
}

/// Samples of fewer than 8 bits, the first in the highest bits.
std::vector<uint8_t> unpacked(const std::vector<uint8_t>& packed, int64_t width, int64_t height, int bits) {
  std::vector<uint8_t> values(static_cast<size_t>(width * height));
  const int64_t stride = (width * bits + 7) / 8;
  for (int64_t y = 0; y < height; ++y)
    for (int64_t x = 0; x < width; ++x) {
      const int64_t bit = x * bits;
      const int shift = 8 - bits - static_cast<int>(bit % 8);
      values[static_cast<size_t>(y * width + x)] = static_cast<uint8_t>(
          packed[static_cast<size_t>(y * stride + bit / 8)] >> shift & ((1 << bits) - 1));
    }
  return values;
}

/// One piece as [rows, columns, samples]; undefined where nothing was stored.
at::Tensor piece_of(TiffFile& file, const TiffImage& image, int64_t column, int64_t row) {
  const PieceGrid& grid = image.grid;
  const int64_t rows = std::min(grid.piece_height, grid.height - row * grid.piece_height);
  const int64_t columns = std::min(grid.piece_width, grid.width - column * grid.piece_width);
  if (is_other_picture(image)) {
    Piece piece = file.decode(image, column, row);
    if (piece.empty()) return {};
    return at::from_blob(piece.data(), {grid.piece_height, grid.piece_width, 3}, at::kByte)
        .narrow(0, 0, rows)
        .narrow(1, 0, columns)
        .clone();
  }
  std::vector<at::Tensor> planes;
  const int64_t passes = image.contiguous ? 1 : image.samples;
  for (int64_t plane = 0; plane < passes; ++plane) {
    std::vector<uint8_t> bytes = file.stored(image, column, row, plane);
    if (bytes.empty()) return {};
    if (image.bits < 8) bytes = unpacked(bytes, grid.piece_width, grid.piece_height, image.bits);
    planes.push_back(at::from_blob(bytes.data(),
                                   {grid.piece_height, grid.piece_width, image.samples / passes},
                                   stored_type(image))
                         .clone());
  }
  at::Tensor samples = planes.size() == 1 ? planes[0] : at::cat(planes, 2);
  samples = samples.narrow(0, 0, rows).narrow(1, 0, columns).to(wide_type(image));
  if (image.format == SAMPLEFORMAT_UINT && image.bits == 16) samples.bitwise_and_(0xFFFF);
  if (image.format == SAMPLEFORMAT_UINT && image.bits == 32) samples.bitwise_and_(0xFFFFFFFF);
  return samples;
}

/// The palette's colors, uint8 [entries, 3].
at::Tensor palette_of(const TiffImage& image) {
  std::vector<at::Tensor> columns;
  for (size_t c = 0; c < 3; ++c)
    columns.push_back(at::tensor(at::ArrayRef<uint8_t>(bytes_of_palette(image, c)), at::kByte));
  return at::stack(columns, 1);
}

/// Turns a page's stored numbers over where 0 is white, spreads bits to bytes, looks up colors.
class Meaning {
 public:
  explicit Meaning(const TiffImage& image) : image_(image) {
    if (!image.palette[0].empty()) palette_ = palette_of(image);
  }
  int64_t channels() const {
    if (is_other_picture(image_)) return 3;
    return palette_.defined() ? palette_.size(1) : image_.samples;
  }
  at::ScalarType type() const {
    return palette_.defined() || is_other_picture(image_) ? at::kByte : wide_type(image_);
  }
  bool keeps_white() const {
    return image_.photometric == PHOTOMETRIC_MINISWHITE && image_.format != SAMPLEFORMAT_UINT;
  }

  at::Tensor operator()(const at::Tensor& stored) const {
    if (palette_.defined()) {
      const at::Tensor index = stored.squeeze(2).to(at::kLong);
      return palette_.index_select(0, index.reshape({-1})).view({index.size(0), index.size(1), -1});
    }
    at::Tensor values = stored;
    if (is_other_picture(image_)) return values;
    if (image_.photometric == PHOTOMETRIC_MINISWHITE && !keeps_white()) {
      const int64_t white = image_.bits >= 63 ? INT64_MAX : (int64_t{1} << image_.bits) - 1;
      // Alpha beside the gray stays.
      const at::Tensor gray =
          values.narrow(2, 0, image_.samples - static_cast<int64_t>(image_.extras.size()));
      gray.copy_(gray.to(at::kLong).neg().add(white).to(gray.scalar_type()));
    }
    if (image_.bits < 8) values = values * (255 / ((1 << image_.bits) - 1));
    return values;
  }

 private:
  const TiffImage& image_;
  at::Tensor palette_;
};

/// How many times more bytes than the file's its codec may unpack.
double ratio_of(const TiffImage& image) {
  switch (image.compression) {
    case COMPRESSION_NONE:
      return image.tiled ? 1100 : 1;  // tiles of nothing need not be stored
    case COMPRESSION_PACKBITS:
      return 64;
    case COMPRESSION_ZSTD:
    case COMPRESSION_LZMA:
    case COMPRESSION_WEBP:
    case COMPRESSION_JP2000:
      return 1e5;
    default:
      return 1100;
  }
}

/// The planes of one picture by their names, where OME-XML says that the slices are such.
void take_channels(const std::vector<TiffImage>& pages, Volume& volume) {
  const std::string& text = pages.front().description;
  if (!is_ome(text)) return;
  const auto images = parse_ome(text);
  const OmeImage* said = ome_image_of(images, pages.front().grid.width, pages.front().grid.height, 0);
  const int64_t slices = volume.data.size(1);
  if (said == nullptr || slices < 2 || volume.data.size(0) != 1) return;
  if (said->channels != slices || said->depth > 1 || said->times > 1) {
    if (said->channels > 1 || said->times > 1)
      volume.warnings.push_back("its OME-XML says " + std::to_string(said->channels) + " channels, " +
                                std::to_string(said->depth) + " slices and " + std::to_string(said->times) +
                                " times; all " + std::to_string(slices) + " pages are taken as slices");
    return;
  }
  volume.data = volume.data.transpose(0, 1).contiguous();
  if (static_cast<int64_t>(said->channel_names.size()) == slices) volume.channels = said->channel_names;
}

std::vector<TiffImage> pages_of(TiffFile& file, const fs::path& path, Volume& volume) {
  std::vector<TiffImage> images = file.images(kMostSlices);
  const std::string text = images.front().description;
  require_imagej_pages(text, static_cast<int64_t>(images.size()));
  // Reduced copies and masks of the pages are no pages; but a file of nothing else shows its largest.
  std::vector<TiffImage> pages;
  std::copy_if(images.begin(), images.end(), std::back_inserter(pages),
               [](const TiffImage& image) { return !image.reduced; });
  if (pages.empty())
    pages.push_back(*std::max_element(images.begin(), images.end(), [](const auto& a, const auto& b) {
      return a.grid.width * a.grid.height < b.grid.width * b.grid.height;
    }));
  if (pages.front().description.empty()) pages.front().description = text;
  const auto others = std::count_if(pages.begin(), pages.end(),
                                    [&](const TiffImage& page) { return !same_kind(page, pages.front()); });
  if (others > 0) {
    pages.resize(1);
    volume.warnings.push_back("has " + std::to_string(others) +
                              " more page(s) of other sizes, which are not read");
  }
  const TiffImage& first = pages.front();
  if (!is_numbers(first) && !is_other_picture(first))
    core::fail_data("its pixels of " + std::to_string(first.bits) + " bits (PhotometricInterpretation " +
                    std::to_string(first.photometric) + ", SampleFormat " + std::to_string(first.format) +
                    ") are no numbers that can be read; convert it to gray or RGB");
  const double values = static_cast<double>(first.grid.width) * static_cast<double>(first.grid.height) *
                        static_cast<double>(pages.size()) * first.samples;
  require_room(std::max(1.0, values * first.bits / 8), static_cast<double>(fs::file_size(path)) + 64,
               ratio_of(first), first.grid.width, first.grid.height);
  return pages;
}

}  // namespace

Volume read_tiff(const fs::path& path, bool keep_double) {
  return core::with_context(path.string(), [&] {
    refuse_preview(path);
    Volume volume;
    volume.source = path.string();
    volume.spacing_known = volume.orientation_known = false;
    volume.warnings = {"the file does not say how large a voxel is",
                       "the file does not say which way its axes point in the patient"};
    TiffFile file(path);
    const std::vector<TiffImage> pages = pages_of(file, path, volume);
    const TiffImage& first = pages.front();
    const Meaning first_meaning(first);
    volume.data = at::zeros(
        {first_meaning.channels(), static_cast<int64_t>(pages.size()), first.grid.height, first.grid.width},
        first_meaning.type());
    for (size_t i = 0; i < pages.size(); ++i) {
      const TiffImage& page = pages[i];
      const Meaning meaning(page);
      const at::Tensor slice = volume.data.select(1, static_cast<int64_t>(i));
      for (int64_t row = 0; row < page.grid.rows(); ++row)
        for (int64_t column = 0; column < page.grid.columns(); ++column) {
          const at::Tensor stored = piece_of(file, page, column, row);
          if (!stored.defined()) continue;
          slice.narrow(1, row * page.grid.piece_height, stored.size(0))
              .narrow(2, column * page.grid.piece_width, stored.size(1))
              .copy_(meaning(stored).permute({2, 0, 1}));
        }
    }
    if (first_meaning.keeps_white())
      volume.warnings.emplace_back(
          "says that its lowest value is white (PhotometricInterpretation); its numbers are kept");
    if (volume.data.scalar_type() == at::kDouble && !keep_double) volume.data = volume.data.to(at::kFloat);
    volume.data = upright(volume.data, first.orientation);
    const bool colors = volume.data.size(0) - (first.has_alpha() ? 1 : 0) == 3 && !is_gray(first);
    if (colors || volume.data.size(0) == 2) name_colors(volume, first.has_alpha());
    take_channels(pages, volume);
    volume.geometry.size = {volume.data.size(3), volume.data.size(2), volume.data.size(1)};
    return volume;
  });
}

}  // namespace photo51::imaging
