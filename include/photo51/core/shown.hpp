#pragma once
/// Foreign text where people read it: names of files, cells of tables and words of other libraries may hold
/// what commands a terminal or hides what stands there.

#include <string>
#include <string_view>

namespace photo51::core {

/// The most bytes of one message; more is cut off and counted.
inline constexpr size_t longest_message = size_t{1} << 14;

/// `text` on one line that a terminal only shows: control characters (also line ends and tabs) and bytes that
/// are not UTF-8 as `\x1b`, marks that turn the direction of writing, line separators and the like as
/// `\u202e`. Of a longer text the end is left out.
std::string shown(std::string_view text, size_t most = longest_message);
/// Whether `shown` changes nothing but the length.
bool is_plain(std::string_view text);

/// `text` with bytes that are not UTF-8 as `\xf6`, and all else as it is: for files that are UTF-8.
std::string valid_utf8(std::string_view text);

/// Text of a JSON document with all that `shown` shows, and that may stand in JSON as it is, as JSON's own
/// escapes: it reads back the same.
std::string shown_json(std::string json);

}  // namespace photo51::core
