#include "imaging/recent_files.hpp"

#include <iterator>
#include <utility>

#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"

namespace photo51::imaging {

namespace fs = std::filesystem;

FileBytes RecentFiles::held(const fs::path& path) {
  const auto stamp = core::stamp_of(path);
  return stamp ? find(path, *stamp) : nullptr;
}

FileBytes RecentFiles::read(const fs::path& path) {
  const auto stamp = core::stamp_of(path);
  if (!stamp || !fits(*stamp)) return nullptr;
  if (FileBytes bytes = find(path, *stamp)) return bytes;
  try {
    const core::RegularFile file(path);
    return read(path, file.descriptor());
  } catch (const core::Error&) {  // the reader that opens it says so in its own words
    return nullptr;
  }
}

FileBytes RecentFiles::read(const fs::path& path, int descriptor) {
  const auto stamp = core::stamp_of(descriptor);
  if (!stamp || !fits(*stamp)) return nullptr;
  const bool settled = stamp->is_settled();  // before its bytes are read
  const auto bytes = std::make_shared<std::string>(static_cast<size_t>(stamp->size), '\0');
  if (!core::read_all(descriptor, bytes->data(), bytes->size(), 0) || core::stamp_of(descriptor) != stamp)
    return nullptr;
  if (settled) hold({path.string(), *stamp, bytes});
  return bytes;
}

bool RecentFiles::fits(const core::FileStamp& stamp) const {
  return stamp.size > 0 && std::cmp_less_equal(stamp.size, limits_.file);
}

FileBytes RecentFiles::find(const fs::path& path, const core::FileStamp& stamp) {
  const std::scoped_lock lock(mutex_);
  const auto found = places_.find(path.string());
  if (found == places_.end()) return nullptr;
  const Place place = found->second;
  if (place->stamp != stamp) {
    let_go(place);
    return nullptr;
  }
  files_.splice(files_.end(), files_, place);
  return place->bytes;
}

void RecentFiles::hold(File file) {
  const std::scoped_lock lock(mutex_);
  if (const auto old = places_.find(file.path); old != places_.end()) let_go(old->second);
  bytes_ += file.bytes->size();
  files_.push_back(std::move(file));
  places_[files_.back().path] = std::prev(files_.end());
  while (bytes_ > limits_.all) let_go(files_.begin());
}

void RecentFiles::let_go(Place place) {
  bytes_ -= place->bytes->size();
  places_.erase(place->path);
  files_.erase(place);
}

RecentFiles& recent_files() {
  static RecentFiles all;
  return all;
}

}  // namespace photo51::imaging
