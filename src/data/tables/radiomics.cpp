// The modality `radiomics`: features of a region in each of several images.
#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include "data/images/geometry.hpp"
#include "data/options/region_kind.hpp"
#include "data/tables/region_features.hpp"
#include "photo51/core/error.hpp"
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

/// Masks come as 0 and 1, whatever the label was that the settings ask for.
radiomics::Settings settings_of(const InputOptions& options) {
  radiomics::Settings settings = options.settings ? *options.settings : radiomics::profile(options.profile);
  settings.pyradiomics.label.reset();
  return settings;
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
void each_channel(const InputVolumes& study, const InputOptions& options, bool own_grid, Collector& collector,
                  Measure measure) {
  collector.warnings() = study.warnings;
  const Names& channels = options.channels;
  const imaging::MaskOptions masks = mask_options_of(options);
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
  grid.contour.clear();
  for (const auto& name : options.contour)
    grid.contour.push_back(name == "kept"       ? radiomics::Contour::kept
                           : name == "distance" ? radiomics::Contour::distance
                                                : radiomics::Contour::supervoxels);
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

}  // namespace

Described describe_radiomics(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.inputs[input].second;
  const radiomics::Settings settings = settings_of(options);
  const InputVolumes study = read_study(cohort, input, row, imaging::Modality::unknown);
  Collector collector;
  if (options.location)
    add_location(study, options.channels, cohort.files[input][row].mask.string(), collector);
  each_channel(study, options, radiomics::takes_own_grid(settings), collector,
               [&](const imaging::Volume& image, const imaging::Volume& mask) {
                 return std::vector<std::vector<Feature>>{radiomics::extract(image, mask, settings)};
               });
  return collector.take();
}

Described describe_perturbed(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.inputs[input].second;
  const radiomics::Settings settings = settings_of(options);
  const auto perturbations = perturbations_of(options.filter.reliability);
  const InputVolumes study = read_study(cohort, input, row, imaging::Modality::unknown);
  Collector collector;
  each_channel(study, options, false, collector,
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

std::vector<size_t> reliable_features(const Cohort::Impl& cohort, size_t input,
                                      const std::vector<size_t>& rows, const Names& names) {
  const ReliabilityOptions& options = cohort.inputs[input].second.filter.reliability;
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

const Tabular radiomic_features{"radiomics", fit_described, described_features, read_described};

}  // namespace photo51::data
