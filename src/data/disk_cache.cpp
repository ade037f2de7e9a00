#include "data/disk_cache.hpp"

#include <ATen/ops/from_blob.h>
#include <sys/mman.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "data/locked_file.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 8> magic{'P', '5', '1', 'C', 'A', 'C', 'H', 'E'};
constexpr uint64_t format = 2, page = 4096;

/// What an entry begins with; then `meta_bytes` of JSON, and from the next whole page on the values.
struct Head {
  std::array<char, 8> mark{};
  uint64_t version = 0, meta_bytes = 0, values_at = 0, values_bytes = 0;
  std::array<char, 32> values_hash{};
  std::array<char, 32> head_hash{};  ///< of this struct with zeros here, and the JSON
};

void put(std::array<char, 32>& into, const std::string& hash) {
  std::copy_n(hash.begin(), into.size(), into.begin());
}

std::string head_hash(Head head, std::string_view meta) {
  head.head_hash = {};
  std::string bytes(sizeof head, '\0');
  std::memcpy(bytes.data(), &head, sizeof head);
  return core::hash_bytes(bytes.append(meta));
}

/// A file's content mapped privately: what is written to it stays in this process.
class Mapping {
 public:
  Mapping(int file, size_t bytes)
      : at_(::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0)), bytes_(bytes) {}
  ~Mapping() {
    if (*this) ::munmap(at_, bytes_);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  explicit operator bool() const { return at_ != MAP_FAILED; }
  char* data() const { return static_cast<char*>(at_); }

 private:
  void* at_;
  size_t bytes_;
};

bool write_all(int file, const char* from, size_t count) {
  while (count > 0) {
    const ssize_t wrote = ::write(file, from, count);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return false;
    from += wrote;
    count -= static_cast<size_t>(wrote);
  }
  return true;
}

}  // namespace

/// What an entry is made of, mapped from disk or not yet there.
struct DiskCache::Held {
  nlohmann::json told;          ///< the description, with its key
  std::shared_ptr<void> owner;  ///< of the values
  char* values = nullptr;
  size_t bytes = 0;

  static Held of(const std::string& key, const PreparedImage& image) {
    const auto& geometry = image.prepared.geometry;
    const auto values = std::make_shared<at::Tensor>(image.prepared.values.contiguous());
    return {{{"key", key},
             {"shape", values->sizes().vec()},
             {"size", geometry.size},
             {"spacing", geometry.spacing},
             {"origin", geometry.origin},
             {"direction", geometry.direction},
             {"landmarks", image.prepared.landmarks},
             {"regions", image.prepared.regions},
             {"warnings", to_json(image.warnings)},
             {"present", image.present},
             {"mask_present", image.mask_present}},
            values,
            static_cast<char*>(values->data_ptr()),
            values->nbytes()};
  }
  static Held of(const std::string& key, std::string made) {
    const auto text = std::make_shared<std::string>(std::move(made));
    return {{{"key", key}}, text, text->data(), text->size()};
  }

  PreparedImage image() const {
    PreparedImage image;
    told.at("size").get_to(image.prepared.geometry.size);
    told.at("spacing").get_to(image.prepared.geometry.spacing);
    told.at("origin").get_to(image.prepared.geometry.origin);
    told.at("direction").get_to(image.prepared.geometry.direction);
    told.at("landmarks").get_to(image.prepared.landmarks);
    told.at("regions").get_to(image.prepared.regions);
    image.warnings = file_warnings_from(told.at("warnings"));
    image.present = told.at("present").get<std::vector<bool>>();
    told.at("mask_present").get_to(image.mask_present);
    image.prepared.values = at::from_blob(
        values, told.at("shape").get<std::vector<int64_t>>(), [owner = owner](void*) {}, at::kFloat);
    return image;
  }
};

DiskCache::DiskCache(const CacheOptions& options)
    : folder_(fs::absolute(options.folder)),
      limit_(static_cast<int64_t>(options.max_gib * 1024 * 1024 * 1024)) {
  core::with_context("cohort.cache.folder", [&] { core::make_directories(folder_); });
  read_stamps();
}

fs::path DiskCache::path_of(const std::string& key) const {
  return folder_ / key.substr(0, 2) / (key + ".p51");
}

