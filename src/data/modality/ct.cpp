#include "photo51/data/modality/ct.hpp"

#include "data/modality/image.hpp"

namespace photo51::data {

void describe(config::Fields& f, CtOptions& o) {
  describe_image(f, o);
  describe_segmenter_of(f, o);
  describe_preparation(f, o);
  check_image(f, o, {.bag = is_plain_bag(o), .planes = planes_of_color(o.color)});
}

const Modality rows::ct = image_row<CtOptions>("computed tomography", [](const ImageFile& file) {
  return file.part([&] { return file.read_volume(imaging::Modality::ct); });
});

}  // namespace photo51::data
