#include "photo51/data/modality/omics.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <unordered_map>

#include "data/tables/gene_sums.hpp"
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
Genes common_genes(const std::vector<const Sample*>& samples) {
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
Genes selected(Genes genes, const OmicsOptions& options, const std::string& source) {
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

/// Additive while the sums are there: which genes vary, and most, follows from their moments.
struct FittedGenes final : FittedInput {
  Genes genes;
  std::vector<Moments> moments;
  std::optional<FittedHarmonizer> harmonize;
  std::optional<GeneSums> all;  ///< a file does not keep them
  int64_t top_variable = 0;

  void choose(const std::vector<size_t>& kept, const Genes& of, const std::vector<Moments>& learned) {
    for (const size_t gene : kept) {
      genes.push_back(of[gene]);
      moments.push_back(learned[gene]);
    }
  }
  nlohmann::json to_json() const override {
    nlohmann::json json{{"genes", genes}};
    add_to(json, moments);
    if (harmonize) json["harmonize"] = harmonize->to_json();
    return json;
  }
  std::shared_ptr<const FittedInput> merged(const FittedInput& other) const override;
  std::shared_ptr<const FittedInput> with_categories(const VisitCategories& visit) const override {
    auto changed = std::make_shared<FittedGenes>(*this);
    if (changed->harmonize) changed->harmonize->visit(visit);
    return changed;
  }
};

std::shared_ptr<const FittedInput> FittedGenes::merged(const FittedInput& other) const {
  const auto& more = other_state<FittedGenes>(other);
  if (!all || !more.all) fail_without_counts();
  auto both = std::make_shared<FittedGenes>();
  both->top_variable = top_variable;
  both->all = merge(*all, *more.all);
  const auto kept = varying_genes(both->all->moments, top_variable);
  both->choose(kept, both->all->genes, both->all->moments);
  if (both->all->harmonize) both->harmonize = both->all->harmonize->of_features(kept);
  return both;
}

Fitted fit_omics(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  const auto& options = cohort.own<OmicsOptions>(input);
  std::vector<const Sample*> samples;
  std::vector<size_t> rows;
  for (const size_t row : train)
    if (cohort.stores.samples[input][row].table) {
      samples.push_back(&cohort.stores.samples[input][row]);
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
  std::optional<FittedHarmonizer> harmonize;
  if (options.harmonize.method != HarmonizeMethod::none) {
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
      values[i] = harmonize ? whole(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(gene))
                            : value_of(i, gene);
    learned.push_back(moments(values));
  }

  const auto kept = varying_genes(learned, options.top_variable);
  auto fitted = std::make_shared<FittedGenes>();
  fitted->top_variable = options.top_variable;
  fitted->choose(kept, genes, learned);
  if (harmonize) fitted->harmonize = harmonize->of_features(kept);
  // Tables of one kind, and of one value elsewhere, make sums that add up.
  const auto elsewhere = samples[0]->table->elsewhere;
  const bool alike = std::all_of(samples.begin(), samples.end(),
                                 [&](const auto* one) { return one->table->elsewhere == elsewhere; });
  if (alike)
    fitted->all = GeneSums{genes, std::move(learned), elsewhere, static_cast<int64_t>(samples.size()),
                           std::move(harmonize)};
  return fitted;
}

Fitted fitted_omics(const core::Learned& learned, const config::Choice& input) {
  auto fitted = std::make_shared<FittedGenes>();
  fitted->genes = learned.at("genes").texts();
  fitted->moments = moments_from(learned, fitted->genes.size());
  fitted->harmonize = harmonizer_from(learned, input.as<OmicsOptions>().harmonize, fitted->genes.size());
  return fitted;
}

InputInfo omics_info(const std::string& name, const config::Choice& /*input*/, const FittedInput* fitted) {
  InputInfo info;
  info.image = false;
  info.features = state_of<FittedGenes>(fitted, name).genes;
  info.channels = static_cast<int64_t>(info.features.size());
  return info;
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

RowReader read_omics(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted) {
  struct State {
    State(const Cohort::Impl& cohort, size_t input, const FittedGenes& learned)
        : moments(learned.moments), harmonizer(cohort, input, learned.harmonize), columns(learned.genes) {}
    std::vector<Moments> moments;
    Harmonizer harmonizer;
    GeneColumns columns;
  };
  const auto state =
      std::make_shared<State>(cohort, input, state_of<FittedGenes>(fitted, cohort.name(input)));
  return [&cohort, input, state](size_t row) {
    const auto& options = cohort.own<OmicsOptions>(input);
    const Sample& sample = cohort.stores.samples[input][row];
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
    for (size_t i = 0; i < raw.size(); ++i) values[i] = z_score(raw[i], state->moments[i], options.clip);
    if (2 * known < values.size())
      core::fail_data(sample.table->source + ": only " + std::to_string(known) + " of " +
                      std::to_string(values.size()) + " genes have a value for this patient");
    return values;
  };
}

bool has_sample(const Cohort::Impl& cohort, size_t input, size_t row) {
  const Sample& sample = cohort.stores.samples[input][row];
  return sample.table != nullptr || !sample.problem.empty();
}

std::vector<std::string> sample_problems(const Cohort::Impl& cohort, size_t input, size_t row) {
  const std::string& problem = cohort.stores.samples[input][row].problem;
  return problem.empty() ? std::vector<std::string>{} : std::vector{problem};
}

/// The genes of an input, one after the other, each once.
void each_gene(const Cohort::Impl& cohort, size_t input, const LookAtFeature& look) {
  const auto& samples = cohort.stores.samples[input];
  std::map<const Genes*, GenePlaces> places;
  std::set<std::string_view> names;
  size_t most = 1;  // genes of a table
  for (const auto& sample : samples) {
    if (!sample.table) continue;
    const Genes& genes = *sample.table->genes;
    most = std::max(most, genes.size());
    auto& place = places[&genes];
    if (!place.empty()) continue;
    place = positions(genes);
    names.insert(genes.begin(), genes.end());
  }
  FeatureValues feature{"", false, std::vector<double>(samples.size())};
  for (const auto name : names) {
    feature.named = "gene `" + std::string(name) + "`";
    for (size_t row = 0; row < samples.size(); ++row) {
      feature.values[row] = NAN;
      const auto& table = samples[row].table;
      if (!table) continue;
      const auto& place = places.at(table->genes.get());
      const auto found = place.find(name);
      if (found != place.end())
        feature.values[row] = table->row(samples[row].row)[found->second];
      else if (table->elsewhere)
        feature.values[row] = *table->elsewhere;
    }
    look(feature, most);
  }
}

}  // namespace

void describe(config::Fields& f, OmicsOptions& o) {
  f("table", o.table,
    "manifest column whose cells name the table (numbers, or mutations as a MAF), or a path relative to the "
    "manifest");
  f("sets", o.sets, "gene sets (GMT); keeps the genes of these sets");
  f("genes", o.genes, "keeps these genes");
  f("log", o.log, "log2(1 + x) before the z-score");
  describe_clip(f, o);
  f("top_variable", o.top_variable, "keeps the most variable genes of the training part; 0 = all",
    {.min = 0});
  describe_harmonize(f, o);
  f.check(!o.table.empty(), "table", "omics needs an expression table");
  f.check(o.sets.empty() || o.genes.empty(), "genes", "give either sets or genes, not both");
}

const Modality rows::omics{
    .component =
        config::component<OmicsOptions>("omics", "tables of genes by patients: expression, mutations"),
    .columns =
        [](const config::Choice& input) { return InputColumns{.table = input.as<OmicsOptions>().table}; },
    .has = has_sample,
    .info = omics_info,
    .fit = fit_omics,
    .fitted = fitted_omics,
    .problems = sample_problems,
    .numbers = NumberModality{.options = [](const config::Choice& input) -> const NumberOptions& {
                                return input.as<OmicsOptions>();
                              },
                              .reader = read_omics,
                              .each_feature = each_gene},
    .named_files =
        [](config::Choice& input) {
          return NamedFiles{.table = &options_of<OmicsOptions>(input).table, .reference = nullptr};
        },
    .training_keys = {"sets"}};

}  // namespace photo51::data
