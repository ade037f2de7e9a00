#include "photo51/data/modality/mammography.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/flip.h>

#include "data/images/subchannel.hpp"
#include "data/modality/image.hpp"
#include "data/modality/pictures.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

using preprocess::Side;

/// Several views are a bag unless the config says otherwise, and so are tiles.
bool is_bag_of_views(const MammographyOptions& o) {
  return o.tile || o.bag == BagMode::always || (o.bag != BagMode::never && o.channels.size() > 1);
}

void check_tiles(config::Fields& f, const MammographyOptions& o) {
  if (!o.tile) return;
  f.check(o.dims == 2, "dims", "tiles are pictures; set dims: 2");
  f.check(o.bag != BagMode::never, "bag", "a picture in tiles is a bag; leave bag out");
  for (const auto& channel : o.channels)
    f.check(part_of(channel).empty(), "channels",
            "`" + channel +
                "` is a part of a file, and tiles are cut from whole pictures; name the column alone");
}

/// Which side the chest wall gets: mirrored, where that is the other one.
bool is_mirrored(Side wall, preprocess::FlipTo to) {
  return (to == preprocess::FlipTo::left && wall == Side::right) ||
         (to == preprocess::FlipTo::right && wall == Side::left);
}

/// The whole picture, as large as in its file: what lies outside the breast is blanked, where that is asked
/// for, but nothing is cut off or mirrored.
Volume read_untiled(const std::filesystem::path& file, const MammographyOptions& options) {
  if (!options.mammography) return read_mammogram_picture(file, std::nullopt, options.dicom);
  preprocess::MammographyOptions in_place = *options.mammography;
  in_place.flip_to = preprocess::FlipTo::none;
  in_place.breast_crop = false;
  return read_mammogram_picture(file, in_place, options.dicom);
}

BreastTiling tiling_of(const std::filesystem::path& file, const MammographyOptions& options) {
  const Volume picture = read_mammogram_picture(file, std::nullopt, options.dicom);
  return core::with_context(file.string(), [&] {
    const preprocess::Breast breast = preprocess::find_breast(picture.data);
    return BreastTiling{preprocess::breast_tiles(breast, *options.tile), breast.wall, breast.air};
  });
}

std::shared_ptr<const BreastTiling> tiling(const Cohort::Impl& cohort, size_t input, size_t row,
                                           size_t file) {
  const auto& path = cohort.files[input][row].channels[file];
  const auto& options = cohort.own<MammographyOptions>(input);
  return cohort.stores.breast_tilings.get({input, path.string()}, [&] { return tiling_of(path, options); });
}

Volume read_picture_or_tile(const ImageFile& file) {
  const auto& options = file.choice().as<MammographyOptions>();
  if (!options.tile)
    return file.part([&] { return read_mammogram_picture(file.path(), options.mammography, options.dicom); });
  const auto known = tiling(file.cohort, file.input, file.row, file.instance.file);
  Volume tile = *file.shared([&] { return read_untiled(file.path(), options); });
  tile.data = preprocess::cut_tile(tile.data, known->tiles.at(file.instance.part), known->air);
  if (options.mammography && is_mirrored(known->wall, options.mammography->flip_to))
    tile.data = at::flip(tile.data, {-1}).contiguous();
  imaging::Geometry cut;
  cut.size = {tile.data.size(3), tile.data.size(2), tile.data.size(1)};
  cut.spacing = tile.geometry.spacing;
  tile.geometry = cut;
  tile.orientation_known = false;
  return tile;
}

/// Of a file of which a first tile would say little.
std::optional<Volume> overview(const Cohort::Impl& cohort, size_t input, size_t row, size_t file,
                               int64_t /*longest_side*/) {
  const auto& options = cohort.own<MammographyOptions>(input);
  if (!options.tile) return std::nullopt;
  return read_mammogram_picture(cohort.files[input][row].channels[file], std::nullopt, options.dicom);
}

}  // namespace

void describe(config::Fields& f, MammographyOptions& o) {
  describe_image(f, o);
  f.section("mammography", o.mammography, "the pose of the breast; absent: pictures stay as they are");
  f.section(
      "tile", o.tile,
      "a picture as a bag of tiles of the breast at the file's own resolution; of `mammography`, flip_to "
      "mirrors each tile, and breast_crop changes nothing");
  describe_preparation(f, o);
  check_tiles(f, o);
  check_image(f, o, {.bag = is_bag_of_views(o), .planes = planes_of_color(o.color)});
  // The mask is read as it lies on the whole picture.
  f.check(o.mask.empty() || !o.mammography ||
              (o.mammography->flip_to == preprocess::FlipTo::none && !o.mammography->breast_crop),
          "mammography",
          "the mask would stay where the whole picture was; give no mask with it, or set flip_to: none and "
          "breast_crop: false");
}

Volume read_mammogram_picture(const std::filesystem::path& file,
                              const std::optional<preprocess::MammographyOptions>& options,
                              const imaging::DicomPolicy& policy) {
  imaging::Mammogram read = imaging::read_mammogram(file, policy);
  Volume volume = std::move(read.volume);
  if (!options) return volume;
  core::with_context(file.string(), [&] {
    const preprocess::Breast breast = preprocess::find_breast(volume.data);
    const std::string odd = preprocess::wall_disagreement(breast, read.facts.laterality);
    if (!odd.empty()) volume.warnings.push_back(odd);
    volume.data = preprocess::pose_mammogram(volume.data, breast, *options);
  });
  imaging::Geometry posed;
  posed.size = {volume.data.size(3), volume.data.size(2), volume.data.size(1)};
  posed.spacing = volume.geometry.spacing;
  // Mirrored and cut, it lies nowhere in the patient any more.
  volume.geometry = posed;
  volume.orientation_known = false;
  return volume;
}

const Modality rows::mammography = [] {
  using Options = MammographyOptions;
  Modality row = image_row<Options>("mammograms, whole or in tiles", read_picture_or_tile);
  row.columns = [](const config::Choice& input) {
    return columns_of_image(image_of<Options>(input), is_bag_of_views(input.as<Options>()));
  };
  row.info = [](const std::string& name, const config::Choice& input, const FittedInput*) {
    const auto& options = input.as<Options>();
    InputInfo info =
        image_info(name, options, modality_of(input).files->planes(input).size(), is_bag_of_views(options));
    if (options.tile && info.size.empty() && options.preprocess.spacing.empty())
      info.size = {options.tile->size, options.tile->size};
    return info;
  };
  row.files->place = [](const config::Choice& input) { return place_of_picture(image_of<Options>(input)); };
  row.image->parts = [](const Cohort::Impl& cohort, size_t input, size_t at, size_t file) {
    return cohort.own<Options>(input).tile ? tiling(cohort, input, at, file)->tiles.size() : size_t{1};
  };
  row.image->tile = [](const Cohort::Impl& cohort, size_t input, size_t at, const Instance& which) {
    return cohort.own<Options>(input).tile
               ? std::optional(tiling(cohort, input, at, which.file)->tiles.at(which.part))
               : std::nullopt;
  };
  row.image->overview = overview;
  return row;
}();

}  // namespace photo51::data
