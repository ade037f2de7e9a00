#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <unordered_map>

#include "data/harmonize/harmonize.hpp"
#include "data/tables/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/genomics/gene_sets.hpp"

namespace photo51::data {
namespace {

using Genes = std::vector<std::string>;

constexpr size_t no_column = static_cast<size_t>(-1);  ///< of a gene that is not in a table

double transformed(const genomics::Expression& table, size_t patient, size_t gene, bool log) {
  if (gene == no_column) return table.elsewhere ? *table.elsewhere : NAN;
  const double value = table.row(patient)[gene];
  if (!log) return value;
  if (value < 0)
    core::fail_data(table.source + ": gene `" + (*table.genes)[gene] + "` of `" + table.patients[patient] +
                    "` is " + core::format_number(value) +
                    "; `log: true` is for counts, which are not negative");
  return std::log2(1 + value);
}

/// Genes that every table of the training part tells of, in the first one's order: a table that knows a value
/// for genes elsewhere (mutations) tells of all.
Genes common_genes(const std::vector<const Cohort::Impl::Sample*>& samples) {
  if (std::all_of(samples.begin(), samples.end(), [](const auto* one) { return one->table->elsewhere; })) {
    std::set<std::string> genes;
    for (const auto* sample : samples)
      genes.insert(sample->table->genes->begin(), sample->table->genes->end());
    return {genes.begin(), genes.end()};
  }
  const auto& first = samples[0]->table->genes;
  Genes genes = *first;
  std::set<const Genes*> done{first.get()};
  for (const auto* sample : samples) {
    if (!done.insert(sample->table->genes.get()).second) continue;
    const std::set<std::string> here(sample->table->genes->begin(), sample->table->genes->end());
    std::erase_if(genes, [&](const auto& gene) { return !here.contains(gene); });
  }
  return genes;
}

/// Keeps the genes that the options name.
Genes selected(Genes genes, const InputOptions& options, const std::string& source) {
  if (options.sets.empty() && options.genes.empty()) return genes;
  const Genes wanted =
      options.sets.empty() ? options.genes : genomics::genes_of(genomics::read_gene_sets(options.sets));
  const std::set<std::string> keep(wanted.begin(), wanted.end());
  const Genes all = genes;
  std::erase_if(genes, [&](const auto& gene) { return !keep.contains(gene); });
  const std::string from = options.sets.empty() ? "`genes`" : options.sets.string();
  if (genes.empty())
    core::fail_data(source + ": none of the " + std::to_string(keep.size()) + " genes of " + from +
                    " (such as `" + *keep.begin() + "`) stands in this table (such as `" + all[0] +
                    "`); are both gene symbols?");
  if (genes.size() < keep.size())
    core::log_warning(source + ": " + std::to_string(keep.size() - genes.size()) + " of " +
                      std::to_string(keep.size()) + " genes of " + from + " are not in this table");
  return genes;
}

std::unordered_map<std::string_view, size_t> positions(const Genes& genes) {
  std::unordered_map<std::string_view, size_t> at;
  for (size_t i = 0; i < genes.size(); ++i) at.emplace(genes[i], i);
  return at;
}

nlohmann::json fit_omics(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  const InputOptions& options = cohort.inputs[input].second;
  std::vector<const Cohort::Impl::Sample*> samples;
  std::vector<size_t> rows;
  for (const size_t row : train)
    if (cohort.samples[input][row].table) {
      samples.push_back(&cohort.samples[input][row]);
      rows.push_back(row);
    }
  if (samples.empty()) core::fail_data("no training patient stands in an expression table");
  const Genes genes = selected(common_genes(samples), options, samples[0]->table->source);
  if (genes.empty()) core::fail_data("the training patients' tables have no gene in common");

  std::map<const Genes*, std::vector<size_t>> columns;  // of `genes` in each table
  for (const auto* sample : samples) {
    auto& at = columns[sample->table->genes.get()];
    if (!at.empty()) continue;
    const auto where = positions(*sample->table->genes);
    for (const auto& gene : genes) {
      const auto found = where.find(gene);
      at.push_back(found == where.end() ? no_column : found->second);
    }
  }
  const auto value_of = [&](size_t i, size_t gene) {
    return transformed(*samples[i]->table, samples[i]->row, columns.at(samples[i]->table->genes.get())[gene],
                       options.log);
  };
  Eigen::MatrixXd whole;  // [samples, genes], when they are harmonized together
  nlohmann::json harmonize;
  if (options.harmonize.method != "none") {
    whole.resize(static_cast<Eigen::Index>(samples.size()), static_cast<Eigen::Index>(genes.size()));
    for (size_t gene = 0; gene < genes.size(); ++gene)
      for (size_t i = 0; i < samples.size(); ++i)
        whole(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(gene)) = value_of(i, gene);
    harmonize = fit_harmonizer(cohort, input, rows, whole);
  }
  std::vector<Moments> learned;
  std::vector<double> values(samples.size());
  for (size_t gene = 0; gene < genes.size(); ++gene) {
    for (size_t i = 0; i < samples.size(); ++i)
      values[i] = harmonize.is_null() ? value_of(i, gene)
                                      : whole(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(gene));
    learned.push_back(moments(values));
  }

  std::vector<size_t> kept;
  for (size_t gene = 0; gene < genes.size(); ++gene)
    if (learned[gene].deviation > 1e-12 * std::max(1.0, std::abs(learned[gene].mean))) kept.push_back(gene);
  if (kept.empty()) core::fail_data("no gene varies over the training patients");
  if (options.top_variable > 0 && static_cast<size_t>(options.top_variable) < kept.size()) {
    std::stable_sort(kept.begin(), kept.end(),
                     [&](size_t a, size_t b) { return learned[a].deviation > learned[b].deviation; });
    kept.resize(static_cast<size_t>(options.top_variable));
    std::sort(kept.begin(), kept.end());
  }
  auto fitted = nlohmann::json{{"genes", Genes()}, {"mean", Genes()}, {"deviation", Genes()}};
  for (const size_t gene : kept) {
    fitted["genes"].push_back(genes[gene]);
    fitted["mean"].push_back(learned[gene].mean);
    fitted["deviation"].push_back(learned[gene].deviation);
  }
  if (!harmonize.is_null()) fitted["harmonize"] = of_features(std::move(harmonize), kept);
  return fitted;
}

Genes gene_features(const core::Learned& fitted) {
  return fitted.at("genes").texts();
}

/// Finds the fitted genes in each table once.
class GeneColumns {
 public:
  explicit GeneColumns(Genes genes) : genes_(std::move(genes)) {}

