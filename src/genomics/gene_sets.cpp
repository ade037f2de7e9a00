#include "photo51/genomics/gene_sets.hpp"

#include <unordered_set>

#include "photo51/core/encoding.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"

namespace photo51::genomics {

std::vector<GeneSet> parse_gene_sets(std::string_view text, const std::string& source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<GeneSet> sets;
  std::unordered_set<std::string> names;
  int line = 0;
  for (const auto& content : core::split(text, '\n')) {
    ++line;
    if (core::trim(content).empty()) continue;
    const std::string where = source + ":" + std::to_string(line);
    const auto cells = core::split(content, '\t');
    GeneSet set;
    set.name = core::trim(cells[0]);
    if (cells.size() > 1) set.description = core::trim(cells[1]);
    std::unordered_set<std::string> seen;
    for (size_t i = 2; i < cells.size(); ++i) {
      std::string gene(core::trim(cells[i]));
      if (!gene.empty() && seen.insert(gene).second) set.genes.push_back(std::move(gene));
    }
    if (set.genes.empty())
      core::fail_data(where + ": the set `" + set.name +
                      "` has no genes; a line is name, description, genes, separated by tabs");
    if (!names.insert(set.name).second)
      core::fail_data(where + ": the set `" + set.name + "` stands twice; rename one");
    sets.push_back(std::move(set));
  }
  if (sets.empty()) core::fail_data(source + ": there is no gene set in this file");
  return sets;
}

std::vector<GeneSet> read_gene_sets(const std::filesystem::path& path) {
  std::vector<std::string> warnings;
  const std::string text = core::to_utf8(core::read_text(path), path.string(), warnings);
  for (const auto& warning : warnings) core::log_warning(warning);
  return parse_gene_sets(text, path.string());
}

std::vector<std::string> genes_of(const std::vector<GeneSet>& sets) {
  std::vector<std::string> genes;
  std::unordered_set<std::string> seen;
  for (const auto& set : sets)
    for (const auto& gene : set.genes)
      if (seen.insert(gene).second) genes.push_back(gene);
  return genes;
}

}  // namespace photo51::genomics
