#include "phantom/genes.hpp"

#include <cmath>
#include <cstdio>
#include <map>

namespace photo51::phantom {
namespace {

constexpr int kFollowers = 15;  // of each hidden gene
constexpr int kBystanderPathways = 4, kBystanders = 17;

std::vector<Gene> make_panel() {
  std::vector<Gene> panel;
  core::Random random({core::hash_key("phantom gene panel")});
  const auto add = [&](const std::string& prefix, int number, const std::string& pathway, Loading loading,
                       double weight) {
    char name[32];
    std::snprintf(name, sizeof name, "%s%d", prefix.c_str(), number);
    panel.push_back({name, pathway, loading, weight, random.uniform(3, 10), random.uniform(0.6, 1.6)});
  };
  add("HELIX", 1, "PHANTOM_FORM", {0.30, 0}, 0);
  add("HELIX", 2, "PHANTOM_GROWTH", {0, 0.90}, 0);
  for (int k = 1; k <= kFollowers; ++k) add("FRM", k, "PHANTOM_FORM", {0.10, 0}, 0);
  for (int k = 1; k <= kFollowers; ++k) add("GRW", k, "PHANTOM_GROWTH", {0, 0.60}, 0);
  for (int p = 1; p <= kBystanderPathways; ++p)
    for (int k = 1; k <= kBystanders; ++k)
      add("BY" + std::string(1, static_cast<char>('A' + p - 1)), k, "PHANTOM_BYSTANDER_" + std::to_string(p),
          {}, random.uniform(0.2, 0.8));
  return panel;
}

}  // namespace

const std::vector<Gene>& gene_panel() {
  static const std::vector<Gene> panel = make_panel();
  return panel;
}

std::vector<double> draw_expression(const std::array<double, 2>& genes, core::Random& random) {
  std::map<std::string, double> activity;
  std::vector<double> values;
  values.reserve(gene_panel().size());
  for (const Gene& gene : gene_panel()) {
    if (gene.pathway_weight == 0) {
      values.push_back(gene.loading.draw(genes, random));
      continue;
    }
    const auto [entry, is_new] = activity.try_emplace(gene.pathway, 0);
    if (is_new) entry->second = random.normal();
    values.push_back(gene.pathway_weight * entry->second +
                     std::sqrt(1 - gene.pathway_weight * gene.pathway_weight) * random.normal());
  }
  return values;
}

double table_value(const Gene& gene, double standardised) {
  return gene.mean + gene.deviation * standardised;
}

}  // namespace photo51::phantom
