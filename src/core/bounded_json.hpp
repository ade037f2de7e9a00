#pragma once
/// JSON that others wrote, to a depth: what walks through a document, be it to copy or to write it, goes a
/// call deeper with every level, and the stack ends.

#include <nlohmann/json.hpp>
#include <string_view>

namespace photo51::core {

struct TooDeep {};

/// Throws TooDeep, and nlohmann::json::exception for what is no JSON.
template <class Json>
Json parse_bounded(std::string_view text, int deepest) {
  return Json::parse(text, [deepest](int depth, typename Json::parse_event_t, Json&) {
    if (depth > deepest) throw TooDeep{};
    return true;
  });
}

}  // namespace photo51::core
