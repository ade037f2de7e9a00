#include "photo51/data/modality/mammography.hpp"

#include "data/modality/image.hpp"
#include "data/modality/pictures.hpp"
#include "photo51/imaging/mammography/mammogram.hpp"

namespace photo51::data {
namespace {

using imaging::Volume;

/// Several views are a bag unless the config says otherwise.
bool is_bag_of_views(const ImageOptions& o) {
  return o.bag == BagMode::always || (o.bag != BagMode::never && o.channels.size() > 1);
}

}  // namespace

void describe(config::Fields& f, MammographyOptions& o) {
  describe_image(f, o);
  f.section("mammography", o.mammography, "the pose of the breast; absent: pictures stay as they are");
  describe_preparation(f, o);
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
  Modality row = image_row<Options>("mammograms", [](const ImageFile& file) {
    const auto& options = file.choice().as<Options>();
    return file.part([&] { return read_mammogram_picture(file.path(), options.mammography, options.dicom); });
  });
  row.columns = [](const config::Choice& input) {
    return columns_of_image(image_of<Options>(input), is_bag_of_views(image_of<Options>(input)));
  };
  row.files->place = [](const config::Choice& input) { return place_of_picture(image_of<Options>(input)); };
  return row;
}();

}  // namespace photo51::data
