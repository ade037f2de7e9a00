// A cache in a folder that others can write to, and entries that somebody made up.
#include <ATen/ATen.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/cache/disk_cache.hpp"
#include "data/fixture.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr uid_t somebody = 54321;
constexpr size_t head_bytes = 104, meta_length = 16, values_place = 24, values_length = 32, values_sum = 40,
                 head_sum = 72, digits = 32, page = 4096;

PreparedImage an_image(float value) {
  PreparedImage image;
  image.prepared.values = at::full({1, 4, 4, 4}, value);
  image.prepared.geometry.size = {4, 4, 4};
  image.present = {true};
  return image;
}

/// An entry taken apart, which can be put together with checksums that are right.
struct Entry {
  explicit Entry(const fs::path& path) {
    const std::string bytes = core::read_file(path);
    uint64_t length = 0, at = 0;
    std::memcpy(&length, bytes.data() + meta_length, sizeof length);
    std::memcpy(&at, bytes.data() + values_place, sizeof at);
    head = bytes.substr(0, head_bytes);
    meta = nlohmann::json::parse(bytes.substr(head_bytes, length));
    values = bytes.substr(at);
  }
  void write(const fs::path& path, const std::string& text = "") {
    const std::string told = text.empty() ? meta.dump() : text;
    const auto put = [&](size_t at, uint64_t number) {
      std::memcpy(head.data() + at, &number, sizeof number);
    };
    const uint64_t at = (head_bytes + told.size() + page - 1) / page * page;
    put(meta_length, told.size());
    put(values_place, at);
    put(values_length, values.size());
    head.replace(values_sum, digits, core::hash_bytes(values));
    head.replace(head_sum, digits, std::string(digits, '\0'));
    head.replace(head_sum, digits, core::hash_bytes(head + told));
    std::string bytes = head + told;
    bytes.resize(at, '\0');
    std::ofstream(path, std::ios::binary) << bytes << values;
  }
  std::string head, values;
  nlohmann::json meta;
};

class CacheSafety : public ::testing::Test {
 protected:
  CacheOptions options(const std::string& name = "cache") const {
    return {.folder = folder_ / name, .max_gib = 1};
  }
  /// What the cache gives for the key, and whether it had to be made; the log into `said_`.
  float fetched(DiskCache& cache, bool& made) {
    made = false;
    ::testing::internal::CaptureStderr();
    const auto image = cache.fetch(key_, [&] {
      made = true;
      return an_image(1);
    });
    said_ = ::testing::internal::GetCapturedStderr();
    return image.prepared.values.sum().item<float>() / 64;
  }
  void expect_made_again(DiskCache& cache) {
    bool made = false;
    EXPECT_EQ(fetched(cache, made), 1);
    EXPECT_TRUE(made);
    EXPECT_THAT(said_, HasSubstr("this cache entry is damaged and is made again"));
    EXPECT_EQ(fetched(cache, made), 1);
    EXPECT_FALSE(made) << "the entry was mended";
  }
  std::string refusal(const CacheOptions& of) {
    return test::message_of(core::Fault::run, [&] { const DiskCache cache(of); });
  }

  const std::string key_ = core::hash_bytes("a key"), other_ = core::hash_bytes("another");
  test::TemporaryFolder folder_;
  std::string said_;
};

TEST_F(CacheSafety, AFolderThatOthersMayWriteToIsRefused) {
  for (const mode_t mode : {0777U, 0775U, 0757U, 01777U}) {
    const auto cache = folder_ / "cache";
    fs::create_directory(cache);
    ASSERT_EQ(::chmod(cache.c_str(), mode), 0);
    EXPECT_THAT(refusal(options()),
                AllOf(HasSubstr("cohort.cache.folder: " + cache.string() + ": may be written to by others"),
                      HasSubstr("`chmod go-w " + cache.string() + "`, or name another folder")))
        << mode;
    ASSERT_EQ(::chmod(cache.c_str(), 0755), 0);
    EXPECT_NO_THROW(DiskCache{options()}) << "the remedy helps";
    fs::remove_all(cache);
  }
}

TEST_F(CacheSafety, AFolderOfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder to another user";
  fs::create_directory(folder_ / "cache");
  ASSERT_EQ(::chown((folder_ / "cache").c_str(), somebody, static_cast<gid_t>(-1)), 0);
  EXPECT_THAT(refusal(options()),
              AllOf(HasSubstr("belongs to another user (number 54321)"), HasSubstr("name another folder")));
  fs::create_directory(folder_ / "own");
  fs::create_symlink("own", folder_ / "link");
  DiskCache{options("link")};  // a link of one's own
  ASSERT_EQ(::lchown((folder_ / "link").c_str(), somebody, static_cast<gid_t>(-1)), 0);
  EXPECT_THAT(refusal(options("link")), HasSubstr("is a link that belongs to another user"));
}