DiskCache::Held DiskCache::hold(const std::string& key, const std::function<Held()>& make) {
  if (auto found = read(key)) return std::move(*found);
  const fs::path path = path_of(key);
  std::error_code code;
  fs::create_directories(path.parent_path(), code);  // what is wrong with the disk, writing will say
  const FileLock lock(path.string() + ".lock");
  if (auto found = read(key)) return std::move(*found);  // another one has made it meanwhile
  if (fs::exists(path, code))
    core::log_warning(path.string() + ": this cache entry is damaged and is made again");
  Held made = make();
  write(key, made);
  if (auto kept = read(key)) return std::move(*kept);
  return made;
}

PreparedImage DiskCache::fetch(const std::string& key, const std::function<PreparedImage()>& make) {
  return hold(key, [&] { return Held::of(key, make()); }).image();
}

std::string DiskCache::fetch_text(const std::string& key, const std::function<std::string()>& make) {
  const Held held = hold(key, [&] { return Held::of(key, make()); });
  return {held.values, held.bytes};
}

/// Nothing when the file is not whole, not ours or of another key.
std::optional<DiskCache::Held> DiskCache::read(const std::string& key) const {
  const OpenFile file(path_of(key), O_RDONLY);
  struct stat is {};
  if (!file || ::fstat(file.get(), &is) != 0 || !S_ISREG(is.st_mode) ||
      static_cast<size_t>(is.st_size) < sizeof(Head))
    return std::nullopt;
  const auto bytes = static_cast<uint64_t>(is.st_size);
  const auto map = std::make_shared<Mapping>(file.get(), bytes);
  if (!*map) return std::nullopt;
  Head head;
  std::memcpy(&head, map->data(), sizeof head);
  if (head.mark != magic || head.version != format || head.meta_bytes > bytes - sizeof head ||
      head.values_at % page != 0 || head.values_at < sizeof head + head.meta_bytes ||
      head.values_at > bytes || head.values_bytes != bytes - head.values_at)
    return std::nullopt;
  const std::string_view meta(map->data() + sizeof head, head.meta_bytes);
  const std::string_view values(map->data() + head.values_at, head.values_bytes);
  const auto same = [](const std::array<char, 32>& hash, const std::string& other) {
    return std::string_view(hash.data(), hash.size()) == other;
  };
  if (!same(head.head_hash, head_hash(head, meta)) || !same(head.values_hash, core::hash_bytes(values)))
    return std::nullopt;
  auto told = nlohmann::json::parse(meta);  // its hash is right: it is what was written
  if (told.at("key") != key) return std::nullopt;
  ::futimens(file.get(), nullptr);  // when it was last read, for `sweep`
  return Held{std::move(told), map, map->data() + head.values_at, head.values_bytes};
}

void DiskCache::write(const std::string& key, const Held& entry) {
  const std::string_view bytes(entry.values, entry.bytes);
  const std::string meta = core::json_text(entry.told);
  Head head;
  head.mark = magic;
  head.version = format;
  head.meta_bytes = meta.size();
  head.values_at = (sizeof head + meta.size() + page - 1) / page * page;
  head.values_bytes = bytes.size();
  put(head.values_hash, core::hash_bytes(bytes));
  put(head.head_hash, head_hash(head, meta));
  std::string front(head.values_at, '\0');
  std::memcpy(front.data(), &head, sizeof head);
  meta.copy(front.data() + sizeof head, meta.size());
  const auto total = static_cast<int64_t>(front.size() + bytes.size());
  if (total > limit_)
    return warn_once(
        "a prepared image is larger than cohort.cache.max_gib, so it is not kept; raise max_gib");

  const fs::path path = path_of(key);
  const std::string temporary = path.string() + ".tmp" + std::to_string(::getpid());
  errno = 0;
  const OpenFile file(temporary, O_WRONLY | O_CREAT | O_TRUNC);
  // Held while it is written, so that `sweep` of another process can tell it from one left by the dead.
  const bool done = file && (file.lock(false), write_all(file.get(), front.data(), front.size())) &&
                    write_all(file.get(), bytes.data(), bytes.size()) && ::fsync(file.get()) == 0 &&
                    std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!done) {
    const std::string why = std::strerror(errno);
    ::unlink(temporary.c_str());
    return warn_once(folder_.string() + ": writing failed: " + why +
                     "; images are prepared anew where they are not in the cache; free some space or lower "
                     "cohort.cache.max_gib");
  }
  const int64_t before = written_.load();
  written_ = before > limit_ ? before : before + total;
  if (written_ > limit_ / 20) sweep();
}

void DiskCache::warn_once(const std::string& what) {
  if (!warned_.exchange(true)) core::log_warning("cache: " + what);
}

}  // namespace photo51::data