  std::shared_ptr<const std::vector<size_t>> in(const genomics::Expression& table) {
    const std::scoped_lock lock(mutex_);
    auto& known = known_[table.genes.get()];
    if (known) return known;
    const auto where = positions(*table.genes);
    std::vector<size_t> columns;
    size_t missing = 0;
    for (const auto& gene : genes_) {
      const auto found = where.find(gene);
      columns.push_back(found == where.end() ? no_column : found->second);
      if (found == where.end() && !table.elsewhere) ++missing;
    }
    const std::string count = std::to_string(missing) + " of the " + std::to_string(genes_.size()) + " genes";
    if (2 * missing > genes_.size())
      core::fail_data(table.source + ": " + count +
                      " that the model was trained on are missing; more than half");
    if (missing > 0)
      core::log_warning(table.source + ": " + count +
                        " that the model was trained on are missing; they take their training means");
    known = std::make_shared<const std::vector<size_t>>(std::move(columns));
    return known;
  }

 private:
  Genes genes_;
  std::mutex mutex_;
  std::map<const Genes*, std::shared_ptr<const std::vector<size_t>>> known_;
};

RowReader read_omics(const Cohort::Impl& cohort, size_t input, const core::Learned& fitted) {
  struct State {
    State(const Cohort::Impl& cohort, size_t input, Genes genes, const core::Learned& learned)
        : learned_moments(moments_from(learned, genes.size())),
          harmonizer(cohort, input, learned, genes.size()),
          columns(std::move(genes)) {}
    std::vector<Moments> learned_moments;
    Harmonizer harmonizer;
    GeneColumns columns;
  };
  const auto state = std::make_shared<State>(cohort, input, gene_features(fitted), fitted);
  return [&cohort, input, state](size_t row) {
    const auto& options = cohort.inputs[input].second;
    const auto& sample = cohort.samples[input][row];
    if (!sample.table) core::fail_data(sample.problem);
    const auto columns = state->columns.in(*sample.table);
    std::vector<float> values(columns->size());
    std::vector<double> raw(columns->size(), NAN);
    size_t known = 0;
    for (size_t i = 0; i < raw.size(); ++i) {
      raw[i] = transformed(*sample.table, sample.row, (*columns)[i], options.log);
      if (!std::isnan(raw[i])) ++known;
    }
    state->harmonizer.apply(row, raw);
    for (size_t i = 0; i < raw.size(); ++i)
      values[i] =
          z_score(raw[i], state->learned_moments[i].mean, state->learned_moments[i].deviation, options.clip);
    if (2 * known < values.size())
      core::fail_data(sample.table->source + ": only " + std::to_string(known) + " of " +
                      std::to_string(values.size()) + " genes have a value for this patient");
    return values;
  };
}

}  // namespace

const Tabular omics{"omics", fit_omics, gene_features, read_omics};

}  // namespace photo51::data
