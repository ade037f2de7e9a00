#include "core/learned.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/bounded_json.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::core {
namespace {

constexpr const char* remedy = "; train the model again, or export it anew";

std::string between(const std::string& least, const std::string& most) {
  return "is outside " + least + " to " + most;
}

double checked(double value, double least, double most, const Learned& place) {
  if (!std::isfinite(value)) place.fail("is not a finite number");
  if (value < least || value > most)
    place.fail(format_number(value) + " " + between(format_number(least), format_number(most)));
  return value;
}

}  // namespace

nlohmann::json parse_learned(std::string_view text) {
  constexpr int deepest = 32;
  try {
    return parse_bounded<nlohmann::json>(text, deepest);
  } catch (const TooDeep&) {
    fail_data("is nested deeper than " + std::to_string(deepest) + " levels" + remedy);
  } catch (const nlohmann::json::exception&) {  // whose text quotes the file
    fail_data(std::string("is not valid JSON") + remedy);
  }
}

void Learned::fail(const std::string& problem) const {
  fail_data((place_.empty() ? "what was learned" : "`" + place_ + "`") + ": " + problem + remedy);
}

bool Learned::has(const std::string& name) const {
  if (!json_->is_object()) fail("is not an object");
  const auto found = json_->find(name);
  return found != json_->end() && !found->is_null();
}

Learned Learned::at(const std::string& name) const {
  if (!json_->is_object()) fail("is not an object");
  const auto found = json_->find(name);
  if (found == json_->end()) fail("lacks `" + name + "`");
  return Learned(*found, place_.empty() ? name : place_ + "." + name);
}

Learned Learned::at(size_t index) const {
  if (index >= size()) fail("holds " + std::to_string(size()) + " entries only");
  return Learned((*json_)[index], place_ + "[" + std::to_string(index) + "]");
}

std::vector<std::string> Learned::keys() const {
  if (!json_->is_object()) fail("is not an object");
  std::vector<std::string> names;
  for (const auto& item : json_->items()) names.push_back(item.key());
  return names;
}

size_t Learned::size() const {
  if (!json_->is_array()) fail("is not a list");
  return json_->size();
}

void Learned::require_size(size_t count) const {
  if (size() != count)
    fail("holds " + std::to_string(size()) + " entries where " + std::to_string(count) + " are needed");
}

bool Learned::is_null(size_t index) const {
  if (index >= size()) fail("holds " + std::to_string(size()) + " entries only");
  return (*json_)[index].is_null();
}

double Learned::number(double least, double most) const {
  if (!json_->is_number()) fail("is not a finite number");
  return checked(json_->get<double>(), least, most, *this);
}

int64_t Learned::whole(int64_t least, int64_t most) const {
  if (!json_->is_number_integer()) fail("is not a whole number");
  const bool huge = json_->is_number_unsigned() &&
                    json_->get<uint64_t>() > static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  const int64_t value = huge ? 0 : json_->get<int64_t>();
  if (huge || value < least || value > most)
    fail(json_->dump() + " " + between(std::to_string(least), std::to_string(most)));
  return value;
}

bool Learned::flag() const {
  if (!json_->is_boolean()) fail("is neither true nor false");
  return json_->get<bool>();
}

std::string Learned::text() const {
  if (!json_->is_string()) fail("is not text");
  return json_->get<std::string>();
}

double Learned::number_in_text(double least, double most) const {
  const auto value = parse_double(text());
  if (!value) fail("is not a finite number");
  return checked(*value, least, most, *this);
}

int64_t Learned::whole_in_text(int64_t least, int64_t most) const {
  const auto value = parse_int(text());
  if (!value) fail("is not a whole number");
  if (*value < least || *value > most)
    fail(std::to_string(*value) + " " + between(std::to_string(least), std::to_string(most)));
  return *value;
}

std::vector<double> Learned::numbers(size_t count, double least, double most) const {
  require_size(count);
  std::vector<double> values;
  values.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const nlohmann::json& entry = (*json_)[i];
    const double value = entry.is_number() ? entry.get<double>() : std::nan("");
    if (!(value >= least && value <= most)) at(i).number(least, most);  // throws: it knows the words
    values.push_back(value);
  }
  return values;
}

std::vector<int64_t> Learned::wholes(size_t count, int64_t least, int64_t most) const {
  require_size(count);
  std::vector<int64_t> values;
  values.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const nlohmann::json& entry = (*json_)[i];
    const bool small =
        entry.is_number_integer() && (!entry.is_number_unsigned() || entry.get<uint64_t>() <= INT64_MAX);
    const int64_t value = small ? entry.get<int64_t>() : 0;
    if (!small || value < least || value > most) at(i).whole(least, most);  // throws: it knows the words
    values.push_back(value);
  }
  return values;
}

std::vector<std::string> Learned::texts() const {
  std::vector<std::string> values;
  const size_t count = size();
  for (size_t i = 0; i < count; ++i) values.push_back(at(i).text());
  return values;
}

std::vector<std::string> Learned::different_texts() const {
  auto values = texts();
  std::set<std::string_view> seen;
  for (const auto& value : values)
    if (!seen.insert(value).second) fail("holds `" + value + "` twice");
  return values;
}

}  // namespace photo51::core
