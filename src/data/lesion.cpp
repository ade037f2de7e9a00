#include "photo51/radiomics/lesion.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/harmonize.hpp"
#include "data/lesion_kind.hpp"
#include "data/study.hpp"
#include "data/tabular.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {
namespace {

using Names = std::vector<std::string>;

/// The descriptors that the config keeps.
Names kept_names(const InputOptions& options) {
  return options.descriptors.empty()
             ? radiomics::lesion_descriptor_names(options.channels, reference_of(options))
             : options.descriptors;
}

std::vector<double> keep(const std::vector<double>& all, const InputOptions& options) {
  if (options.descriptors.empty()) return all;
  const Names names = radiomics::lesion_descriptor_names(options.channels, reference_of(options));
  std::vector<double> kept;
  for (const auto& name : options.descriptors)
    kept.push_back(all.at(static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin())));
  return kept;
}

std::vector<double> describe_lesion(const Cohort::Impl& cohort, size_t input, size_t row) {
  const auto& channels = cohort.inputs[input].second.channels;
  const Study study = read_study(cohort, input, row, imaging::Modality::unknown);
  // Raw intensities in LPS on the first channel's own grid, the mask with them.
  const auto prepared = preprocess::prepare(study.channels, study.mask, true, {}, nullptr, channels, nullptr,
                                            study.registrations);
  imaging::Volume image, mask;
  const auto count = static_cast<int64_t>(channels.size());
  image.data = prepared.values.narrow(0, 0, count).contiguous();
  image.geometry = mask.geometry = prepared.geometry;
  image.channels = channels;
  image.source = mask.source = cohort.files[input][row].mask.string();
  mask.data = prepared.values.narrow(0, count, 1).contiguous();
  const auto& options = cohort.inputs[input].second;
  return keep(radiomics::lesion_descriptors(image, study.present, mask, reference_of(options)), options);
}

double median(std::vector<double> values) {
  std::erase_if(values, [](double value) { return std::isnan(value); });
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

nlohmann::json fit_lesion(const Cohort::Impl& cohort, size_t input, const std::vector<size_t>& train) {
  std::vector<size_t> rows;
  for (const size_t row : train)
    if (cohort.has_input(input, row)) rows.push_back(row);
  std::vector<std::vector<double>> found(rows.size());
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(rows.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto at = static_cast<size_t>(i);
      try {
        found[at] = core::with_context("case " + cohort.ids[rows[at]],
                                       [&] { return raw_lesion(cohort, input, rows[at]); });
      } catch (const core::Error& error) {
        if (cohort.options.on_bad_case != "skip") throw;  // else the loader reports and counts it
        core::log_debug(error.what());
      }
    }
  });
  std::vector<size_t> read;
  for (size_t i = 0; i < rows.size(); ++i)
    if (!found[i].empty()) read.push_back(i);
  if (read.empty()) core::fail_data("no training patient has a lesion mask that can be read");

  const Names names = kept_names(cohort.inputs[input].second);
  Eigen::MatrixXd raw(static_cast<Eigen::Index>(read.size()), static_cast<Eigen::Index>(names.size()));
  std::vector<size_t> read_rows;
  for (const size_t i : read) {
    raw.row(static_cast<Eigen::Index>(read_rows.size())) =
        Eigen::Map<const Eigen::RowVectorXd>(found[i].data(), raw.cols());
    read_rows.push_back(rows[i]);
  }
  nlohmann::json harmonize = fit_harmonizer(cohort, input, read_rows, raw);
  nlohmann::json fitted{{"features", names}, {"median", Names()}, {"mean", Names()}, {"deviation", Names()}};
  if (!harmonize.is_null()) fitted["harmonize"] = std::move(harmonize);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto column = raw.col(static_cast<Eigen::Index>(i));
    std::vector<double> values(column.begin(), column.end());
    const double middle = median(values);
    for (double& value : values)
      if (std::isnan(value)) value = middle;
    const auto learnt = moments(values);
    fitted["median"].push_back(middle);
    fitted["mean"].push_back(learnt.mean);
    fitted["deviation"].push_back(learnt.deviation);
  }
  return fitted;
}

Names lesion_features(const nlohmann::json& fitted) {
  return fitted.at("features").get<Names>();
}

RowReader read_lesion(const Cohort::Impl& cohort, size_t input, const nlohmann::json& fitted) {
  const auto middle = fitted.at("median").get<std::vector<double>>();
  const auto mean = fitted.at("mean").get<std::vector<double>>();
  const auto deviation = fitted.at("deviation").get<std::vector<double>>();
  const Harmonizer harmonizer(cohort, input, fitted);
  return [&cohort, input, middle, mean, deviation, harmonizer](size_t row) {
    auto raw = raw_lesion(cohort, input, row);
    harmonizer.apply(row, raw);
    std::vector<float> values;
    for (size_t i = 0; i < raw.size(); ++i)
      values.push_back(z_score(std::isnan(raw[i]) ? middle[i] : raw[i], mean[i], deviation[i],
                               cohort.inputs[input].second.clip));
    return values;
  };
}

}  // namespace

std::vector<double> raw_lesion(const Cohort::Impl& cohort, size_t input, size_t row) {
  {
    const std::scoped_lock lock(cohort.mutex);
    if (const auto known = cohort.lesions.find({input, row}); known != cohort.lesions.end())
      return known->second;
  }
  auto values = describe_lesion(cohort, input, row);
  const std::scoped_lock lock(cohort.mutex);
  return cohort.lesions.emplace(std::pair{input, row}, std::move(values)).first->second;
}

const Tabular lesion{"lesion", fit_lesion, lesion_features, read_lesion};
const Tabular body_lesion{"body_lesion", fit_lesion, lesion_features, read_lesion};

}  // namespace photo51::data
