// Features of a region in each of several images.
#include "photo51/data/modality/radiomics.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "data/images/geometry.hpp"
#include "data/modality/region.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/random.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/radiomics/features.hpp"
#include "photo51/radiomics/robustness/icc.hpp"
#include "photo51/radiomics/robustness/perturb.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;
using radiomics::Feature;

constexpr std::string_view location = "location_";

radiomics::Settings named_settings(const RadiomicsOptions& options) {
  return options.settings ? *options.settings : radiomics::profile(options.profile);
}

/// Masks come as 0 and 1, whatever the label was that the settings ask for.
radiomics::Settings settings_of(const RadiomicsOptions& options) {
  radiomics::Settings settings = named_settings(options);
  settings.pyradiomics.label.reset();
  return settings;
}

/// An entry of `from` as input and channel; no input of a bare channel. A part (`dwi@adc`) stays with its
/// channel.
std::pair<std::string, std::string> source_of(const std::string& from) {
  const size_t dot = from.substr(0, from.find('@')).find('.');
  if (dot == std::string::npos) return {"", from};
  return {from.substr(0, dot), from.substr(dot + 1)};
}

Names channels_of(const RadiomicsOptions& options) {
  if (options.from.empty()) return options.channels;
  Names channels;
  for (const auto& one : options.from) channels.push_back(source_of(one).second);
  return channels;
}

/// By the input's own keys, and by the label of its PyRadiomics settings.
imaging::MaskOptions masks_to_read(const config::Choice& input) {
  const auto& options = input.as<RadiomicsOptions>();
  imaging::MaskOptions masks = options.masks;
  const radiomics::Settings settings = named_settings(options);
  if (settings.profile != "pyradiomics") return masks;
  if (!masks.label && !masks.threshold) masks.label = settings.pyradiomics.label;
  masks.usual_label = 1;
  return masks;
}

/// Whether every channel on one grid gives the same.
bool is_form(const Feature& feature) {
  static const std::set<std::string> of_intensity{"morph_com", "morph_integ_int", "morph_moran_i",
                                                  "morph_geary_c"};
  if (feature.family == "morphology") return !of_intensity.contains(feature.tag);
  return feature.family == "shape" || feature.family == "shape2D";
}

/// The mask on the grid of a channel, or on its own, in the channel's world, to which `registration` leads
/// from the mask's.
imaging::Volume mask_on(imaging::Volume mask, const imaging::Volume& image,
                        const std::optional<ops::AffineMap>& registration,
                        const imaging::MaskOptions& options, bool own_grid) {
  if (registration) mask.geometry = moved(mask.geometry, *registration);
  return own_grid ? imaging::placed_on(std::move(mask), image, options)
                  : imaging::on_grid_of(mask, image, options);
}

/// Names and values while a case is described: `<channel>_<feature>`, of form only the first channel's.
class Collector {
 public:
  /// `features[p]`: under perturbation p, in one order.
  void add(const std::string& channel, const std::vector<std::vector<Feature>>& features) {
    if (features.empty()) return;
    for (size_t i = 0; i < features[0].size(); ++i) {
      const Feature& first = features[0][i];
      if (is_form(first) && has_form_) continue;
      names_.push_back(is_form(first) ? first.tag : channel + "_" + first.tag);
      for (const auto& of : features) add_value(of[i].value);
    }
    has_form_ = has_form_ || std::any_of(features[0].begin(), features[0].end(), is_form);
  }
  void add(const std::string& name, double value) {
    names_.push_back(name);
    add_value(value);
  }
  FileWarnings& warnings() { return warnings_; }
  Described take() {
    return {std::make_shared<const Names>(std::move(names_)), std::move(values_), std::move(warnings_)};
  }

 private:
  void add_value(double value) { values_.push_back(std::isfinite(value) ? value : NAN); }

  Names names_;
  std::vector<double> values_;
  FileWarnings warnings_;
  bool has_form_ = false;
};

/// `measure(image, mask)` of each channel that is there.
template <class Measure>
void each_channel(const InputVolumes& study, const Names& channels, const imaging::MaskOptions& masks,
                  bool own_grid, Collector& collector, Measure measure) {
  collector.warnings() = study.warnings;
  for (size_t i = 0; i < study.channels.size(); ++i)
    if (const auto& image = study.channels[i])
      core::with_context("channel " + channels[i], [&] {
        const imaging::Volume mask = mask_on(*study.mask, *image, study.registrations[i], masks, own_grid);
        take_warnings(collector.warnings(), mask, -1);
        collector.add(channels[i], measure(*image, mask));
      });
}

