#pragma once
/// Mean and spread of what is known.

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/learned.hpp"

namespace photo51::data {

struct Moments {
  double mean = 0, deviation = 0;  ///< population deviation; 0 and 0 of no value
  std::optional<int64_t> count{};  ///< values behind them; a file does not keep it
};
/// Of the values that are not NaN.
Moments moments(const std::vector<double>& values);
/// Those of all values of both, to 1e-12 of their magnitudes (Chan, Golub and LeVeque, The American
/// Statistician 37(3), 1983). Error (usage): a count is not known.
Moments merge(const Moments& a, const Moments& b);

/// `mean` and `deviation` of so many features, and back.
std::vector<Moments> moments_from(const core::Learned& fitted, size_t count);
void add_to(nlohmann::json& json, const std::vector<Moments>& moments);

/// (value - mean) / deviation, clipped to ±clip when clip > 0; 0 for NaN and where nothing varied.
float z_score(double value, const Moments& moments, double clip);

/// What `merge` says of a state that was read from a file.
[[noreturn]] void fail_without_counts();

}  // namespace photo51::data
