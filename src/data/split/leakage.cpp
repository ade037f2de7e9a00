#include <map>

#include "data/cohort/cohort_impl.hpp"
#include "data/split/label_leakage.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/split/split.hpp"

namespace photo51::data {
namespace {

using Parts = std::map<int64_t, std::string>;

void place(const Cohort& cohort, Parts& parts, const std::vector<int64_t>& rows, const std::string& part) {
  for (const int64_t row : rows) {
    const auto [other, is_new] = parts.emplace(row, part);
    if (!is_new && other->second != part)
      core::fail_data("leakage: patient `" + cohort.id(row) + "` stands in the " + other->second +
                      " and in the " + part + " part");
  }
}

/// Error when rows that share a value of `column` stand in two parts.
void check_groups(const Cohort& cohort, const Parts& parts, const std::string& column) {
  std::map<std::string, int64_t> first;
  for (const auto& [row, part] : parts) {
    const std::string value = cohort.cell(row, column);
    if (value.empty()) continue;
    const int64_t other = first.emplace(value, row).first->second;
    if (parts.at(other) != part)
      core::fail_data("leakage: patients `" + cohort.id(other) + "` (" + parts.at(other) + ") and `" +
                      cohort.id(row) + "` (" + part + ") share `" + value + "` in column `" + column +
                      "` (cohort.split.group); hold out both or remove one of them from the manifest");
  }
}

}  // namespace

void check_leakage(const Cohort& cohort, const Split& split, const std::string& group_column) {
  check_label_leakage(cohort);
  const auto groups = identical_images(cohort.impl().files);
  for (const auto& fold : split.folds) {
    Parts parts;
    place(cohort, parts, fold.train, "training");
    place(cohort, parts, fold.validation, "validation");
    place(cohort, parts, split.test, "test");
    if (!group_column.empty()) check_groups(cohort, parts, group_column);
    for (const auto& group : groups) {
      const NamedImage* first = nullptr;
      for (const auto& image : group) {
        const auto part = parts.find(image.row);
        if (part == parts.end()) continue;
        if (first == nullptr) first = &image;
        const std::string& other = parts.at(first->row);
        if (other == part->second) continue;
        core::fail_data("leakage: the same image stands in two parts: " + first->path.string() +
                        " (patient `" + cohort.id(first->row) + "`, " + other + ") and " +
                        image.path.string() + " (patient `" + cohort.id(image.row) + "`, " + part->second +
                        "); remove one of them from the manifest");
      }
    }
  }
}

}  // namespace photo51::data
