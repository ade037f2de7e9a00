#pragma once
/// Inputs that describe a region by numbers: computed once a case, what is learned of them, and how a case is
/// read with it.

#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "data/images/read_input.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {

using Described = Cohort::Impl::Described;

/// Of one case, remembered by the cohort and kept in its disk cache. `perturbed` (radiomics): the features
/// under the P perturbations of `filter.reliability`, value p of feature f at f * P + p. Errors (data): the
/// files', an empty mask; those of radiomics/features.hpp.
std::shared_ptr<const Described> described(const Cohort::Impl& cohort, size_t input, size_t row,
                                           bool perturbed = false);

/// The descriptions of `rows` on all processors; null where a case is bad and `on_bad_case` is skip.
std::vector<std::shared_ptr<const Described>> described_rows(const Cohort::Impl& cohort, size_t input,
                                                             const std::vector<size_t>& rows,
                                                             bool perturbed = false);

/// What the modalities compute.
Described describe_lesion(const Cohort::Impl& cohort, size_t input, size_t row);
Described describe_radiomics(const Cohort::Impl& cohort, size_t input, size_t row);
Described describe_perturbed(const Cohort::Impl& cohort, size_t input, size_t row);

/// radiomics::lesion_descriptors of a study, on the grid of its first channel. `source`: the mask's file.
std::vector<double> descriptors_of(const InputVolumes& study, const std::vector<std::string>& channels,
                                   radiomics::Reference reference, const std::string& source);

/// Which of the features `names` have an ICC of `filter.reliability.minimum` or more over `rows`, in order;
/// those of location are not asked. Error (data): fewer than two cases could be perturbed.
std::vector<size_t> reliable_features(const Cohort::Impl& cohort, size_t input,
                                      const std::vector<size_t>& rows, const std::vector<std::string>& names);

/// For the table of tabular modalities. Unknown values take the training median, after harmonisation.
nlohmann::json fit_described(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train);
std::vector<std::string> described_features(const core::Learned& fitted);
RowReader read_described(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted);

}  // namespace photo51::data
