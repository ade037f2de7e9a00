#pragma once
/// The files that a cohort's cases name, and what they hold as hashes.

#include <array>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "data/cohort/input_cells.hpp"

namespace photo51::data {

class DiskCache;

/// The files of one patient of one input; an empty path is a blank cell.
struct RowFiles {
  std::vector<std::filesystem::path> channels;       ///< of a bag: its files, view by view
  std::vector<std::filesystem::path> registrations;  ///< by channel, not of a bag
  std::filesystem::path mask;
  std::vector<size_t> views;                    ///< of a bag: the channel that each file comes from
  std::vector<double> mpps;                     ///< of slides, by channel; 0 = the manifest does not say
  std::optional<std::array<double, 2>> center;  ///< x, y: the one tile to show

  /// The channel that a file shows.
  size_t channel_of(size_t file) const { return views.empty() ? file : views[file]; }
};

class CaseFiles {
 public:
  /// Hashes are remembered there too, for other processes.
  void remember_in(std::shared_ptr<DiskCache> disk) { disk_ = std::move(disk); }
  void resize(size_t inputs) { rows_.resize(inputs); }
  /// Those of every row of an input that is read from files. Errors (data): a file that is not there, unless
  /// bad cases are skipped; a cell that is no number where one is needed.
  void find(const Manifest& manifest, size_t input, const std::string& name, const InputColumns& columns,
            const InputCells& cells);
  /// By row; empty for an input that is not read from files.
  const std::vector<RowFiles>& operator[](size_t input) const { return rows_[input]; }
  size_t size() const { return rows_.size(); }  ///< inputs

  /// XXH3 of a file or of a folder's files in name order; remembered.
  std::string hash_of(const std::filesystem::path& path) const;
  std::optional<std::string> known_hash(const std::filesystem::path& path) const;
  /// The same of many, several at a time, with progress; what cannot be read has no known hash then.
  void hash_all(const std::vector<std::filesystem::path>& paths, const std::string& title) const;

 private:
  std::vector<std::vector<RowFiles>> rows_;  ///< by input
  std::shared_ptr<DiskCache> disk_;          ///< null without `cohort.cache.folder`
  mutable std::mutex mutex_;
  mutable std::map<std::filesystem::path, std::string> hashes_;
};

/// An image of a row.
struct NamedImage {
  int64_t row;
  std::filesystem::path path;
};
/// Groups of images of different files with the same content. Masks are left out: two empty masks say
/// nothing. Only files of equal size are read.
std::vector<std::vector<NamedImage>> identical_images(const CaseFiles& files);

}  // namespace photo51::data
