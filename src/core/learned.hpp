#pragma once
/// What was learned in training, as JSON from a model's file, which a stranger may have made or damaged.
/// Nothing of it is used before its type, size and range are checked.

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::core {

/// Error (data): not JSON, a number that no double holds, nested deeper than anything that is learned.
nlohmann::json parse_learned(std::string_view text);

/// A place in such JSON. Every error (data) names the place, what is wrong with it, and the remedy. It refers
/// to the JSON, which has to outlive it.
class Learned {
 public:
  /// `place` is what errors call it; empty = the whole.
  explicit Learned(const nlohmann::json& json, std::string place = "")
      : json_(&json), place_(std::move(place)) {}

  bool has(const std::string& name) const;  ///< an object, with something other than null of this name
  Learned at(const std::string& name) const;
  Learned at(size_t index) const;  ///< of a list
  std::vector<std::string> keys() const;
  size_t size() const;               ///< of a list
  bool is_null(size_t index) const;  ///< of a list

  static constexpr double widest = std::numeric_limits<double>::max();
  double number(double least = -widest, double most = widest) const;  ///< finite
  int64_t whole(int64_t least, int64_t most) const;
  bool flag() const;
  std::string text() const;
  /// Numbers that are written as text.
  double number_in_text(double least = -widest, double most = widest) const;
  int64_t whole_in_text(int64_t least, int64_t most) const;

  std::vector<double> numbers(size_t count, double least = -widest, double most = widest) const;
  std::vector<int64_t> wholes(size_t count, int64_t least, int64_t most) const;
  std::vector<std::string> texts() const;
  std::vector<std::string> different_texts() const;  ///< none of them twice

  [[noreturn]] void fail(const std::string& problem) const;

 private:
  void require_size(size_t count) const;

  const nlohmann::json* json_;
  std::string place_;
};

}  // namespace photo51::core
