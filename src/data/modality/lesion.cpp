#include "photo51/data/modality/lesion.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "data/modality/region.hpp"
#include "photo51/core/text.hpp"
#include "photo51/preprocess/prepare.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;
using radiomics::Reference;

std::vector<double> keep(const std::vector<double>& all, const Names& names, const Names& wanted) {
  std::vector<double> kept;
  for (const auto& name : wanted)
    kept.push_back(all.at(static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin())));
  return kept;
}

}  // namespace

std::vector<double> descriptors_of(const InputVolumes& study, const Names& channels,
                                   radiomics::Reference reference, const std::string& source) {
  // Raw intensities in LPS on the first channel's own grid, the mask with them.
  const auto prepared = preprocess::prepare(study.channels, study.mask, true, {}, nullptr, channels, nullptr,
                                            study.registrations);
  imaging::Volume image, mask;
  const auto count = static_cast<int64_t>(channels.size());
  image.data = prepared.values.narrow(0, 0, count).contiguous();
  image.geometry = mask.geometry = prepared.geometry;
  image.channels = channels;
  image.source = mask.source = source;
  mask.data = prepared.values.narrow(0, count, 1).contiguous();
  return radiomics::lesion_descriptors(image, study.present, mask, reference);
}

namespace {

Described describe_lesion(const Cohort::Impl& cohort, size_t input, size_t row, const LesionOptions& options,
                          Reference reference) {
  const InputVolumes study = read_study(cohort, input, row);
  auto values = descriptors_of(study, options.channels, reference, cohort.files[input][row].mask.string());
  auto names = radiomics::lesion_descriptor_names(options.channels, reference);
  if (!options.descriptors.empty()) {
    values = keep(values, names, options.descriptors);
    names = options.descriptors;
  }
  return {std::make_shared<const Names>(std::move(names)), std::move(values), study.warnings};
}

void describe_lesion_options(config::Fields& f, LesionOptions& o, Reference reference) {
  describe_region(f, o);
  f("descriptors", o.descriptors, "keeps these descriptors, in this order; empty = all");
  f.section("filter", o.filter, "which features are kept, chosen on the training part without its labels");
  describe_harmonize(f, o);
  f.check(!o.channels.empty(), "channels", "name at least one channel, a manifest column");
  f.check(!o.mask.empty(), "mask", "lesion descriptors need the lesion's mask");
  check_files(f, o);
  if (o.descriptors.empty()) return;
  const auto names = radiomics::lesion_descriptor_names(o.channels, reference);
  for (const auto& name : o.descriptors)
    f.check(std::find(names.begin(), names.end(), name) != names.end(), "descriptors",
            "no descriptor of these channels is named `" + name + "`" + core::suggest(name, names));
}

template <class Options, Reference reference>
Modality lesion_row(const char* help) {
  Modality row = region_row<Options>(help);
  row.fit = [](const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
    return fit_region(cohort, input, train, cohort.own<Options>(input).filter, nullptr);
  };
  row.region = RegionModality{[](const Cohort::Impl& cohort, size_t input, size_t at, bool) {
    return Description{description_options(cohort.choice(input), {"filter"}), [&cohort, input, at] {
                         return describe_lesion(cohort, input, at, cohort.own<Options>(input), reference);
                       }};
  }};
  return row;
}

}  // namespace

void describe(config::Fields& f, LesionOptions& o) {
  describe_lesion_options(f, o, Reference::brain);
}

void describe(config::Fields& f, BodyLesionOptions& o) {
  describe_lesion_options(f, o, Reference::none);
}

const Modality rows::lesion =
    lesion_row<LesionOptions, Reference::brain>("descriptors of a lesion in the head, relative to the brain");
const Modality rows::body_lesion =
    lesion_row<BodyLesionOptions, Reference::none>("descriptors of a lesion anywhere, in the image's units");

}  // namespace photo51::data