/// Where the lesion lies in the head, as the first channel that is there shows it.
void add_location(const InputVolumes& study, const Names& channels, const std::string& source,
                  Collector& collector) {
  const auto found = std::find(study.present.begin(), study.present.end(), true);
  const auto first = static_cast<size_t>(found - study.present.begin());
  InputVolumes one;
  one.channels = {imaging::to_float(*study.channels[first])};
  one.mask = study.mask;
  one.registrations = {study.registrations[first]};
  one.present = {true};
  const Names names = radiomics::lesion_descriptor_names({channels[first]});
  const auto values = core::with_context("location", [&] {
    return descriptors_of(one, {channels[first]}, radiomics::Reference::brain, source);
  });
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i].starts_with(location)) collector.add(names[i], values[i]);
}

std::vector<radiomics::Perturbation> perturbations_of(const ReliabilityOptions& options) {
  radiomics::PerturbationGrid grid;
  grid.noise = options.noise;
  grid.rotation = options.rotation;
  grid.translation = options.translation;
  grid.volume = options.volume;
  grid.contour = options.contour;
  grid.seed = static_cast<uint64_t>(options.seed);
  return radiomics::combinations(grid);
}

/// At most `count` of the rows (0 = all), the same ones in every fold that has them.
std::vector<size_t> some_rows(const Cohort::Impl& cohort, std::vector<size_t> rows, int64_t count) {
  if (count == 0 || static_cast<size_t>(count) >= rows.size()) return rows;
  std::sort(rows.begin(), rows.end(), [&](size_t a, size_t b) {
    return core::hash_key(cohort.ids[a]) < core::hash_key(cohort.ids[b]);
  });
  rows.resize(static_cast<size_t>(count));
  return rows;
}

Described describe_radiomics(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.own<RadiomicsOptions>(input);
  const radiomics::Settings settings = settings_of(options);
  const InputVolumes study = read_study(cohort, input, row);
  Collector collector;
  if (options.location)
    add_location(study, cohort.names[input].channels, cohort.files[input][row].mask.string(), collector);
  each_channel(study, cohort.names[input].channels, mask_options_of(cohort, input),
               radiomics::takes_own_grid(settings), collector,
               [&](const imaging::Volume& image, const imaging::Volume& mask) {
                 return std::vector<std::vector<Feature>>{radiomics::extract(image, mask, settings)};
               });
  return collector.take();
}

Described describe_perturbed(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.own<RadiomicsOptions>(input);
  const radiomics::Settings settings = settings_of(options);
  const auto perturbations = perturbations_of(options.filter.reliability);
  const InputVolumes study = read_study(cohort, input, row);
  Collector collector;
  each_channel(study, cohort.names[input].channels, mask_options_of(cohort, input), false, collector,
               [&](const imaging::Volume& image, const imaging::Volume& mask) {
                 try {
                   return radiomics::features_under(image, mask, settings, perturbations);
                 } catch (const core::Error& error) {  // too small, say; its own features are sound
                   if (error.fault() != core::Fault::data) throw;
                   core::log_warning("case " + cohort.ids[row] +
                                     " takes no part in filter.reliability: " + error.what());
                   return std::vector<std::vector<Feature>>();
                 }
               });
  return collector.take();
}

/// Which of the features `names` have an ICC of `filter.reliability.minimum` or more over `rows`, in order;
/// those of location are not asked. Error (data): fewer than two cases could be perturbed.
std::vector<size_t> reliable_features(const Cohort::Impl& cohort, size_t input,
                                      const std::vector<size_t>& rows, const Names& names) {
  const ReliabilityOptions& options = cohort.own<RadiomicsOptions>(input).filter.reliability;
  auto cases = described_rows(cohort, input, some_rows(cohort, rows, options.cases), true);
  std::erase_if(cases, [](const auto& one) { return !one || one->names->empty(); });
  if (cases.size() < 2)
    core::fail_data(
        "filter.reliability: needs two training patients whose images can be perturbed, and has " +
        std::to_string(cases.size()));
  const size_t raters = perturbations_of(options).size();
  std::unordered_map<std::string_view, std::vector<std::vector<double>>> ratings;
  for (const auto& one : cases)
    for (size_t i = 0; i < one->names->size(); ++i) {
      const auto first = one->values.begin() + static_cast<std::ptrdiff_t>(i * raters);
      ratings[(*one->names)[i]].emplace_back(first, first + static_cast<std::ptrdiff_t>(raters));
    }
  std::vector<size_t> kept;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto found = ratings.find(names[i]);
    const bool exempt = names[i].starts_with(location);
    if (exempt || (found != ratings.end() &&
                   radiomics::intraclass_correlation(found->second, radiomics::IccModel::one_way).value >=
                       options.minimum))
      kept.push_back(i);
  }
  return kept;
}

