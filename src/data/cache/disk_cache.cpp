#include "data/cache/disk_cache.hpp"

#include <ATen/ops/from_blob.h>

#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/whole_io.hpp"
#include "data/cache/file_lock.hpp"
#include "data/cache/folder.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/temporary.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;

constexpr std::array<char, 8> magic{'P', '5', '1', 'C', 'A', 'C', 'H', 'E'};
constexpr uint64_t format = 4, page = 4096;

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

nlohmann::json grid_json(const imaging::Geometry& grid) {
  return {
      {"size", grid.size}, {"spacing", grid.spacing}, {"origin", grid.origin}, {"direction", grid.direction}};
}
void read_grid(const nlohmann::json& told, imaging::Geometry& grid) {
  told.at("size").get_to(grid.size);
  told.at("spacing").get_to(grid.spacing);
  told.at("origin").get_to(grid.origin);
  told.at("direction").get_to(grid.direction);
}

fs::path whole_path(const fs::path& folder) {
  const fs::path whole = fs::absolute(folder).lexically_normal();
  return core::behind_links(whole.has_filename() ? whole : whole.parent_path());
}

}  // namespace

/// What an entry is made of, read from disk or not yet there.
struct DiskCache::Held {
  nlohmann::json told;          ///< the description, with its key
  std::shared_ptr<void> owner;  ///< of the values
  char* values = nullptr;
  size_t bytes = 0;

