#pragma once
/// Genes before any is chosen: what two parts learned of them adds up, and the choice follows from the sums.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "data/harmonize/harmonize.hpp"
#include "data/tables/moments.hpp"

namespace photo51::data {

using GenePlaces = std::unordered_map<std::string_view, size_t>;
/// Where each gene stands; the names have to outlive it.
GenePlaces positions(const std::vector<std::string>& genes);

/// What the training part's values of every gene are like, before any gene is chosen by them.
struct GeneSums {
  std::vector<std::string> genes{};
  std::vector<Moments> moments{};
  std::optional<double> elsewhere{};  ///< the value of a gene that no table names (mutations)
  int64_t cases = 0;
  std::optional<FittedHarmonizer> harmonize{};  ///< of all genes; `moments` are those after it
};

/// Of the genes that both tell of: all genes where tables know a value for genes elsewhere. Error (usage):
/// tables of different kinds, no gene in common, genes that were harmonized in one part only.
GeneSums merge(const GeneSums& a, const GeneSums& b);

/// The genes that vary, and of these the most variable where `top_variable` > 0; in their order. Error
/// (data): none varies.
std::vector<size_t> varying_genes(const std::vector<Moments>& learned, int64_t top_variable);

}  // namespace photo51::data
