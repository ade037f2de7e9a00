#pragma once
/// Bytes of text files as UTF-8.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::core {

/// The line, from 1, of the first byte that is not UTF-8; nothing when all is.
std::optional<int> line_of_bad_utf8(std::string_view text);

/// The text of a file as UTF-8 without a byte order mark. UTF-16 with a mark is converted. Lines that are not
/// UTF-8 are read as Windows-1252, the code of Western spreadsheets, and `warnings` tells the first of them
/// (`source` is the file's name). Errors (data): UTF-16 that is damaged, bytes that neither code has, a
/// spreadsheet or another file that holds no text.
std::string to_utf8(std::string bytes, const std::string& source, std::vector<std::string>& warnings);

}  // namespace photo51::core
