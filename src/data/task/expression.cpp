/// The expression of many genes at once, from a table of genes by cases beside the manifest.

#include <ATen/core/Tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "data/task/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/genomics/expression.hpp"

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

std::vector<Case::Label> read_table(const LabelSource& source, TaskSpec& spec, const fs::path& path) {
  const auto table = genomics::read_expression(path, source.ids);
  if (spec.classes.empty()) spec.classes = *table.genes;
  const auto columns = columns_of(table, spec.classes);
  std::vector<Case::Label> labels(source.ids.size());
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto found = table.row_of.find(source.ids[row]);
    if (found == table.row_of.end()) continue;
    auto& label = labels[row];
    label.known = true;
    for (const size_t column : columns) {
      label.values.push_back(table.row(found->second)[column]);
      if (std::isnan(label.values.back()))
        core::fail_data(table.source + ": `" + source.ids[row] + "` has no value of gene `" +
                        (*table.genes)[column] + "`; leave the gene out with `genes`, or the case out");
    }
  }
  return labels;
}

std::vector<Case::Label> read_expression(const LabelSource& source, TaskSpec& spec) {
  const fs::path path = source.resolve(spec.table);
  if (!source.require && !fs::exists(path)) return std::vector<Case::Label>(source.ids.size());
  return core::with_context("head " + spec.head, [&] { return read_table(source, spec, path); });
}

Targets collate(const TaskSpec& spec, const std::vector<const Case::Label*>& labels) {
  const auto count = static_cast<int64_t>(labels.size()), genes = static_cast<int64_t>(spec.classes.size());
  Targets targets{at::zeros({count, genes}, at::kFloat), {}, at::zeros({count}, at::kBool)};
  for (int64_t i = 0; i < count; ++i) {
    const auto* label = labels[static_cast<size_t>(i)];
    if (label == nullptr || !label->known) continue;
    std::copy(label->values.begin(), label->values.end(), targets.value.data_ptr<float>() + i * genes);
    targets.known.data_ptr<bool>()[i] = true;
  }
  return targets;
}

}  // namespace

Task expression_task() {
  return {.name = "expression",
          .help = "the expression of many genes",
          .output = Output::values,
          .names_outputs = true,
          .has_own_table = true,
          .columns = [](const TaskSpec&) { return std::vector<std::string>{}; },
          .read = read_expression,
          .collate = collate,
          .counts = known_count,
          .output_names = [](const TaskSpec& spec) { return spec.classes; }};
}

}  // namespace photo51::data
