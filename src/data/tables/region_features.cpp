#include "data/tables/region_features.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "data/cache/disk_cache.hpp"
#include "data/images/problems.hpp"
#include "data/tables/feature_filter.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/core/version.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;
using Cases = std::vector<std::shared_ptr<const Described>>;

/// To be raised with every change that gives descriptions other values, within one version of photo51.
constexpr int computation = 2;

/// Whatever the values depend on: the files' content and all options but those that come after.
std::string key_of(const Cohort::Impl& cohort, size_t input, size_t row, bool perturbed,
                   const std::string& options) {
  const RowFiles& files = cohort.files[input][row];
  const auto& channels = cohort.names[input].channels;
  std::string text = (perturbed ? "perturbed " : "described ") + std::to_string(computation) + "\n" +
                     std::string(core::version()) + "\n";
  const auto add = [&](const std::string& name, const std::filesystem::path& file) {
    text += name + " " + (file.empty() ? "absent" : cohort.files.hash_of(file)) + "\n";
  };
  for (size_t i = 0; i < files.channels.size(); ++i) {
    add(channels[i], files.channels[i]);
    add(channels[i] + ".registration", files.registrations[i]);
  }
  add("mask", files.mask);
  return core::hash_bytes(text + cohort.choice(input).name + "\n" + options);
}

std::string to_text(const Described& described) {
  return core::json_text(nlohmann::json{
      {"names", *described.names}, {"values", described.values}, {"warnings", to_json(described.warnings)}});
}

Described from_text(const std::string& text) {
  const auto told = nlohmann::json::parse(text);
  Described described;
  described.names = std::make_shared<const Names>(told.at("names").get<Names>());
  for (const auto& value : told.at("values"))
    described.values.push_back(value.is_null() ? NAN : value.get<double>());
  described.warnings = file_warnings_from(told.at("warnings"));
  return described;
}

/// Nothing when it is not what `to_text` wrote: an entry's checksums tell of damage only.
std::optional<Described> read_text(const std::string& text, bool perturbed) {
  try {
    Described described = from_text(text);
    const size_t names = described.names->size(), values = described.values.size();
    if (perturbed ? names > 0 && values % names == 0 : values == names) return described;
  } catch (const nlohmann::json::exception& error) {
    core::log_debug(std::string("a cached description: ") + error.what());
  }
  return std::nullopt;
}

/// Where features stand in lists of names, each list looked through once.
class Positions {
 public:
  explicit Positions(Names features) : features_(std::move(features)) {}

  /// By feature; the list's length where it has none of that name.
  std::shared_ptr<const std::vector<size_t>> in(const std::shared_ptr<const Names>& names) {
    const std::scoped_lock lock(mutex_);
    auto& known = known_[names.get()];
    if (known) return known;
    std::unordered_map<std::string_view, size_t> at;
    for (size_t i = 0; i < names->size(); ++i) at.emplace((*names)[i], i);
    std::vector<size_t> positions;
    for (const auto& feature : features_) {
      const auto found = at.find(feature);
      positions.push_back(found == at.end() ? names->size() : found->second);
    }
    known = std::make_shared<const std::vector<size_t>>(std::move(positions));
    return known;
  }

  std::vector<double> values(const Described& described) {
    std::vector<double> values;
    for (const size_t at : *in(described.names))
      values.push_back(at < described.values.size() ? described.values[at] : NAN);
    return values;
  }

 private:
  Names features_;
  std::mutex mutex_;
  std::map<const Names*, std::shared_ptr<const std::vector<size_t>>> known_;
};

/// What the training cases have, in the order in which they first have it.
Names all_names(const Cases& cases) {
  Names names;
  std::map<std::string_view, size_t> seen;
  const Names* last = nullptr;
  for (const auto& one : cases) {
    if (one->names.get() == last) continue;
    last = one->names.get();
    for (const auto& name : *last)
      if (seen.emplace(name, names.size()).second) names.push_back(name);
  }
  return names;
}

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Fills in what is unknown and returns what with.
std::vector<double> impute(Eigen::MatrixXd& values) {
  std::vector<double> medians;
  for (Eigen::Index i = 0; i < values.cols(); ++i) {
    auto column = values.col(i);
    const double middle = median({column.begin(), column.end()});
    for (double& value : column)
      if (std::isnan(value)) value = middle;
    medians.push_back(middle);
  }
  return medians;
}

