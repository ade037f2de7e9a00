#include "photo51/radiomics/lesion/lesion.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "data/options/region_kind.hpp"
#include "data/tables/region_features.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;

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

Described describe_lesion(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& options = cohort.inputs[input].second;
  const InputVolumes study = read_study(cohort, input, row, imaging::Modality::unknown);
  auto values =
      descriptors_of(study, options.channels, reference_of(options), cohort.files[input][row].mask.string());
  auto names = radiomics::lesion_descriptor_names(options.channels, reference_of(options));
  if (!options.descriptors.empty()) {
    values = keep(values, names, options.descriptors);
    names = options.descriptors;
  }
  return {std::make_shared<const Names>(std::move(names)), std::move(values), study.warnings};
}

const Tabular lesion{"lesion", fit_described, described_features, read_described};
const Tabular body_lesion{"body_lesion", fit_described, described_features, read_described};

}  // namespace photo51::data
