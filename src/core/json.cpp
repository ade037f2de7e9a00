#include "photo51/core/json.hpp"

#include "core/bounded_json.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"

namespace photo51::core {
namespace {

using Json = nlohmann::ordered_json;

constexpr MostBytes most_of_json{uint64_t{16} << 20, "is it the right file?"};

}  // namespace

std::optional<Json> parse_json(std::string_view text) {
  try {
    return parse_bounded<Json>(text, 100);
  } catch (const TooDeep&) {
    return std::nullopt;
  } catch (const Json::exception&) {
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
