#include "imaging/picture/files.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cctype>

#include "imaging/orientation.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

at::Tensor planes_of(RawPicture picture) {
  const auto type = picture.bits == 16 ? at::kShort : at::kByte;
  at::Tensor samples =
      at::from_blob(picture.bytes.data(), {picture.height, picture.width, picture.samples}, type);
  // A copy: what is in one channel would stay where it is, in bytes that go away.
  samples = samples.permute({2, 0, 1}).clone(at::MemoryFormat::Contiguous);
  return picture.bits == 16 ? samples.to(at::kInt).bitwise_and_(0xFFFF) : samples;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

void require_room(double bytes, double file_bytes, double ratio, int64_t width, int64_t height) {
  const std::string size = std::to_string(width) + " x " + std::to_string(height);
  if (!(bytes > 0)) core::fail_data("it has no pixels");
  if (bytes > ratio * file_bytes)
    core::fail_data("its header promises " + size +
                    " pixels, more than the file can hold: it is cut off or damaged; copy it again");
  require_within_limit(bytes, "its header promises " + size + " pixels");
}

void refuse_preview(const fs::path& path) {
  const std::string suffix = lower(path.extension().string()), stem = path.stem().string();
  if (suffix == ".mrxs")
    core::fail_data("is the preview of a MIRAX slide, whose pixels lie in the folder `" + stem +
                    "` beside it, which is missing or damaged; copy file and folder together");
  if (suffix == ".vsi")
    core::fail_data("is the preview of an Olympus slide, whose pixels lie in the folder `_" + stem +
                    "_` beside it, which cannot be read; export the slide as OME-TIFF");
}

void name_colors(Volume& volume, bool has_alpha) {
  const int64_t channels = volume.data.size(0), colors = channels - (has_alpha ? 1 : 0);
  if (colors != 1 && colors != 3) return;
  if (colors == 3) volume.channels = {"red", "green", "blue"};
  if (!has_alpha) return;
  const at::Tensor alpha = volume.data[colors];
  if (alpha.numel() > 0 && alpha.min().item<double>() == alpha.max().item<double>()) {
    volume.data = volume.data.narrow(0, 0, colors).contiguous();
  } else {
    if (colors == 1) volume.channels = {"gray"};
    volume.channels.emplace_back("alpha");
  }
}

Volume read_picture(const fs::path& path, Format format) {
  return core::with_context(path.string(), [&] {
    refuse_preview(path);
    core::require_regular_file(path);
    require_within_limit(static_cast<double>(fs::file_size(path)), "it holds packed pixels");
    const std::string file = core::read_file(path);
    RawPicture picture = format == Format::png ? decode_png(file) : decode_jpeg_picture(file);
    Volume volume;
    volume.source = path.string();
    volume.spacing_known = volume.orientation_known = false;
    volume.warnings = {"the file does not say how large a voxel is",
                       "the file does not say which way its axes point in the patient"};
    if (picture.orientation != 1)
      volume.warnings.push_back("was turned as its EXIF orientation " + std::to_string(picture.orientation) +
                                " says; what was drawn on the stored picture does not fit it");
    const int orientation = picture.orientation;
    const bool has_alpha = picture.samples == 2 || picture.samples == 4;
    volume.data = upright(planes_of(std::move(picture)), orientation).unsqueeze(1);
    volume.geometry.size = {volume.data.size(3), volume.data.size(2), 1};
    name_colors(volume, has_alpha);
    return volume;
  });
}

}  // namespace photo51::imaging
