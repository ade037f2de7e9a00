#pragma once
/// Expression, mutations and other tables of genes by patients.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "photo51/data/modality/numbers.hpp"

namespace photo51::data {

struct OmicsOptions : NumberOptions {
  static constexpr const char* modality = "omics";
  std::string table;  ///< a manifest column whose cell names the table, or a path relative to the manifest
  std::filesystem::path sets;      ///< GMT; keeps the genes of these sets
  std::vector<std::string> genes;  ///< keeps these genes only
  bool log = false;                ///< log2(1 + x)
  int64_t top_variable = 0;        ///< keep the most variable genes of the training part; 0 = all
};
void describe(config::Fields& f, OmicsOptions& o);

}  // namespace photo51::data
