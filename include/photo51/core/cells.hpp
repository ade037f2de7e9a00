#pragma once
/// What the cell of a table says.

#include <string>
#include <string_view>

namespace photo51::core {

/// Nothing is known. Without regard to case: an empty cell, NA, N/A, #N/A, <NA>, nan, null, none, `.`, `-`,
/// `--`, `'--`, unknown, not reported, not available, not applicable, not evaluated, and cBioPortal's words
/// in brackets, such as [Not Available], [Discrepancy] and [Completed].
bool is_blank(std::string_view cell);
/// Whether it is one of the blanks that some columns use as a value of their own: none, unknown, `.`, `-`.
bool is_doubtful_blank(std::string_view cell);

/// A number but for its decimal mark, a comma: `0,5`, `-1,25e3`. `1,234` is one too.
bool has_decimal_comma(std::string_view cell);
/// A day of the calendar: 2019-03-12, 12.03.2019, 3/12/19, 12-Mar-2019, with or without a time of day.
bool is_date(std::string_view cell);

/// Equal for spellings that mean one word: case, blanks and underscores do not count, nor how a number is
/// written (`1`, `1.0`).
std::string spelling(std::string_view cell);

}  // namespace photo51::core
