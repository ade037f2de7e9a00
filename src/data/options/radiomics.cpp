#include "data/options/radiomics.hpp"

#include <algorithm>
#include <set>

#include "data/options/region_kind.hpp"
#include "photo51/config/read.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;

template <class T>
bool is_default(T value) {
  T usual;
  return config::to_yaml(config::dump(value)) == config::to_yaml(config::dump(usual));
}

Names channels_of(const Names& from) {
  Names channels;
  for (const auto& one : from) channels.push_back(source_of(one).second);
  return channels;
}

/// What only other modalities read would be passed over in silence.
void check_others(config::Fields& f, const InputOptions& o) {
  f.check(o.dims == 3, "dims", "is for images only; a single slice has a depth of 1");
  f.check(is_default(o.preprocess), "preprocess",
          "is for images only; features have steps of their own, see `settings`");
  f.check(is_default(o.augment), "augment", "is for images only; see `filter.reliability`");
}

void check_settings(config::Fields& f, const InputOptions& o) {
  if (!o.settings) return;
  f.check(o.settings->profile == o.profile, "settings",
          "its profile is `" + o.settings->profile + "`, the input's is `" + o.profile +
              "`; name the profile beside `settings` alone");
  const auto& label = o.settings->pyradiomics.label;
  f.check(!label || (!o.masks.threshold && o.masks.label.value_or(*label) == *label), "settings",
          "pyradiomics.label and mask_label or mask_threshold both say what the region is; leave one out");
}

}  // namespace

void describe(config::Fields& f, ReliabilityOptions& o) {
  f("minimum", o.minimum,
    "intraclass correlation, ICC(1,1), that a feature must reach over the perturbations of the training "
    "cases; 0 = off",
    {.min = 0, .max = 1});
  f("rotation", o.rotation, "angles in the axial plane", {.min = -180, .max = 180, .unit = "degrees"});
  f("translation", o.translation, "moves, the same along x, y and z", {.unit = "voxels"});
  f("volume", o.volume, "shares by which the region grows; negative: shrinks", {.min = -0.9, .max = 9});
  f("noise", o.noise, "Gaussian noise, times the deviation of the image's own", {.min = 0});
  f("contour", o.contour,
    "how the outline is drawn anew: kept; supervoxels at the edge by their share inside; distance: it moves "
    "in and out by a smooth random field",
    {.one_of = {"kept", "supervoxels", "distance"}, .lone = true});
  f("cases", o.cases, "training cases that are perturbed at most, the same ones in every fold; 0 = all",
    {.min = 0});
  f("seed", o.seed, "of the random parts", {.min = 0});
  const size_t count =
      o.rotation.size() * o.translation.size() * o.volume.size() * o.noise.size() * o.contour.size();
  f.check(o.minimum == 0 || count >= 2, "minimum",
          "needs two perturbations or more; all combinations of the other keys are taken");
  f.check(
      count <= 256, "minimum",
      "all combinations of the other keys are " + std::to_string(count) + " perturbations; take 256 at most");
  f.check(o.cases != 1, "cases", "must be 0 (all) or at least 2");
}

void describe(config::Fields& f, FilterOptions& o) {
  f.visit(
      {"reliability",
       "radiomics: keeps features that stay the same when image and mask are perturbed; those of location "
       "always",
       {.lone = true},
       config::Section{[&o](config::Fields& fields) { describe(fields, o.reliability); }, {}, {}}});
  f("variance", o.variance,
    "keeps features whose deviation over the training part, after harmonisation, is more than this times the "
    "mean of their magnitudes; 0 = off (what does not vary goes with any of the filters)",
    {.min = 0});
  f("correlation", o.correlation,
    "of features whose |Spearman rho| over the training part is above this, keeps the one with most such "
    "partners and drops these, until none is left; 0 = off",
    {.min = 0, .max = 1});
}

void describe_radiomics_options(config::Fields& f, InputOptions& o) {
  f("from", o.from,
    "radiomics: the images, in place of `channels`: `<input>.<channel>`, in the columns where that input has "
    "it, or a manifest column; how the files are read (dicom, suv, assume_spacing) this input says itself",
    {.lone = true});
  f("profile", o.profile, "radiomics: where `settings` start from", {.one_of = radiomics::profile_names()});
  const auto usual = std::make_shared<radiomics::Settings>();  // describes an absent section
  f.visit({"settings",
           "radiomics: how features are computed; absent: as the profile says",
           {},
           config::Section{[&o, usual](config::Fields& fields) {
                             radiomics::describe(fields, o.settings ? *o.settings : *usual);
                           },
                           [&o] { return o.settings.has_value(); },
                           [&o](bool on) {
                             if (on)
                               o.settings = radiomics::profile(o.profile);
                             else
                               o.settings.reset();
                           }}});
  f("location", o.location,
    "radiomics: also where the lesion lies in the head, as modality lesion tells it (`location_left`, …)");
  f.section("filter", o.filter,
            "lesion and radiomics: which features are kept, chosen on the training part without its labels");
  if (!is_radiomics(o) || o.from.empty()) return;
  const Names channels = channels_of(o.from);
  f.check(o.channels.empty() || o.channels == channels, "from", "give either from or channels, not both");
  o.channels = channels;
}

void check_radiomics(config::Fields& f, const InputOptions& o) {
  f.check(is_lesion(o) || is_radiomics(o) || !o.filter.any(), "filter", "is for lesion and radiomics only");
  if (!is_radiomics(o)) {
    f.check(o.from.empty(), "from", "is for radiomics only; name `channels`");
    f.check(o.profile == InputOptions().profile, "profile", "is for radiomics only");
    f.check(!o.settings, "settings", "is for radiomics only");
    f.check(!o.location, "location", "is for radiomics only");
    f.check(o.filter.reliability.minimum == 0, "filter", "reliability is for radiomics only");
    return;
  }
  f.check(!o.channels.empty(), "from", "name at least one image: `<input>.<channel>` or a manifest column");
  f.check(!o.mask.empty(), "mask", "radiomic features need the mask of their region");
  const std::set<std::string> distinct(o.channels.begin(), o.channels.end());
  f.check(distinct.size() == o.channels.size(), "from",
          "two images would give features of one name; name each channel once");
  check_settings(f, o);
  check_others(f, o);
}

}  // namespace photo51::data