TEST_F(CacheSafety, WhatItMakesNobodyElseMayWriteTo) {
  const mode_t before = ::umask(0);
  DiskCache cache(options());
  cache.fetch(key_, [] { return an_image(1); });
  cache.remember(key_, other_);
  ::umask(before);
  size_t seen = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache")) {
    const auto others = fs::perms::group_write | fs::perms::others_write;
    EXPECT_EQ(entry.status().permissions() & others, fs::perms::none) << entry.path();
    ++seen;
  }
  EXPECT_GE(seen, 4U);
  EXPECT_NO_THROW(DiskCache{options()});
}

TEST_F(CacheSafety, AFolderOfOtherFilesIsNoCache) {
  fs::create_directories(folder_ / "cache/00");
  const std::string lookalike = "00/" + std::string(32, '0') + ".p51";
  std::ofstream(folder_ / "cache" / lookalike) << "somebody's";
  EXPECT_THAT(refusal(options()), AllOf(HasSubstr("is not empty, and has no CACHEDIR.TAG of photo51"),
                                        HasSubstr("name an empty or a new folder")));
  EXPECT_TRUE(fs::exists(folder_ / "cache" / lookalike));
  // A mark of another program is none.
  std::ofstream(folder_ / "cache/CACHEDIR.TAG") << "Signature: 8a477f597d28d172789f06886806bc55\n# cargo\n";
  EXPECT_THAT(refusal(options()), HasSubstr("has no CACHEDIR.TAG of photo51"));
}

TEST_F(CacheSafety, ACacheOfAnEarlierVersionIsTaken) {
  fs::create_directories(folder_ / "cache/00");
  std::ofstream(folder_ / "cache" / DiskCache::stamps_file) << "\n";
  DiskCache{options()};
  EXPECT_THAT(core::read_file(folder_ / "cache/CACHEDIR.TAG"),
              AllOf(HasSubstr("Signature: 8a477f597d28d172789f06886806bc55\n"), HasSubstr("photo51")));
}

TEST_F(CacheSafety, NothingIsRemovedWithoutTheMark) {
  DiskCache cache({.folder = folder_ / "cache", .max_gib = 1e-6});
  const auto entry = cache.path_of(key_);
  fs::create_directories(entry.parent_path());
  const auto put = [&] { std::ofstream(entry) << std::string(1 << 16, 'x'); };  // above the limit
  put();
  cache.sweep();
  EXPECT_FALSE(fs::exists(entry)) << "with the mark it is";
  put();
  fs::remove(folder_ / "cache/CACHEDIR.TAG");
  cache.sweep();
  EXPECT_TRUE(fs::exists(entry));
}

TEST_F(CacheSafety, SweepingFollowsNoLinks) {
  DiskCache cache({.folder = folder_ / "cache", .max_gib = 1e-6});
  const auto entry = cache.path_of(key_);
  const std::string name = entry.filename().string(), sub = entry.parent_path().filename().string();
  fs::create_directories(folder_ / "home" / sub);
  std::ofstream(folder_ / "home" / sub / name) << std::string(1 << 16, 'x');
  fs::create_symlink(folder_ / "home" / sub, entry.parent_path());
  cache.sweep();
  EXPECT_TRUE(fs::exists(folder_ / "home" / sub / name));
}

TEST_F(CacheSafety, AnEntryThatOthersCouldHaveWrittenIsMadeAgain) {
  DiskCache cache(options());
  const auto path = cache.path_of(key_);
  cache.fetch(key_, [] { return an_image(9); });
  ASSERT_EQ(::chmod(path.c_str(), 0664), 0);
  expect_made_again(cache);
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), somebody, static_cast<gid_t>(-1)), 0);
    expect_made_again(cache);
  }
  // One that is a link, or a pipe that never answers.
  fs::rename(path, folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", path);
  expect_made_again(cache);
  fs::remove(path);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  expect_made_again(cache);
}

TEST_F(CacheSafety, AnEntrysFolderThatOthersMayWriteToIsNotUsed) {
  DiskCache cache(options());
  const auto path = cache.path_of(key_);
  cache.fetch(key_, [] { return an_image(9); });
  ASSERT_EQ(::chmod(path.parent_path().c_str(), 0777), 0);
  bool made = false;
  EXPECT_EQ(fetched(cache, made), 1);
  EXPECT_TRUE(made);
  EXPECT_THAT(said_, AllOf(HasSubstr(path.parent_path().string() + ": may be written to by others"),
                           HasSubstr("chmod go-w")));
}

