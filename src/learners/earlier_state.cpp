#include "learners/earlier_state.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "core/learned.hpp"
#include "photo51/config/migrate.hpp"

namespace photo51::learners {
namespace {

constexpr int64_t most_columns = int64_t{1} << 31;

/// {"columns": C, "rows": [[…], …]}, float64 [rows, C]. Takes memory for what is there, not for what is
/// promised.
at::Tensor matrix_of(const core::Learned& place) {
  const int64_t columns = place.at("columns").whole(0, most_columns);
  const auto told = place.at("rows");
  const auto rows = static_cast<int64_t>(told.size());
  std::vector<double> values;
  for (size_t i = 0; i < told.size(); ++i) {
    const auto row = told.at(i).numbers(static_cast<size_t>(columns));
    values.insert(values.end(), row.begin(), row.end());
  }
  at::Tensor matrix = at::empty({rows, columns}, at::kDouble);
  std::copy(values.begin(), values.end(), matrix.mutable_data_ptr<double>());
  return matrix;
}

/// What stands at `place`, which `json` is, as tensors called `name` or `name.…`.
void flatten(const nlohmann::json& json, const core::Learned& place, const std::string& name, State& into) {
  if (json.is_object() && name.ends_with(".xgboost")) {
    into[name] = bytes_of(json.dump());
  } else if (json.is_object() && json.contains("rows")) {
    into[name] = matrix_of(place);
  } else if (json.is_object()) {
    for (const auto& [key, value] : json.items()) flatten(value, place.at(key), name + "." + key, into);
  } else if (json.is_array() && !json.empty() && json.front().is_object()) {
    for (size_t i = 0; i < json.size(); ++i)
      flatten(json[i], place.at(i), name + "." + std::to_string(i), into);
  } else if (json.is_array()) {
    into[name] = at::tensor(place.wholes(json.size(), INT64_MIN, INT64_MAX), at::kLong);
  } else if (json.is_number_integer()) {
    into[name] = whole_tensor(place.whole(INT64_MIN, INT64_MAX));
  } else {
    into[name] = number_tensor(place.number());
  }
}

}  // namespace

State state_of_earlier(std::string_view json) {
  const auto parsed = core::parse_learned(json);
  const core::Learned learned(parsed);
  State state{{"estimator", bytes_of(config::current_estimator(learned.at("learner").text()))},
              {"features", bytes_of(learned.at("names").texts())}};
  const auto fits = learned.at("fits");
  for (size_t i = 0; i < fits.size(); ++i) {
    if (!parsed["fits"][i].is_object()) fits.at(i).fail("is not an object");
    flatten(parsed["fits"][i], fits.at(i), "fits." + std::to_string(i), state);
  }
  return state;
}

}  // namespace photo51::learners
