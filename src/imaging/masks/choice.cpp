#include "imaging/masks/choice.hpp"

#include <numeric>

#include "imaging/dicom/select.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

std::vector<Candidate> some_of(const std::vector<Candidate>& all, const std::vector<size_t>& which) {
  std::vector<Candidate> some;
  for (const size_t i : which) some.push_back(all[i]);
  return some;
}

}  // namespace

std::string list_of(const std::vector<Candidate>& all) {
  std::string lines;
  for (const Candidate& c : all)
    lines += (lines.empty() ? " " : "; ") + std::to_string(c.number) + "  " + c.name +
             (c.more.empty() ? "" : ", " + c.more);
  return lines;
}

std::vector<size_t> matches_of(const std::string& word, const std::vector<Candidate>& all) {
  std::vector<size_t> found;
  const auto take = [&](auto&& test) {
    for (size_t i = 0; i < all.size(); ++i)
      if (test(all[i])) found.push_back(i);
    return !found.empty();
  };
  if (take([&](const Candidate& c) { return c.name == word; })) return found;
  const auto number = core::parse_int(word);
  if (number && take([&](const Candidate& c) { return c.number == *number; })) return found;
  take([&](const Candidate& c) { return matches_pattern(c.name, word); });
  return found;
}

std::vector<size_t> pick(const std::string& choice, const std::vector<Candidate>& all, const char* kind,
                         const std::filesystem::path& place) {
  const std::string several = std::string(kind) + "s";
  if (all.empty()) core::fail_data("holds no " + std::string(kind));
  if (choice.empty()) {
    if (all.size() == 1) return {0};
    core::fail_data("holds " + std::to_string(all.size()) + " " + several + "; choose one as " +
                    place.filename().string() + "#NAME, or unite some with commas:" + list_of(all));
  }
  if (choice == "*") {
    std::vector<size_t> found(all.size());
    std::iota(found.begin(), found.end(), 0);
    return found;
  }
  std::vector<size_t> found;
  std::vector<std::string> words{choice};
  if (matches_of(choice, all).empty()) words = core::split(choice, ',');
  for (const std::string& part : words) {
    const std::string word(core::trim(part));
    const auto matched = matches_of(word, all);
    if (matched.empty())
      core::fail_data("has no " + std::string(kind) + " `" + word + "`; it has" + list_of(all));
    if (matched.size() > 1)
      core::fail_data("`" + word + "` means several " + several +
                      "; choose one, by its number where names are equal:" + list_of(some_of(all, matched)));
    found.push_back(matched[0]);
  }
  return found;
}

size_t pick_number(int64_t number, const std::vector<Candidate>& all, const char* kind) {
  std::vector<size_t> found;
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].number == number) found.push_back(i);
  if (found.size() == 1) return found[0];
  if (found.empty())
    core::fail_data("has no " + std::string(kind) + " with the number " + std::to_string(number) +
                    "; it has" + list_of(all));
  core::fail_data("several " + std::string(kind) + "s have the number " + std::to_string(number) +
                  "; choose one by its name:" + list_of(some_of(all, found)));
}

void require_one_choice(const std::string& choice, const std::optional<int64_t>& label) {
  if (!label || choice.empty() || choice == std::to_string(*label)) return;
  core::fail_usage("`#" + choice + "` and the label " + std::to_string(*label) +
                   " both choose what of the mask is the region; leave one of them out");
}

}  // namespace photo51::imaging
