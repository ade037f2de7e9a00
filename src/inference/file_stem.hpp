#pragma once
/// Names of cases as names of files.

#include <string>

namespace photo51::inference {

/// A case's name as that of a file: all but letters, digits, `_`, `-` and dots inside as `%2F`.
std::string file_stem(const std::string& case_id);

}  // namespace photo51::inference
