#pragma once
/// Things made on demand, each once, and shared by threads.

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace photo51::data {

template <class Key, class T>
class Memoizer {
 public:
  /// With a capacity the things that were asked for longest ago are let go; 0 = all stay.
  explicit Memoizer(size_t capacity = 0) : capacity_(capacity) {}

  /// What `make` gives, now or earlier. A thread that asks meanwhile waits; when `make` throws, the next one
  /// tries again.
  std::shared_ptr<const T> get(const Key& key, const std::function<T()>& make) {
    const std::shared_ptr<Entry> entry = entry_of(key);
    const std::scoped_lock lock(entry->mutex);
    if (!entry->value) entry->value.emplace(make());
    return {entry, &*entry->value};
  }

 private:
  struct Entry {
    std::mutex mutex;
    std::optional<T> value;
    uint64_t asked = 0;
  };

  std::shared_ptr<Entry> entry_of(const Key& key) {
    const std::scoped_lock lock(mutex_);
    auto& entry = entries_[key];
    if (!entry) entry = std::make_shared<Entry>();
    entry->asked = ++clock_;
    auto found = entry;
    if (capacity_ > 0 && entries_.size() > capacity_) {
      auto oldest = entries_.begin();
      for (auto at = entries_.begin(); at != entries_.end(); ++at)
        if (at->second->asked < oldest->second->asked) oldest = at;
      entries_.erase(oldest);
    }
    return found;
  }

  size_t capacity_;
  uint64_t clock_ = 0;
  std::mutex mutex_;
  std::map<Key, std::shared_ptr<Entry>> entries_;
};

}  // namespace photo51::data
