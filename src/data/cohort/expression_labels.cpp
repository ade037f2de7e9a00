#include <cmath>
#include <unordered_map>

#include "data/cohort/cohort_impl.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// Where each of the head's genes stands in the table.
std::vector<size_t> columns_of(const genomics::Expression& table, const std::vector<std::string>& genes) {
  std::unordered_map<std::string, size_t> at;
  for (size_t i = 0; i < table.genes->size(); ++i) at.emplace((*table.genes)[i], i);
  std::vector<size_t> columns;
  for (const auto& gene : genes) {
    const auto found = at.find(gene);
    if (found == at.end())
      core::fail_data(table.source + ": there is no gene `" + gene + "`" + core::suggest(gene, *table.genes));
    columns.push_back(found->second);
  }
  return columns;
}

std::vector<Case::Label> read(const Cohort::Impl& cohort, LabelSpec& spec, const fs::path& path) {
  const auto table = genomics::read_expression(path, cohort.ids);
  if (spec.classes.empty()) spec.classes = *table.genes;
  const auto columns = columns_of(table, spec.classes);
  std::vector<Case::Label> labels(cohort.ids.size());
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto found = table.row_of.find(cohort.ids[row]);
    if (found == table.row_of.end()) continue;
    auto& label = labels[row];
    label.known = true;
    for (const size_t column : columns) {
      label.values.push_back(table.row(found->second)[column]);
      if (std::isnan(label.values.back()))
        core::fail_data(table.source + ": `" + cohort.ids[row] + "` has no value of gene `" +
                        (*table.genes)[column] + "`; leave the gene out with `genes`, or the case out");
    }
  }
  return labels;
}

}  // namespace

std::vector<Case::Label> read_expression_labels(const Cohort::Impl& cohort, LabelSpec& spec, bool require) {
  const fs::path path = cohort.resolve(spec.table);
  if (!require && !fs::exists(path)) return std::vector<Case::Label>(cohort.ids.size());
  return core::with_context("head " + spec.head, [&] { return read(cohort, spec, path); });
}

}  // namespace photo51::data
