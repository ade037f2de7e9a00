#include "data/tables/gene_sums.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

/// Of a gene that the part's tables do not name: all its cases have the value of genes elsewhere.
Moments moments_of(const GeneSums& sums, const std::string& gene, const GenePlaces& at) {
  const auto found = at.find(gene);
  return found == at.end() ? Moments{*sums.elsewhere, 0, sums.cases} : sums.moments[found->second];
}

/// What was learned of these genes, which stand `at` these places.
std::optional<FittedHarmonizer> of_genes(const std::optional<FittedHarmonizer>& learned,
                                         const std::vector<std::string>& genes, const GenePlaces& at) {
  if (!learned) return std::nullopt;
  std::vector<size_t> places;
  for (const auto& gene : genes) {
    const auto found = at.find(gene);
    if (found == at.end())
      core::fail_usage("gene `" + gene +
                       "` stands in one part's tables only, so it cannot be harmonized part by part; set "
                       "harmonize.method: none");
    places.push_back(found->second);
  }
  return learned->of_features(places);
}

}  // namespace

GenePlaces positions(const std::vector<std::string>& genes) {
  GenePlaces at;
  for (size_t i = 0; i < genes.size(); ++i) at.emplace(genes[i], i);
  return at;
}

GeneSums merge(const GeneSums& a, const GeneSums& b) {
  if (a.elsewhere != b.elsewhere)
    core::fail_usage(
        "one part's tables tell of the genes that they name only, the other's of all (mutations); "
        "give both as tables of one kind");
  const auto in_a = positions(a.genes), in_b = positions(b.genes);
  GeneSums both;
  both.elsewhere = a.elsewhere;
  both.cases = a.cases + b.cases;
  if (a.elsewhere) {
    std::set<std::string> genes(a.genes.begin(), a.genes.end());
    genes.insert(b.genes.begin(), b.genes.end());
    both.genes.assign(genes.begin(), genes.end());
  } else {
    std::copy_if(a.genes.begin(), a.genes.end(), std::back_inserter(both.genes),
                 [&](const auto& gene) { return in_b.contains(gene); });
    if (both.genes.empty()) core::fail_usage("the parts' tables have no gene in common");
  }
  both.harmonize =
      data::merge(of_genes(a.harmonize, both.genes, in_a), of_genes(b.harmonize, both.genes, in_b));
  if (both.harmonize)
    both.moments = harmonized_moments(both.harmonize->model, *both.harmonize->sums);
  else
    for (const auto& gene : both.genes)
      both.moments.push_back(data::merge(moments_of(a, gene, in_a), moments_of(b, gene, in_b)));
  return both;
}

std::vector<size_t> varying_genes(const std::vector<Moments>& learned, int64_t top_variable) {
  std::vector<size_t> kept;
  for (size_t gene = 0; gene < learned.size(); ++gene)
    if (learned[gene].deviation > 1e-12 * std::max(1.0, std::abs(learned[gene].mean))) kept.push_back(gene);
  if (kept.empty()) core::fail_data("no gene varies over the training patients");
  if (top_variable > 0 && static_cast<size_t>(top_variable) < kept.size()) {
    std::stable_sort(kept.begin(), kept.end(),
                     [&](size_t a, size_t b) { return learned[a].deviation > learned[b].deviation; });
    kept.resize(static_cast<size_t>(top_variable));
    std::sort(kept.begin(), kept.end());
  }
  return kept;
}

}  // namespace photo51::data