template <class T>
std::vector<T> chosen(const std::vector<T>& all, const std::vector<size_t>& which) {
  std::vector<T> some;
  for (const size_t i : which) some.push_back(all[i]);
  return some;
}

/// Features by variance and correlation.
std::vector<size_t> informative(const Eigen::MatrixXd& values, const FilterOptions& filter) {
  const auto columns = static_cast<size_t>(values.cols());
  std::vector<size_t> kept = varying_features(values, filter.variance);
  require_some(columns, kept, "variance");
  if (filter.correlation <= 0) return kept;
  Eigen::MatrixXd left(values.rows(), static_cast<Eigen::Index>(kept.size()));
  for (size_t i = 0; i < kept.size(); ++i)
    left.col(static_cast<Eigen::Index>(i)) = values.col(static_cast<Eigen::Index>(kept[i]));
  const auto apart = uncorrelated_features(left, filter.correlation);
  require_some(kept.size(), apart, "correlation");
  return chosen(kept, apart);
}

}  // namespace

void require_some(size_t before, const std::vector<size_t>& kept, const std::string& filter) {
  if (kept.empty())
    core::fail_data("filter." + filter + ": none of " + std::to_string(before) +
                    " features is left; make it milder");
  core::log_info("filter." + filter + " keeps " + std::to_string(kept.size()) + " of " +
                 std::to_string(before) + " features");
}

std::shared_ptr<const Described> described(const Cohort::Impl& cohort, size_t input, size_t row,
                                           bool perturbed) {
  return cohort.stores.descriptions.get({input, row, perturbed}, [&]() -> Described {
    const Description how = cohort.modality(input).region->describe(cohort, input, row, perturbed);
    Described made;
    std::optional<Described> kept;
    if (const auto& disk = cohort.stores.disk) {
      const std::string key = key_of(cohort, input, row, perturbed, how.options);
      kept = read_text(disk->fetch_text(key, [&] { return to_text(how.compute()); }), perturbed);
      if (!kept) core::log_warning(disk->path_of(key).string() + ": holds no description; it is made anew");
    }
    made = kept ? std::move(*kept) : how.compute();
    cohort.report(input, row, 0, made.warnings);
    made.names = cohort.stores.shared_names(made.names);
    return made;
  });
}

Cases described_rows(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& rows,
                     bool perturbed) {
  Cases cases(rows.size());
  core::Progress progress("describing " + cohort.name(input), static_cast<int64_t>(rows.size()),
                          core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(rows.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      try {
        cases[at] = core::with_context("case " + cohort.ids[rows[at]],
                                       [&] { return described(cohort, input, rows[at], perturbed); });
      } catch (const core::Error& error) {
        // else the loader reports and counts it
        if (cohort.options.on_bad_case != BadCase::skip || error.fault() != core::Fault::data) throw;
        core::log_debug(error.what());
      }
      progress.advance();
    }
  });
  return cases;
}

namespace {

/// Medians, and features that were chosen by ranks or on a sample: nothing that adds up.
struct FittedRegion final : FittedInput {
  Names features;
  std::vector<double> median;
  std::vector<Moments> moments;
  std::optional<FittedHarmonizer> harmonize;
  bool by_correlation = false, by_reliability = false;  ///< how features were chosen; a file does not say

  nlohmann::json to_json() const override {
    nlohmann::json json{{"features", features}, {"median", median}};
    add_to(json, moments);
    if (harmonize) json["harmonize"] = harmonize->to_json();
    return json;
  }
  std::shared_ptr<const FittedInput> merged(const FittedInput& /*other*/) const override {
    if (by_reliability)
      core::fail_usage(
          "filter.reliability chose features on a sample of the training cases, which cannot be added up; "
          "choose them once and name them with `settings`");
    if (by_correlation)
      core::fail_usage(
          "filter.correlation chose features by ranks over the training part, which cannot be added up; set "
          "filter.correlation: 0 and leave the choice to a head's feature_selection");
    core::fail_usage(
        "unknown features take the training median, and medians cannot be added up; write the features once "
        "with `photo51 radiomics` and read them as clinical columns, whose gaps take the mean");
  }
  std::shared_ptr<const FittedInput> with_categories(const VisitCategories& visit) const override {
    auto changed = std::make_shared<FittedRegion>(*this);
    if (changed->harmonize) changed->harmonize->visit(visit);
    return changed;
  }
};

}  // namespace

