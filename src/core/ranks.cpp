#include "photo51/core/ranks.hpp"

#include <algorithm>
#include <cmath>

namespace photo51::core {

std::vector<double> ranks(std::span<const double> values) {
  std::vector<size_t> order;
  for (size_t i = 0; i < values.size(); ++i)
    if (!std::isnan(values[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size(), (static_cast<double>(order.size()) + 1) / 2);
  for (size_t begin = 0; begin < order.size();) {
    size_t end = begin;
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    for (size_t i = begin; i < end; ++i) rank[order[i]] = static_cast<double>(begin + end + 1) / 2;
    begin = end;
  }
  return rank;
}

std::vector<double> unit_ranks(std::span<const double> values) {
  std::vector<double> rank = ranks(values);
  double mean = 0, squares = 0;
  for (const double one : rank) mean += one / static_cast<double>(rank.size());
  for (double& one : rank) {
    one -= mean;
    squares += one * one;
  }
  const double length = std::sqrt(squares);
  for (double& one : rank) one = length > 1e-9 ? one / length : 0;
  return rank;
}

}  // namespace photo51::core
