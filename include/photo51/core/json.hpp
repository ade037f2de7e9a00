#pragma once
/// JSON to text that any name may stand in, and back from a file that anyone may have written.

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "photo51/core/shown.hpp"

namespace photo51::core {

/// The document as text: bytes that are not UTF-8 (names of files) become replacement characters instead of
/// an exception, and what commands a terminal is escaped. `indent` < 0: on one line.
template <class Json>
std::string json_text(const Json& json, int indent = -1) {
  return shown_json(json.dump(indent, ' ', false, Json::error_handler_t::replace));
}

/// The document of a text. Nothing when it is no JSON, or nested more than 100 deep: code that walks a
/// document by calling itself would run out of stack.
std::optional<nlohmann::ordered_json> parse_json(std::string_view text);
/// The object in a file of at most 16 MiB. Error (data) that names the file, with `remedy`, when it holds
/// something else.
nlohmann::ordered_json read_json_object(const std::filesystem::path& file, const std::string& remedy);

}  // namespace photo51::core
