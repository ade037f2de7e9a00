#include "photo51/core/json.hpp"

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"

namespace photo51::core {
namespace {

using Json = nlohmann::ordered_json;

constexpr int deepest = 100;
constexpr MostBytes most_of_json{uint64_t{16} << 20, "is it the right file?"};

struct TooDeep {};

}  // namespace

std::optional<Json> parse_json(std::string_view text) {
  const auto look = [](int depth, Json::parse_event_t /*event*/, Json& /*parsed*/) {
    if (depth > deepest) throw TooDeep{};
    return true;
  };
  try {
    auto json = Json::parse(text, look, /*allow_exceptions=*/false);
    if (json.is_discarded()) return std::nullopt;
    return json;
  } catch (const TooDeep&) {
    return std::nullopt;
  } catch (const nlohmann::json::exception&) {  // a number out of range
    return std::nullopt;
  }
}

Json read_json_object(const std::filesystem::path& file, const std::string& remedy) {
  auto json = parse_json(read_file(file, most_of_json));
  if (!json || !json->is_object())
    fail_data(file.string() + ": is broken (it is no object of JSON); " + remedy);
  return std::move(*json);
}

}  // namespace photo51::core
