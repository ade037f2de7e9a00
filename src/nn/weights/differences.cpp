#include "photo51/nn/weights/differences.hpp"

#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

double largest_difference(const at::Tensor& first, const at::Tensor& second) {
  if (first.numel() == 0) return 0;
  const at::Tensor a = first.to(at::kDouble), b = second.to(at::kDouble);
  const double largest = (a - b).abs().max().item<double>(), scale = b.abs().max().item<double>();
  if (!std::isfinite(largest)) return std::numeric_limits<double>::infinity();
  return scale > 0 ? largest / scale : largest;
}

/// The numbers in a name, in order.
std::vector<std::string> numbers_in(const std::string& name) {
  std::vector<std::string> numbers;
  for (size_t at = 0; at < name.size(); ++at) {
    if (std::isdigit(static_cast<unsigned char>(name[at])) == 0) continue;
    const size_t end = std::min(name.find_first_not_of("0123456789", at), name.size());
    numbers.push_back(name.substr(at, end - at));
    at = end;
  }
  return numbers;
}

/// How many letters have to change, appear or vanish.
size_t letters_apart(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({change, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

/// Other numbers are another layer, whatever the letters.
size_t apart(const std::string& a, const std::string& b) {
  const auto first = numbers_in(a), second = numbers_in(b);
  constexpr size_t of_number = 20;
  size_t numbers = std::max(first.size(), second.size()) - std::min(first.size(), second.size());
  for (size_t i = 0; i < std::min(first.size(), second.size()); ++i) numbers += first[i] == second[i] ? 0 : 1;
  return letters_apart(a, b) + of_number * numbers;
}

/// The name with `*` for each number, if a part between two dots has one at most.
std::string starred(const std::string& name) {
  std::vector<std::string> parts = core::split(name, '.');
  for (auto& part : parts) {
    if (numbers_in(part).size() > 1) return "";
    const size_t begin = part.find_first_of("0123456789");
    if (begin == std::string::npos) continue;
    const size_t end = std::min(part.find_first_not_of("0123456789", begin), part.size());
    part.replace(begin, end - begin, "*");
  }
  return core::join(parts, ".");
}

Dialect::Rename rule_of(const std::string& given, const std::string& own) {
  std::vector<std::string> from = core::split(given, '.'), to = core::split(own, '.');
  while (from.size() > 1 && to.size() > 1 && from.back() == to.back()) {
    from.pop_back();
    to.pop_back();
  }
  Dialect::Rename rule{core::join(from, "."), core::join(to, ".")};
  if (numbers_in(rule.from) != numbers_in(rule.to)) return rule;
  const std::string general_from = starred(rule.from), general_to = starred(rule.to);
  return general_from.empty() || general_to.empty() ? rule : Dialect::Rename{general_from, general_to};
}

}  // namespace

Differences differences(const Tensors& first, const Tensors& second) {
  Differences found;
  for (const auto& [name, a] : first) {
    const auto other = second.find(name);
    if (other == second.end()) {
      found.only_first.push_back(name);
      continue;
    }
    const at::Tensor& b = other->second;
    if (a.sizes() != b.sizes()) {
      found.changed.push_back({name, c10::str(a.sizes()) + " and " + c10::str(b.sizes())});
      continue;
    }
    const bool same_type = a.scalar_type() == b.scalar_type();
    if (same_type && at::equal(a, b)) {
      ++found.equal;
      continue;
    }
    found.changed.push_back(
        {name,
         same_type ? ""
                   : std::string(c10::toString(a.scalar_type())) + " and " + c10::toString(b.scalar_type()),
         largest_difference(a, b)});
  }
  for (const auto& entry : second)
    if (!first.contains(entry.first)) found.only_second.push_back(entry.first);
  return found;
}

std::vector<Dialect::Rename> propose_renames(const Tensors& given, const Tensors& own) {
  using Pair = std::tuple<size_t, std::string, std::string>;
  constexpr size_t most_pairs = 200'000;  // each takes microseconds
  std::vector<Pair> pairs;
  for (const auto& [theirs, values] : given) {
    if (own.contains(theirs)) continue;
    for (const auto& [ours, wanted] : own)
      if (!given.contains(ours) && values.sizes() == wanted.sizes() && pairs.size() < most_pairs)
        pairs.emplace_back(apart(theirs, ours), theirs, ours);
  }
  std::ranges::sort(pairs);
  std::set<std::string> taken, rules;
  std::vector<Dialect::Rename> renames;
  for (const auto& [distance, theirs, ours] : pairs) {
    if (taken.contains("<" + theirs) || taken.contains(">" + ours)) continue;
    taken.insert("<" + theirs);
    taken.insert(">" + ours);
    const Dialect::Rename rule = rule_of(theirs, ours);
    if (rules.insert(rule.from + "=" + rule.to).second) renames.push_back(rule);
  }
  std::ranges::sort(renames, {}, &Dialect::Rename::from);
  return renames;
}

}  // namespace photo51::nn
