#include <map>
#include <optional>
#include <set>

#include "data/cohort/cohort_impl.hpp"
#include "data/split/label_leakage.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// Nothing when it cannot be looked at; its case says so when it is read.
std::optional<uintmax_t> bytes_of(const fs::path& named) {
  const fs::path path = split_series(named).first;
  std::error_code code;
  if (!fs::exists(path, code)) return std::nullopt;
  try {
    const uintmax_t bytes = imaging::content_bytes(path);
    return bytes == 0 ? std::nullopt : std::optional(bytes);
  } catch (const core::Error&) {
    return std::nullopt;
  }
}

struct Image {
  int64_t row;
  fs::path path;
};

/// Groups of images of different patients with the same content. Masks are left out: two empty masks say
/// nothing. Only files of equal size are read.
std::vector<std::vector<Image>> identical_images(const Cohort& cohort) {
  const auto& impl = cohort.impl();
  std::map<uintmax_t, std::vector<Image>> by_size;
  std::set<std::pair<int64_t, fs::path>> seen;
  int64_t rows = 0;
  for (const auto& files : impl.files) rows += static_cast<int64_t>(files.size());
  std::optional<core::Progress> progress;
  progress.emplace("measuring images", rows, core::Progress::Show::if_slow);
  for (size_t input = 0; input < impl.inputs.size(); ++input)
    for (size_t row = 0; row < impl.files[input].size(); ++row, progress->advance())
      for (const auto& path : impl.files[input][row].channels)
        if (!path.empty() && seen.emplace(static_cast<int64_t>(row), path).second)
          if (const auto bytes = bytes_of(path)) by_size[*bytes].push_back({static_cast<int64_t>(row), path});
  progress.reset();
  std::set<fs::path> alike;
  for (const auto& [size, images] : by_size)
    for (const auto& image : images)
      if (images.size() > 1) alike.insert(image.path);
  impl.hash_all({alike.begin(), alike.end()}, "comparing images");
  std::vector<std::vector<Image>> groups;
  for (const auto& [size, images] : by_size) {
    if (images.size() < 2) continue;
    std::map<std::string, std::vector<Image>> by_hash;
    for (const auto& image : images)
      if (const auto hash = impl.known_hash(image.path)) by_hash[*hash].push_back(image);
    for (auto& [hash, same] : by_hash)
      if (same.size() > 1) groups.push_back(std::move(same));
  }
  return groups;
}

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
  const auto groups = identical_images(cohort);
  for (const auto& fold : split.folds) {
    Parts parts;
    place(cohort, parts, fold.train, "training");
    place(cohort, parts, fold.validation, "validation");
    place(cohort, parts, split.test, "test");
    if (!group_column.empty()) check_groups(cohort, parts, group_column);
    for (const auto& group : groups) {
      const Image* first = nullptr;
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
