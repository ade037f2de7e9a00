#pragma once
/// What is kept in memory of cases between epochs and folds.

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "data/images/prepared_image.hpp"
#include "data/load/patch.hpp"

namespace photo51::data {

/// Which image: of a bag, which instance; else 0. Inputs are followed by the maps of heads, by number.
struct ImageKey {
  size_t input, row, instance;
  bool operator<(const ImageKey& other) const {
    return std::tie(input, row, instance) < std::tie(other.input, other.row, other.instance);
  }
};

/// Prepared images.
class ImageCache {
 public:
  explicit ImageCache(int64_t budget) : budget_(budget) {}

  std::shared_ptr<const PreparedImage> find(const ImageKey& key) {
    const std::scoped_lock lock(mutex_);
    const auto known = images_.find(key);
    return known != images_.end() ? known->second : nullptr;
  }
  /// Every epoch goes through all cases, so what came first stays: dropping the oldest would drop them all.
  void keep(const ImageKey& key, const std::shared_ptr<const PreparedImage>& image) {
    const auto bytes = static_cast<int64_t>(image->prepared.values.nbytes());
    const std::scoped_lock lock(mutex_);
    if (used_ + bytes <= budget_ && images_.emplace(key, image).second) used_ += bytes;
  }

 private:
  int64_t budget_, used_ = 0;  ///< bytes
  std::mutex mutex_;
  std::map<ImageKey, std::shared_ptr<const PreparedImage>> images_;
};

/// Places of classes are few beside images and always kept.
class PlaceCache {
 public:
  template <class Make>
  std::shared_ptr<const ClassPlaces> of(const ImageKey& key, const Make& make) {
    {
      const std::scoped_lock lock(mutex_);
      if (const auto known = places_.find(key); known != places_.end()) return known->second;
    }
    auto made = std::make_shared<const ClassPlaces>(make());
    const std::scoped_lock lock(mutex_);
    return places_.emplace(key, std::move(made)).first->second;
  }

 private:
  std::mutex mutex_;
  std::map<ImageKey, std::shared_ptr<const ClassPlaces>> places_;
};

}  // namespace photo51::data
