#include "photo51/data/modality/pet.hpp"

#include "data/modality/image.hpp"
#include "data/modality/suv.hpp"
#include "photo51/imaging/pet/suv.hpp"

namespace photo51::data {
namespace {

bool is_suv(const std::string& text) {
  if (text == "auto" || text == "stored" || text == "none") return true;
  try {
    imaging::suv_request_from(text);
    return true;
  } catch (const core::Error&) {
    return false;
  }
}

}  // namespace

void describe_suv(config::Fields& f, std::string& suv) {
  f("suv", suv,
    "of PET: SUV by body weight, lean body mass (Janmahasatian, or James), body surface; stored = the files "
    "hold SUV; none = values as they are; auto = bw. auto, bw, lbm, lbm_james, bsa, stored or none; `bw "
    "after 4 days` where headers have the time of the injection without its date");
  f.check(
      is_suv(suv), "suv",
      "is `" + suv + "`, not auto, bw, lbm, lbm_james, bsa (each also as `bw after 4 days`), stored or none");
}

void describe(config::Fields& f, PetOptions& o) {
  describe_image(f, o);
  describe_suv(f, o.suv);
  describe_segmenter_of(f, o);
  describe_preparation(f, o);
  f.check(o.dicom.voi == imaging::VoiUse::none, "dicom",
          "voi: apply would leave no SUV; use preprocess.normalize instead");
  check_image(f, o, {.bag = is_plain_bag(o), .planes = planes_of_color(o.color)});
}

imaging::Volume in_suv(imaging::Volume volume, const std::string& asked) {
  const std::string suv = asked == "auto" ? "bw" : asked;
  if (volume.modality != imaging::Modality::pet || suv == "none") return volume;
  if (volume.units == imaging::Units::suv) return volume;
  const bool says_units = volume.units == imaging::Units::becquerel_per_ml;
  if (suv == "stored") {
    if (says_units)
      core::fail_data(volume.source + ": holds Bq/ml, but `suv: stored` says SUV; set suv to bw, lbm or bsa");
    volume.units = imaging::Units::suv;
    return volume;
  }
  const imaging::SuvRequest request = imaging::suv_request_from(suv);
  return imaging::to_suv(std::move(volume), request.type, request.days);
}

const Modality rows::pet = image_row<PetOptions>("positron emission tomography", [](const ImageFile& file) {
  return file.part(
      [&] { return in_suv(file.read_volume(imaging::Modality::pet), file.choice().as<PetOptions>().suv); });
});

}  // namespace photo51::data