/// The options, of perturbed features with the perturbations, but not with what is done with them.
std::string options_text(const RadiomicsOptions& options, const config::Choice& input, bool perturbed) {
  const std::string text = description_options(input, {"filter", "from"});
  if (!perturbed) return text;
  ReliabilityOptions perturbations = options.filter.reliability;
  perturbations.minimum = 0;
  perturbations.cases = 0;
  return text + config::to_yaml(config::dump(perturbations));
}

Description describe_region_of(const Cohort::Impl& cohort, size_t input, size_t row, bool perturbed) {
  return {options_text(cohort.own<RadiomicsOptions>(input), cohort.choice(input), perturbed),
          [&cohort, input, row, perturbed] {
            return perturbed ? describe_perturbed(cohort, input, row)
                             : describe_radiomics(cohort, input, row);
          }};
}

Fitted fit_radiomics(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  const auto& filter = cohort.own<RadiomicsOptions>(input).filter;
  KeepFeatures keep;
  if (filter.reliability.minimum > 0)
    keep = [&](const std::vector<size_t>& rows, const Names& names) {
      auto kept = reliable_features(cohort, input, rows, names);
      require_some(names.size(), kept, "reliability");
      return kept;
    };
  return fit_region(cohort, input, train, filter, keep);
}

void check_settings(config::Fields& f, const RadiomicsOptions& o) {
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
    {.lone = true});
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

void describe(config::Fields& f, RadiomicsFilterOptions& o) {
  f.visit({"reliability",
           "keeps features that stay the same when image and mask are perturbed; those of location "
           "always",
           {.lone = true},
           config::Section{[&o](config::Fields& fields) { describe(fields, o.reliability); }, {}, {}}});
  describe(f, static_cast<FilterOptions&>(o));
}

void describe(config::Fields& f, RadiomicsOptions& o) {
  describe_region(f, o);
  f("from", o.from,
    "the images, in place of `channels`: `<input>.<channel>`, in the columns where that input has it, or a "
    "manifest column; how the files are read (dicom, suv, assume_spacing) this input says itself",
    {.lone = true});
  f("profile", o.profile, "where `settings` start from", {.one_of = radiomics::profile_names()});
  const auto usual = std::make_shared<radiomics::Settings>();  // describes an absent section
  f.visit({"settings",
           "how features are computed; absent: as the profile says",
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
    "also where the lesion lies in the head, as modality lesion tells it (`location_left`, …)");
  f.section("filter", o.filter, "which features are kept, chosen on the training part without its labels");
  describe_harmonize(f, o);
  const Names channels = channels_of(o);
  f.check(o.from.empty() || o.channels.empty() || o.channels == channels, "from",
          "give either from or channels, not both");
  if (o.channels != channels) o.channels = channels;  // never again: threads may describe what was read
  f.check(!o.channels.empty(), "from", "name at least one image: `<input>.<channel>` or a manifest column");
  f.check(!o.mask.empty(), "mask", "radiomic features need the mask of their region");
  check_files(f, o);
  const std::set<std::string> distinct(o.channels.begin(), o.channels.end());
  f.check(distinct.size() == o.channels.size(), "from",
          "two images would give features of one name; name each channel once");
  check_settings(f, o);
}

const Modality rows::radiomics = [] {
  using Options = RadiomicsOptions;
  Modality row = region_row<Options>(
      "features of a region in each of several images, as IBSI or PyRadiomics define them");
  row.columns = [](const config::Choice& input) {
    const auto& options = input.as<Options>();
    InputColumns columns = columns_of_region(options);
    columns.channels = channels_of(options);
    for (const auto& one : options.from) columns.origins.push_back(source_of(one).first);
    return columns;
  };
  row.has = [](const Cohort::Impl& cohort, size_t input, size_t at) {
    const RowFiles& files = cohort.files[input][at];
    return !files.mask.empty() && std::any_of(files.channels.begin(), files.channels.end(),
                                              [](const auto& file) { return !file.empty(); });
  };
  row.fit = fit_radiomics;
  row.files->read = [](const ImageFile& file) {
    return read_region_file(file, region_of<Options>(file.choice()), true);
  };
  row.files->masks = masks_to_read;
  row.region = RegionModality{describe_region_of};
  return row;
}();

}  // namespace photo51::data
