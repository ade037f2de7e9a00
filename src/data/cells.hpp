#pragma once
/// What a manifest cell says.

#include <string>

namespace photo51::data {

/// Nothing is known: blank, NA or nan.
inline bool is_blank(const std::string& cell) {
  return cell.empty() || cell == "NA" || cell == "na" || cell == "N/A" || cell == "n/a" || cell == "nan" ||
         cell == "NaN" || cell == "NAN";
}

}  // namespace photo51::data
