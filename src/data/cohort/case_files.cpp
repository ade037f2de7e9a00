#include "data/cohort/case_files.hpp"

#include <set>

#include "data/cache/disk_cache.hpp"
#include "data/cohort/cells.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/progress.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

/// Where on slides the row looks, and how fine they are.
void find_places(const Manifest& manifest, const InputCells& cells, size_t row, RowFiles& named) {
  for (const auto& column : cells.mpps)
    named.mpps.push_back(column && !is_blank(manifest.cell(row, *column))
                             ? manifest.number(row, *column, "microns per pixel", 0.001)
                             : 0);
  if (cells.center.size() == 2 && cells.center[0] && cells.center[1] && !named.channels.empty() &&
      !named.channels[0].empty())
    named.center = {manifest.number(row, *cells.center[0], "a place on the slide in pixels", 0),
                    manifest.number(row, *cells.center[1], "a place on the slide in pixels", 0)};
}

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

}  // namespace

void CaseFiles::find(const Manifest& manifest, size_t input, const std::string& name,
                     const InputColumns& columns, const InputCells& cells) {
  // A network drive takes its time to say whether a file is there.
  core::Progress progress("looking for the files of " + name, static_cast<int64_t>(manifest.ids.size()),
                          core::Progress::Show::if_slow);
  for (size_t row = 0; row < manifest.ids.size(); ++row, progress.advance()) {
    RowFiles named;
    for (size_t view = 0; view < cells.channels.size() && columns.bag; ++view) {
      if (!cells.channels[view]) continue;
      for (auto& path : manifest.instance_files(row, *cells.channels[view])) {
        named.channels.push_back(std::move(path));
        named.views.push_back(view);
      }
    }
    if (!columns.bag) {
      for (const auto& column : cells.channels)
        named.channels.push_back(column ? manifest.file(row, *column) : fs::path());
      for (const auto& column : cells.registrations)
        named.registrations.push_back(column ? manifest.file(row, *column) : fs::path());
      if (cells.mask) named.mask = manifest.file(row, *cells.mask);
    }
    find_places(manifest, cells, row, named);
    rows_[input].push_back(std::move(named));
  }
}

std::string CaseFiles::hash_of(const fs::path& path) const {
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = hashes_.find(path); known != hashes_.end()) return known->second;
  }
  // Taken before the content is read: what changes in between gets another stamp.
  const std::string stamp = disk_ ? stamp_of(path) : "";
  std::string hash;
  if (const auto known = disk_ ? disk_->remembered(stamp) : std::nullopt) {
    hash = *known;
  } else if (const auto [folder_of_series, series] = split_series(path); !series.empty()) {
    hash = core::hash_bytes(hash_of(folder_of_series) + series);
  } else {
    hash = imaging::content_hash(path);
  }
  if (disk_) disk_->remember(stamp, hash);
  const std::scoped_lock lock(mutex_);
  return hashes_.emplace(path, std::move(hash)).first->second;
}

std::optional<std::string> CaseFiles::known_hash(const fs::path& path) const {
  const std::scoped_lock lock(mutex_);
  const auto known = hashes_.find(path);
  return known == hashes_.end() ? std::nullopt : std::optional(known->second);
}

void CaseFiles::hash_all(const std::vector<fs::path>& paths, const std::string& title) const {
  core::Progress progress(title, static_cast<int64_t>(paths.size()), core::Progress::Show::if_slow);
  core::ThreadPool pool;
  pool.parallel_for(static_cast<int64_t>(paths.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      try {
        hash_of(paths[static_cast<size_t>(i)]);
      } catch (const core::Error& error) {
        if (error.fault() != core::Fault::data) throw;  // else its case says so when it is read
      }
      progress.advance();
    }
  });
}

std::vector<std::vector<NamedImage>> identical_images(const CaseFiles& files) {
  std::map<uintmax_t, std::vector<NamedImage>> by_size;
  std::set<std::pair<int64_t, fs::path>> seen;
  int64_t rows = 0;
  for (size_t input = 0; input < files.size(); ++input) rows += static_cast<int64_t>(files[input].size());
  std::optional<core::Progress> progress;
  progress.emplace("measuring images", rows, core::Progress::Show::if_slow);
  for (size_t input = 0; input < files.size(); ++input)
    for (size_t row = 0; row < files[input].size(); ++row, progress->advance())
      for (const auto& path : files[input][row].channels)
        if (!path.empty() && seen.emplace(static_cast<int64_t>(row), path).second)
          if (const auto bytes = bytes_of(path)) by_size[*bytes].push_back({static_cast<int64_t>(row), path});
  progress.reset();
  std::set<fs::path> alike;
  for (const auto& [size, images] : by_size)
    for (const auto& image : images)
      if (images.size() > 1) alike.insert(image.path);
  files.hash_all({alike.begin(), alike.end()}, "comparing images");
  std::vector<std::vector<NamedImage>> groups;
  for (const auto& [size, images] : by_size) {
    if (images.size() < 2) continue;
    std::map<std::string, std::vector<NamedImage>> by_hash;
    for (const auto& image : images)
      if (const auto hash = files.known_hash(image.path)) by_hash[*hash].push_back(image);
    for (auto& [hash, same] : by_hash)
      if (same.size() > 1) groups.push_back(std::move(same));
  }
  return groups;
}

}  // namespace photo51::data
