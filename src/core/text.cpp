#include "photo51/core/text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace photo51::core {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0;;) {
    const size_t end = text.find(separator, begin);
    if (end == std::string_view::npos) {
      parts.emplace_back(text.substr(begin));
      return parts;
    }
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
  std::string joined;
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) joined += separator;
    joined += parts[i];
  }
  return joined;
}

namespace {

/// std::from_chars knows no leading plus; "+-3" is no number.
std::string_view without_plus(std::string_view text) {
  text = trim(text);
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  text = without_plus(text);
  double value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<long long> parse_int(std::string_view text) {
  text = without_plus(text);
  long long value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool fits_float(double value) {
  return std::abs(value) <= static_cast<double>(std::numeric_limits<float>::max());
}

namespace {

template <class Number>
std::string shortest(Number value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char buffer[64];
  const auto [end, code] = std::to_chars(buffer, buffer + sizeof buffer, value);
  return code == std::errc() ? std::string(buffer, end) : std::to_string(value);
}

constexpr size_t longest_name = 1000;  ///< that is compared letter by letter
constexpr size_t most_listed = 60;     ///< names in one message

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::string format_number(double value) {
  return shortest(value);
}
std::string format_number(float value) {
  return shortest(value);
}

std::string format_fixed(double value, int decimals) {
  if (!std::isfinite(value)) return shortest(value);
  char buffer[400];
  const auto [end, code] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  return code == std::errc() ? std::string(buffer, end) : shortest(value);
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(2, name.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    // At least as many letters differ as one name is longer, so most candidates need no closer look.
    const size_t longer = std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
    size_t distance = longer < best_distance && name.size() <= longest_name ? edit_distance(name, candidate)
                                                                            : best_distance;
    // `lr_rate` for `lr`, `resnet18` for `resnet`: a shared beginning counts as near.
    if (name.size() >= 2 && candidate.size() >= 2 &&
        (candidate.starts_with(name) || name.starts_with(candidate)))
      distance = std::min<size_t>(distance, 2);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggest(std::string_view name, const std::vector<std::string>& candidates) {
  const std::string near = nearest_name(name, candidates);
  if (!near.empty()) return " (did you mean `" + near + "`?)";
  if (candidates.empty()) return "";
  if (candidates.size() <= most_listed) return " (one of: " + join(candidates, ", ") + ")";
  const std::vector<std::string> some(candidates.begin(), candidates.begin() + most_listed);
  return " (one of: " + join(some, ", ") + " and " + std::to_string(candidates.size() - most_listed) +
         " more)";
}

}  // namespace photo51::core
