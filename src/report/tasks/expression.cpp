#include <cmath>

#include "photo51/core/text.hpp"
#include "photo51/evaluation/expression.hpp"
#include "report/format_text.hpp"
#include "report/plots.hpp"
#include "report/tasks/rows.hpp"

namespace photo51::report {
namespace {

using Scored = evaluation::ScoredPredictions;

std::string claim_expression(const evaluation::Metric& metric, const data::TaskSpec&) {
  return "Half of the genes are predicted with a correlation of at least " + signed_words(metric.value);
}

Judged judge_expression(const Scored& shown, size_t i) {
  Judged judged;
  judged.index = i;
  const size_t genes = shown.classes.size();
  double squares = 0;
  for (size_t gene = i * genes; gene < (i + 1) * genes; ++gene)
    squares += std::pow(shown.predicted[gene] - shown.value[gene], 2);
  judged.badness = std::sqrt(squares / static_cast<double>(genes));
  judged.truth = std::to_string(genes) + " genes";
  judged.said = "off by " + core::format_fixed(judged.badness, 2) + " (root mean square)";
  return judged;
}

}  // namespace

TaskWording expression_wording() {
  return {.task = "expression",
          .question =
              [](const data::TaskSpec& spec) {
                return "the values of " + std::to_string(spec.classes.size()) + " genes in " + spec.table;
              },
          .heading = known_heading,
          .cell = known_cell,
          .claim = claim_expression,
          .interval = range_words,
          .figures =
              [](const Scored& shown, const std::function<Parts()>&, double) {
                return std::vector<Figure>{
                    {ranked_plot(evaluation::gene_pearson(shown), shown.classes),
                     "Correlation of predicted with measured values, a dot a gene, best first.", true}};
              },
          .judge = judge_expression};
}

}  // namespace photo51::report
