#pragma once
/// What stands behind `#` in a mask's path, among the structures that the file holds.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace photo51::imaging {

/// Something that can be picked. Numbers need not differ: Slicer's layers reuse them.
struct Candidate {
  std::string name;
  int64_t number = 0;
  std::string more = {};  ///< said of it in lists: its volume, that it is empty
};

std::string list_of(const std::vector<Candidate>& all);

/// Indices of those that one word picks: the exact name first, then a number, then a pattern.
std::vector<size_t> matches_of(const std::string& word, const std::vector<Candidate>& all);

/// Indices of what `choice` picks of several `kind`s ("ROI", "segment"): of a lone one everything; `*` all;
/// else what each of its words, parted by commas, picks. Errors (data) that list what is there: none there,
/// none picked of several, no such one, a word that means several.
std::vector<size_t> pick(const std::string& choice, const std::vector<Candidate>& all, const char* kind,
                         const std::filesystem::path& place);

/// The one with this number. Errors (data): none, several.
size_t pick_number(int64_t number, const std::vector<Candidate>& all, const char* kind);

/// A label that the options ask for and a choice in the path exclude each other. Error (usage).
void require_one_choice(const std::string& choice, const std::optional<int64_t>& label);

}  // namespace photo51::imaging
