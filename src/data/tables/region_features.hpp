#pragma once
/// Inputs that describe a region by numbers: computed once a case, what is learned of them, and how a case is
/// read with it.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/harmonize/harmonize.hpp"
#include "data/images/read_input.hpp"
#include "data/tables/moments.hpp"
#include "photo51/data/modality/region.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {

/// How a modality describes a row's region: `compute` from the files; `options`, as YAML, are what that
/// depends on.
struct Description {
  std::string options;
  std::function<Described()> compute;
};

/// Of one case, remembered by the cohort and kept in its disk cache. `perturbed` (radiomics): the features
/// under the P perturbations of `filter.reliability`, value p of feature f at f * P + p. Errors (data): the
/// files', an empty mask; those of radiomics/features.hpp.
std::shared_ptr<const Described> described(const Cohort::Impl& cohort, size_t input, size_t row,
                                           bool perturbed = false);

/// The descriptions of `rows` on all processors; null where a case is bad and `on_bad_case` is skip.
std::vector<std::shared_ptr<const Described>> described_rows(const Cohort::Impl& cohort, size_t input,
                                                             const std::vector<size_t>& rows,
                                                             bool perturbed = false);

/// radiomics::lesion_descriptors of a study, on the grid of its first channel. `source`: the mask's file.
std::vector<double> descriptors_of(const InputVolumes& study, const std::vector<std::string>& channels,
                                   radiomics::Reference reference, const std::string& source);

/// Which of the features `names` are kept, in order, before they are looked at together; null: all of them.
using KeepFeatures = std::function<std::vector<size_t>(const std::vector<size_t>& rows,
                                                       const std::vector<std::string>& names)>;
/// Unknown values take the training median, after harmonisation. `keep` comes first, and then the filter.
Fitted fit_region(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train,
                  const FilterOptions& filter, const KeepFeatures& keep);
Fitted fitted_region(const core::Learned& learned, const config::Choice& input);
InputInfo region_info(const std::string& name, const config::Choice& input, const FittedInput* fitted);
RowReader read_region(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted);
std::vector<std::string> region_problems(const Cohort::Impl& cohort, size_t input, size_t row);

/// The rest of `before` features by what a filter made of it, for the log. Error (data): none is left.
void require_some(size_t before, const std::vector<size_t>& kept, const std::string& filter);

}  // namespace photo51::data