TEST_F(CacheSafety, RightChecksumsAreNotEnough) {
  DiskCache cache(options());
  const auto path = cache.path_of(key_);
  cache.fetch(key_, [] { return an_image(9); });
  const Entry sound(path);
  EXPECT_EQ(sound.meta.at("key"), key_);
  EXPECT_EQ(sound.meta.at("dtype"), "float32");
  EXPECT_EQ(sound.meta.at("shape"), nlohmann::json({1, 4, 4, 4}));
  const std::vector<std::function<void(Entry&)>> crafts{
      [&](Entry& e) { e.meta["key"] = other_; },
      [](Entry& e) { e.meta.erase("key"); },
      [](Entry& e) { e.meta["dtype"] = "float64"; },
      [](Entry& e) { e.meta.erase("dtype"); },
      [](Entry& e) { e.meta["dtype"] = "uint8"; },
      [](Entry& e) {
        e.meta["dtype"] = "uint8";
        e.meta["shape"] = {1, 4, 8, 8};
      },  // sound, but not what is asked for
      [](Entry& e) {
        e.meta["shape"] = {1, 4, 4, 400000};
      },  // far beyond the file's end
      [](Entry& e) {
        e.meta["shape"] = {1, 4, 4, 3};
      },
      [](Entry& e) {
        e.meta["shape"] = {-1, -4, 4, 4};
      },
      [](Entry& e) {
        e.meta["shape"] = {1, 0, 4, 4};
      },
      [](Entry& e) {
        e.meta["shape"] = {int64_t{1} << 32, int64_t{1} << 32, 4, 16};
      },  // 2^70
      [](Entry& e) {
        e.meta["shape"] = {4611686018427387905, 4, 4, 4};
      },  // 64 in 64 bits
      [](Entry& e) { e.meta["shape"] = "big"; },
      [](Entry& e) { e.meta.erase("spacing"); },
      [](Entry& e) { e.meta["size"] = {4}; },
      [](Entry& e) { e.meta["warnings"] = {{1}}; },
      [](Entry& e) { e.meta["present"] = "yes"; },
      [](Entry& e) { e.values.resize(252); },
      [](Entry& e) { e.values.resize(255); },
      [](Entry& e) { e.values.clear(); },
      [](Entry& e) { e.values.append(256, '\0'); },
  };
  for (size_t i = 0; i < crafts.size(); ++i) {
    SCOPED_TRACE("craft " + std::to_string(i));
    Entry entry = sound;
    crafts[i](entry);
    entry.write(path);
    expect_made_again(cache);
  }
  Entry entry = sound;
  for (const std::string text : {"no JSON", "[1, 2]", "null", "\"text\""}) {
    SCOPED_TRACE(text);
    entry.write(path, text);
    expect_made_again(cache);
  }
  // The way it is put together here is that of the program.
  entry = sound;
  entry.write(path);
  bool made = true;
  EXPECT_EQ(fetched(cache, made), 9);
  EXPECT_FALSE(made);
}

TEST_F(CacheSafety, StampsOfOthersAreNotBelieved) {
  {
    DiskCache cache(options());
    cache.remember(key_, other_);
  }
  const auto stamps = folder_ / "cache" / DiskCache::stamps_file;
  EXPECT_EQ(DiskCache(options()).remembered(key_), other_);
  ASSERT_EQ(::chmod(stamps.c_str(), 0666), 0);
  EXPECT_EQ(DiskCache(options()).remembered(key_), std::nullopt);
  // Nor is anything written through a link.
  fs::rename(stamps, folder_ / "precious");
  fs::create_symlink(folder_ / "precious", stamps);
  const std::string before = core::read_file(folder_ / "precious");
  DiskCache(options()).remember(other_, key_);
  EXPECT_EQ(core::read_file(folder_ / "precious"), before);
}

TEST_F(CacheSafety, AnEntryThatIsCutOffAfterItWasReadDoesNoHarm) {
  DiskCache cache(options());
  cache.fetch(key_, [] { return an_image(9); });
  const auto image = cache.fetch(key_, [] { return an_image(1); });
  fs::resize_file(cache.path_of(key_), 0);  // a mapping of it would end the process here
  EXPECT_EQ(image.prepared.values.sum().item<float>(), 9 * 64);
}

}  // namespace
}  // namespace photo51::data
