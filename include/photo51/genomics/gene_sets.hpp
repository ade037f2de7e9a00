#pragma once
/// Gene sets in GMT: one set a line, `name <tab> description <tab> gene <tab> gene …`.

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::genomics {

struct GeneSet {
  std::string name, description;
  std::vector<std::string> genes;  ///< in file order, each once
};

/// Errors (data) with file:line: missing or empty file, a set without genes, a set name that stands twice.
std::vector<GeneSet> read_gene_sets(const std::filesystem::path& path);
std::vector<GeneSet> parse_gene_sets(std::string_view text, const std::string& source);

/// The genes of all sets, each once, in order of appearance.
std::vector<std::string> genes_of(const std::vector<GeneSet>& sets);

}  // namespace photo51::genomics
