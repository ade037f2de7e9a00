#pragma once
/// Where in a manifest an input's cells stand.

#include <optional>
#include <string>
#include <vector>

#include "data/cohort/manifest.hpp"
#include "photo51/data/options/inputs.hpp"

namespace photo51::data {

/// The manifest columns of one input. Only a cohort of one case may lack some.
struct InputCells {
  std::vector<std::optional<size_t>> channels, registrations, mpps, values, center;
  std::optional<size_t> mask, table;
};

/// Finds those of every input, whose columns have these `names`. `is_single`: one case of a command line,
/// which may lack some. Errors: data (a column that is not there, a registration of a bag), usage (radiomics
/// `from:` an input or channel that is not there).
std::vector<InputCells> find_cells(const Manifest& manifest, const Inputs& inputs,
                                   const std::vector<InputColumns>& names, bool is_single);

}  // namespace photo51::data
