#include "training/plan/yaml_text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "photo51/core/cells.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"

namespace photo51::training {
namespace {

constexpr size_t widest = 110;

bool is_plain_word(const std::string& text) {
  if (text.empty() || std::isalpha(static_cast<unsigned char>(text[0])) == 0) return false;
  for (const char c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_' && c != '-' && c != '.' && c != '/')
      return false;
  for (const char* other : {"yes", "no", "true", "false", "on", "off", "null", "y", "n"})
    if (core::spelling(text) == other) return false;
  return true;
}

}  // namespace

std::string yaml_word(const std::string& text) {
  if (is_plain_word(text)) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    if (c == '\n' || c == '\t')
      quoted += c == '\n' ? "\\n" : "\\t";
    else
      quoted += c;
  }
  return quoted + "\"";
}

std::string yaml_list(const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const auto& word : words) quoted.push_back(yaml_word(word));
  return "[" + core::join(quoted, ", ") + "]";
}

std::string yaml_list(const std::vector<int64_t>& numbers) {
  std::vector<std::string> parts;
  for (const int64_t number : numbers) parts.push_back(std::to_string(number));
  return "[" + core::join(parts, ", ") + "]";
}

std::string yaml_number(double number, int digits) {
  char text[40];
  std::snprintf(text, sizeof text, "%.*g", digits, number);
  return core::format_number(core::parse_double(text).value_or(number));
}

std::string yaml_list(const std::vector<double>& numbers, int digits) {
  std::vector<std::string> parts;
  for (const double number : numbers) parts.push_back(yaml_number(number, digits));
  return "[" + core::join(parts, ", ") + "]";
}

void YamlText::comment(int indent, const std::string& text) {
  const std::string begin = std::string(static_cast<size_t>(2 * indent), ' ') + "#";
  std::string line = begin;
  for (const auto& word : core::split(core::shown(text), ' ')) {
    if (line.size() > begin.size() && line.size() + 1 + word.size() > widest) {
      text_ += line + "\n";
      line = begin;
    }
    line += " " + word;
  }
  text_ += line + "\n";
}

void YamlText::add(int level, const std::string& entry, const std::string& why) {
  const std::string line = std::string(static_cast<size_t>(2 * level), ' ') + entry;
  const std::string behind = "   # " + core::shown(why);
  const bool fits = line.size() + behind.size() <= widest;
  if (!why.empty() && !fits) comment(level, why);
  text_ += line + (!why.empty() && fits ? behind : "") + "\n";
}

}  // namespace photo51::training