Fitted fit_region(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train,
                  const FilterOptions& filter, const KeepFeatures& keep) {
  std::vector<size_t> present, rows;
  for (const size_t row : train)
    if (cohort.has_input(input, row)) present.push_back(row);
  Cases cases = described_rows(cohort, input, present);
  for (size_t i = 0; i < cases.size(); ++i)
    if (cases[i]) rows.push_back(present[i]);
  std::erase(cases, nullptr);
  if (rows.empty()) core::fail_data("no training patient has a lesion mask that can be read");

  Names names = all_names(cases);
  if (keep) names = chosen(names, keep(rows, names));
  Positions positions(names);
  Eigen::MatrixXd values(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(names.size()));
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto row = positions.values(*cases[i]);
    values.row(static_cast<Eigen::Index>(i)) =
        Eigen::Map<const Eigen::RowVectorXd>(row.data(), values.cols());
  }
  const auto harmonize = fit_harmonizer(cohort, input, rows, values);
  const auto medians = impute(values);
  std::vector<size_t> kept(names.size());
  std::iota(kept.begin(), kept.end(), size_t{0});
  if (keep || filter.variance > 0 || filter.correlation > 0) kept = informative(values, filter);

  auto fitted = std::make_shared<FittedRegion>();
  fitted->features = chosen(names, kept);
  fitted->median = chosen(medians, kept);
  for (const size_t i : kept) {
    const auto column = values.col(static_cast<Eigen::Index>(i));
    fitted->moments.push_back(moments({column.begin(), column.end()}));
  }
  if (harmonize) fitted->harmonize = harmonize->of_features(kept);
  fitted->by_reliability = static_cast<bool>(keep);
  fitted->by_correlation = filter.correlation > 0;
  return fitted;
}

Fitted fitted_region(const core::Learned& learned, const config::Choice& input) {
  auto fitted = std::make_shared<FittedRegion>();
  fitted->features = learned.at("features").texts();
  const size_t count = fitted->features.size();
  fitted->median = learned.at("median").numbers(count);
  fitted->moments = moments_from(learned, count);
  fitted->harmonize = harmonizer_from(learned, modality_of(input).numbers->options(input).harmonize, count);
  return fitted;
}

InputInfo region_info(const std::string& name, const config::Choice& /*input*/, const FittedInput* fitted) {
  InputInfo info;
  info.image = false;
  info.features = state_of<FittedRegion>(fitted, name).features;
  info.channels = static_cast<int64_t>(info.features.size());
  return info;
}

RowReader read_region(const Cohort::Impl& cohort, size_t input, const FittedInput* fitted) {
  struct State {
    State(const Cohort::Impl& cohort, size_t input, const FittedRegion& learned)
        : fitted(learned), harmonizer(cohort, input, learned.harmonize), positions(learned.features) {}
    FittedRegion fitted;
    Harmonizer harmonizer;
    Positions positions;
  };
  const auto state =
      std::make_shared<State>(cohort, input, state_of<FittedRegion>(fitted, cohort.name(input)));
  return [&cohort, input, state](size_t row) {
    auto raw = state->positions.values(*described(cohort, input, row));
    state->harmonizer.apply(row, raw);
    const double clip = cohort.number_options(input).clip;
    std::vector<float> values;
    for (size_t i = 0; i < raw.size(); ++i)
      values.push_back(
          z_score(std::isnan(raw[i]) ? state->fitted.median[i] : raw[i], state->fitted.moments[i], clip));
    return values;
  };
}

std::vector<std::string> region_problems(const Cohort::Impl& cohort, size_t input, size_t row) {
  return problems_of_files(cohort, input, row, [&] { described(cohort, input, row); });
}

}  // namespace photo51::data
