#include "imaging/privacy/profile.hpp"

#include <cstdlib>
#include <unordered_map>
#include <utility>

#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

constexpr std::pair<const char*, Option> kOptions[] = {
    {"descriptors", Option::clean_descriptors},
    {"dates", Option::modified_dates},
    {"patient", Option::patient},
    {"device", Option::device},
    {"uids", Option::uids},
    {"institution", Option::institution},
    {"graphics", Option::clean_graphics},
    {"content", Option::clean_content},
};

ProfileEntry entry_of(const std::vector<std::string>& cells) {
  ProfileEntry entry;
  entry.keyword = cells[1];
  const std::string& action = cells[2];
  entry.removed = action.starts_with('X');
  entry.dummy = action == "Z" || action == "D" || action == "Z/D";
  entry.uid = action.find('U') != std::string::npos;
  for (const std::string& word : core::split(cells[3], '|'))
    for (const auto& [name, option] : kOptions)
      if (word == name) entry.kept_by.add(option);
  entry.uid = entry.uid || entry.kept_by.has(Option::uids);
  entry.date = entry.kept_by.has(Option::modified_dates);
  return entry;
}

using Table = std::unordered_map<uint32_t, ProfileEntry>;

/// Of repeating groups (60xx) the first stands for all.
Table read_table() {
  Table table;
  const std::vector<std::string> lines = core::split(deidentification_table(), '\n');
  for (size_t i = 1; i < lines.size(); ++i) {
    const std::vector<std::string> cells = core::split(lines[i], ',');
    if (cells.size() < 4) continue;
    std::string tag = cells[0];
    for (char& digit : tag)
      if (digit == 'x') digit = '0';
    table[static_cast<uint32_t>(std::strtoul(tag.c_str(), nullptr, 16))] = entry_of(cells);
  }
  return table;
}

}  // namespace

std::optional<Option> option_of_code(const std::string& code) {
  constexpr std::pair<const char*, Option> kCodes[] = {
      {"113100", Option::basic_profile},  {"113103", Option::clean_graphics},
      {"113104", Option::clean_content},  {"113105", Option::clean_descriptors},
      {"113107", Option::modified_dates}, {"113108", Option::patient},
      {"113109", Option::device},         {"113110", Option::uids},
      {"113111", Option::safe_private},   {"113112", Option::institution},
  };
  for (const auto& [number, option] : kCodes)
    if (code == number) return option;
  return {};
}

const ProfileEntry* profile_entry(uint16_t group, uint16_t element) {
  static const Table table = read_table();
  constexpr uint16_t kCurves = 0x5000, kOverlays = 0x6000, kRepeated = 0xFF00;
  if ((group & kRepeated) == kCurves) {
    group = kCurves;
    element = 0;  // all of a curve goes
  } else if ((group & kRepeated) == kOverlays) {
    group = kOverlays;
  }
  const auto found = table.find(static_cast<uint32_t>(group) << 16 | element);
  return found == table.end() ? nullptr : &found->second;
}

}  // namespace photo51::imaging
