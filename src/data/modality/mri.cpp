#include "photo51/data/modality/mri.hpp"

#include "data/modality/image.hpp"

namespace photo51::data {

void describe(config::Fields& f, MriOptions& o) {
  describe_image(f, o);
  describe_segmenter_of(f, o);
  describe_preparation(f, o);
  check_image(f, o, {.bag = is_plain_bag(o), .planes = planes_of_color(o.color), .has_bias_field = true});
}

const Modality rows::mri = image_row<MriOptions>("magnetic resonance images", [](const ImageFile& file) {
  return file.part([&] { return file.read_volume(imaging::Modality::mri); });
});

}  // namespace photo51::data