  static Held of(const std::string& key, const PreparedImage& image) {
    const auto& geometry = image.prepared.geometry;
    const auto values = std::make_shared<at::Tensor>(image.prepared.values.contiguous());
    return {{{"key", key},
             {"dtype", values->scalar_type() == at::kByte ? "uint8" : "float32"},
             {"shape", values->sizes().vec()},
             {"size", geometry.size},
             {"spacing", geometry.spacing},
             {"origin", geometry.origin},
             {"direction", geometry.direction},
             {"frame", grid_json(image.prepared.frame)},
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

  /// Nothing when the description is not one of an image of so many bytes.
  std::optional<PreparedImage> image() const {
    try {
      return described_image();
    } catch (const nlohmann::json::exception& error) {
      core::log_debug(std::string("a cache entry's description: ") + error.what());
    } catch (const core::Error& error) {
      core::log_debug(std::string("a cache entry's description: ") + error.what());
    }
    return std::nullopt;
  }

 private:
  std::optional<PreparedImage> described_image() const {
    const bool stored = told.at("dtype") == "uint8";
    if (!stored && told.at("dtype") != "float32") return std::nullopt;
    const auto shape = told.at("shape").get<std::vector<int64_t>>();
    const size_t each = stored ? 1 : sizeof(float);
    uint64_t left = bytes / each;  // divided, so that no product can overflow
    if (bytes % each != 0 || left == 0) return std::nullopt;
    for (const int64_t edge : shape) {
      if (edge <= 0 || left % static_cast<uint64_t>(edge) != 0) return std::nullopt;
      left /= static_cast<uint64_t>(edge);
    }
    if (left != 1) return std::nullopt;
    PreparedImage image;
    read_grid(told, image.prepared.geometry);
    read_grid(told.at("frame"), image.prepared.frame);
    told.at("landmarks").get_to(image.prepared.landmarks);
    told.at("regions").get_to(image.prepared.regions);
    image.warnings = file_warnings_from(told.at("warnings"));
    image.present = told.at("present").get<std::vector<bool>>();
    told.at("mask_present").get_to(image.mask_present);
    image.prepared.values = at::from_blob(
        values, shape, [owner = owner](void*) {}, stored ? at::kByte : at::kFloat);
    return image;
  }
};

DiskCache::DiskCache(const CacheOptions& options)
    : folder_(whole_path(options.folder)),
      limit_(static_cast<int64_t>(options.max_gib * 1024 * 1024 * 1024)) {
  core::with_context("cohort.cache.folder", [&] { take_cache_folder(folder_); });
  read_stamps();
}

fs::path DiskCache::path_of(const std::string& key) const {
  return folder_ / key.substr(0, 2) / (key + ".p51");
}

DiskCache::Held DiskCache::hold(const std::string& key, const Check& usable,
                                const std::function<Held()>& make) {
  const auto find = [&] {
    auto found = read(key);
    if (found && !usable(*found)) found.reset();
    return found;
  };
  if (auto found = find()) return std::move(*found);
  const fs::path path = path_of(key), place = path.parent_path();
  std::error_code code;
  make_own_folder(place);
  if (const std::string why = distrust(place); !why.empty() && fs::exists(place, code)) {
    warn_once(place.string() + ": " + why + "; images are prepared anew in its place");
    return make();
  }
  const FileLock lock(path.string() + ".lock");
  if (auto found = find()) return std::move(*found);  // another one has made it meanwhile
  if (fs::exists(fs::symlink_status(path, code)))
    core::log_warning(path.string() + ": this cache entry is damaged and is made again");
  Held made = make();
  write(key, made);
  if (auto kept = find()) return std::move(*kept);
  return made;
}

PreparedImage DiskCache::fetch(const std::string& key, const std::function<PreparedImage()>& make,
                               c10::ScalarType type) {
  PreparedImage made;
  const auto is_image = [type](const Held& held) {
    const auto image = held.image();
    return image && image->prepared.values.scalar_type() == type;
  };
  const Held held = hold(key, is_image, [&] {
    made = make();
    return Held::of(key, made);
  });
  if (auto image = held.image()) return std::move(*image);
  return made;
}

std::string DiskCache::fetch_text(const std::string& key, const std::function<std::string()>& make) {
  const auto is_text = [](const Held& held) { return !held.told.contains("shape"); };
  const Held held = hold(key, is_text, [&] { return Held::of(key, make()); });
  return {held.values, held.bytes};
}

/// Nothing when the file is not whole, not ours or of another key.
std::optional<DiskCache::Held> DiskCache::read(const std::string& key) const {
  const fs::path path = path_of(key);
  if (!distrust(path.parent_path()).empty()) return std::nullopt;
  const OpenFile file(path, O_RDONLY);
  struct stat is {};
  if (!file || !file.is_own() || ::fstat(file.get(), &is) != 0 ||
      static_cast<size_t>(is.st_size) < sizeof(Head))
    return std::nullopt;
  const auto bytes = static_cast<uint64_t>(is.st_size);
  Head head;
  if (!core::read_all(file.get(), reinterpret_cast<char*>(&head), sizeof head, 0)) return std::nullopt;
  if (head.mark != magic || head.version != format || head.meta_bytes > bytes - sizeof head ||
      head.values_at % page != 0 || head.values_at < sizeof head + head.meta_bytes ||
      head.values_at > bytes || head.values_bytes != bytes - head.values_at)
    return std::nullopt;
  std::string meta(head.meta_bytes, '\0');
  const auto values = core::memory_for(head.values_bytes);
  if (!core::read_all(file.get(), meta.data(), meta.size(), sizeof head) ||
      !core::read_all(file.get(), values.get(), head.values_bytes, head.values_at))
    return std::nullopt;
  const auto same = [](const std::array<char, 32>& hash, const std::string& other) {
    return std::string_view(hash.data(), hash.size()) == other;
  };
  if (!same(head.head_hash, head_hash(head, meta)) ||
      !same(head.values_hash, core::hash_bytes({values.get(), head.values_bytes})))
    return std::nullopt;
  // The hashes tell of damage only: anybody can compute them, so nothing is taken on trust.
  auto told = nlohmann::json::parse(meta, nullptr, /*allow_exceptions=*/false);
  if (!told.is_object()) return std::nullopt;
  const auto found = told.find("key");
  if (found == told.end() || *found != key) return std::nullopt;
  ::futimens(file.get(), nullptr);  // when it was last read, for `sweep`
  return Held{std::move(told), values, values.get(), head.values_bytes};
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
  const fs::path temporary = core::temporary_for(path);
  errno = 0;
  const OpenFile file(temporary, O_WRONLY | O_CREAT | O_EXCL);
  // Held while it is written, so that `sweep` of another process can tell it from one left by the dead.
  const bool done = file && (file.lock(false), core::write_all(file.get(), front.data(), front.size())) &&
                    core::write_all(file.get(), bytes.data(), bytes.size()) && ::fsync(file.get()) == 0 &&
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
