#pragma once
/// Small text helpers: splitting, numbers that round-trip, and suggestions for misspelt names.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::core {

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

/// The whole of `text` as a number; nothing when it is not one. Locale-free.
std::optional<double> parse_double(std::string_view text);
std::optional<long long> parse_int(std::string_view text);

/// Whether it is finite and stays so as a float, which is what models compute with.
bool fits_float(double value);

/// The shortest text that reads back to the same number ("0.1", "3", "nan").
std::string format_number(double value);
std::string format_number(float value);
/// A fixed number of decimals.
std::string format_fixed(double value, int decimals);

/// The candidate nearest to `name` by edit distance, or an empty string when none is near.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);
/// " (did you mean `x`?)" or, when nothing is near, " (one of: a, b, c)".
std::string suggest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace photo51::core
