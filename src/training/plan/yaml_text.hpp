#pragma once
/// A config as text with a comment beside each choice.

#include <cstdint>
#include <string>
#include <vector>

namespace photo51::training {

/// A scalar as YAML reads it back: quoted where it would be something else than this text.
std::string yaml_word(const std::string& text);
/// [a, b, c]
std::string yaml_list(const std::vector<std::string>& words);
std::string yaml_list(const std::vector<int64_t>& numbers);
/// With `decimals` significant digits.
std::string yaml_list(const std::vector<double>& numbers, int digits = 6);
/// A number of so many significant digits, without zeros at its end.
std::string yaml_number(double number, int digits = 6);

class YamlText {
 public:
  /// A line of its own, wrapped.
  void comment(int indent, const std::string& text);
  /// `entry` at a level of two blanks each, why behind it as a comment where there is room, else above.
  void add(int level, const std::string& entry, const std::string& why = "");
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace photo51::training
