#pragma once
/// The feature files of one case as one bag.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/data/features/feature_file.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/case.hpp"

namespace photo51::data {

class FeatureFiles final : public BagSource {
 public:
  /// `views`: the manifest column of each file. `chosen`: numbers of instances, ascending; nothing: all.
  FeatureFiles(std::vector<std::shared_ptr<const FeatureFile>> files, std::vector<int64_t> views,
               std::vector<std::string> paths);
  /// Keeps these instances alone, whose numbers ascend.
  void choose(std::vector<size_t> numbers) { chosen_ = std::move(numbers); }
  int64_t count() const override;
  Instance read(int64_t index) const override;
  std::optional<Block> read_block(int64_t begin, int64_t count) const override;
  void leave_out(int64_t index, const core::Error& why) const override;
  std::string file(int64_t index) const override;
  const std::vector<std::shared_ptr<const FeatureFile>>& files() const { return files_; }
  const std::vector<int64_t>& views() const { return views_; }

 private:
  int64_t number_of(int64_t index) const {
    return chosen_ ? static_cast<int64_t>((*chosen_)[static_cast<size_t>(index)]) : index;
  }
  /// The file of an instance's number.
  size_t file_of(int64_t number) const;

  std::vector<std::shared_ptr<const FeatureFile>> files_;
  std::vector<int64_t> views_;
  std::vector<std::string> paths_;
  std::vector<int64_t> first_;  ///< number of each file's first instance, and how many there are
  std::optional<std::vector<size_t>> chosen_;
};

}  // namespace photo51::data
