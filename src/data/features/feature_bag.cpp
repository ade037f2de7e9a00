#include "data/features/feature_bag.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>

#include <algorithm>

namespace photo51::data {

FeatureFiles::FeatureFiles(std::vector<std::shared_ptr<const FeatureFile>> files, std::vector<int64_t> views,
                           std::vector<std::string> paths)
    : files_(std::move(files)), views_(std::move(views)), paths_(std::move(paths)), first_{0} {
  for (const auto& file : files_) first_.push_back(first_.back() + file->count());
}

int64_t FeatureFiles::count() const {
  return chosen_ ? static_cast<int64_t>(chosen_->size()) : first_.back();
}

size_t FeatureFiles::file_of(int64_t number) const {
  return static_cast<size_t>(std::upper_bound(first_.begin(), first_.end(), number) - first_.begin()) - 1;
}

BagSource::Instance FeatureFiles::read(int64_t index) const {
  const int64_t number = number_of(index);
  const size_t file = file_of(number);
  return {files_[file]->rows(number - first_[file], 1)[0], views_[file]};
}

std::optional<BagSource::Block> FeatureFiles::read_block(int64_t begin, int64_t count) const {
  std::vector<at::Tensor> values, views;
  for (int64_t index = begin; index < begin + count;) {
    const int64_t number = number_of(index);
    const size_t file = file_of(number);
    if (chosen_) {
      std::vector<int64_t> rows;
      for (; index < begin + count && number_of(index) < first_[file + 1]; ++index)
        rows.push_back(number_of(index) - first_[file]);
      values.push_back(files_[file]->rows(rows));
    } else {
      const int64_t size = std::min(begin + count, first_[file + 1]) - number;
      values.push_back(files_[file]->rows(number - first_[file], size));
      index += size;
    }
    views.push_back(at::full({values.back().size(0)}, views_[file], at::kLong));
  }
  // One file's rows are not copied.
  if (values.size() == 1) return Block{values[0], views[0]};
  return Block{at::cat(values), at::cat(views)};
}

void FeatureFiles::leave_out(int64_t /*index*/, const core::Error& why) const {
  throw core::Error(why);
}

std::string FeatureFiles::file(int64_t index) const {
  return paths_[file_of(number_of(index))];
}

}  // namespace photo51::data
