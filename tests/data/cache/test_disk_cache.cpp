#include "data/cache/disk_cache.hpp"

#include <ATen/ATen.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <thread>

#include "data/fixture.hpp"
#include "photo51/core/random.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/modality/ct.hpp"
#include "photo51/data/split/split.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::data {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

PreparedImage some_image(int64_t seed, int64_t side = 6) {
  PreparedImage image;
  auto& prepared = image.prepared;
  prepared.values = (at::arange(2 * side * side * side, at::kFloat) + static_cast<float>(seed * 1000))
                        .reshape({2, side, side, side});
  prepared.geometry.size = {side, side, side};
  prepared.geometry.spacing = {0.1, 1.0 / 3, 2};
  prepared.geometry.origin = {-3.25, 1e-17, static_cast<double>(seed)};
  prepared.geometry.direction = {0, -1, 0, 1, 0, 0, 0, 0, 1};
  prepared.landmarks = {{0.1, 0.7}, {}};
  prepared.regions = {"the voxels above 0"};
  image.warnings = {{0, "sform and qform, \"apart\""}, {-1, "the mask is empty"}};
  image.present = {true, false};
  image.mask_present = true;
  return image;
}

void expect_same(const PreparedImage& a, const PreparedImage& b) {
  EXPECT_TRUE(at::equal(a.prepared.values, b.prepared.values));
  EXPECT_EQ(a.prepared.geometry.size, b.prepared.geometry.size);
  EXPECT_EQ(a.prepared.geometry.spacing, b.prepared.geometry.spacing);
  EXPECT_EQ(a.prepared.geometry.origin, b.prepared.geometry.origin);
  EXPECT_EQ(a.prepared.geometry.direction, b.prepared.geometry.direction);
  EXPECT_EQ(a.prepared.landmarks, b.prepared.landmarks);
  EXPECT_EQ(a.prepared.regions, b.prepared.regions);
  EXPECT_EQ(a.warnings, b.warnings);
  EXPECT_EQ(a.present, b.present);
  EXPECT_EQ(a.mask_present, b.mask_present);
}

std::string key_of(int64_t number) {
  return core::hash_bytes(std::to_string(number));
}

PreparedImage not_made() {
  ADD_FAILURE() << "it should lie on disk";
  return some_image(0);
}

class DiskCacheTest : public ::testing::Test {
 protected:
  CacheOptions options(double max_gib = 1) const { return {.folder = folder_ / "cache", .max_gib = max_gib}; }
  /// Every file of the cache with this extension.
  std::vector<fs::path> files(const std::string& extension) const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache"))
      if (entry.path().extension().string().starts_with(extension)) found.push_back(entry.path());
    return found;
  }
  static void overwrite(const fs::path& path, int64_t at, const std::string& bytes) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(at);
    file << bytes;
    ASSERT_TRUE(file.good());
  }

  test::TemporaryFolder folder_;
};

TEST_F(DiskCacheTest, AHitHasTheSameBytesInAnotherProcessToo) {
  const auto key = key_of(1);
  {
    DiskCache cache(options());
    expect_same(cache.fetch(key, [] { return some_image(1); }), some_image(1));
    expect_same(cache.fetch(key, not_made), some_image(1));
  }
  DiskCache again(options());
  auto image = again.fetch(key, not_made);
  expect_same(image, some_image(1));
  // What is written to the tensor stays here.
  image.prepared.values.zero_();
  expect_same(again.fetch(key, not_made), some_image(1));
  EXPECT_EQ(files(".p51").size(), 1U);
  EXPECT_TRUE(files(".lock").empty());
  EXPECT_TRUE(files(".tmp").empty());
}

TEST_F(DiskCacheTest, BytesAreKeptAsBytes) {
  const auto key = key_of(1);
  const auto picture = [](int64_t first) {
    PreparedImage image = some_image(1);
    image.prepared.values = at::arange(first, first + 75, at::kByte).view({3, 1, 5, 5});
    return image;
  };
  DiskCache cache(options());
  cache.fetch(
      key, [&] { return picture(7); }, at::kByte);
  const auto kept = DiskCache(options()).fetch(key, not_made, at::kByte);
  EXPECT_EQ(kept.prepared.values.scalar_type(), at::kByte);
  expect_same(kept, picture(7));
  // Where float32 is asked for it is of no use.
  expect_same(cache.fetch(key, [] { return some_image(2); }), some_image(2));
}

TEST_F(DiskCacheTest, TextsAreKeptAsTheyAre) {
  const auto not_written = []() -> std::string {
    ADD_FAILURE() << "it should lie on disk";
    return "";
  };
  const std::string text = "any bytes: \n\0 \xff";
  for (const std::string& one : {text, std::string(), std::string(10000, 'x')}) {
    const auto key = core::hash_bytes(one);
    EXPECT_EQ(DiskCache(options()).fetch_text(key, [&] { return one; }), one);
    EXPECT_EQ(DiskCache(options()).fetch_text(key, not_written), one);
  }
}

TEST_F(DiskCacheTest, AnImageOutlivesItsFileAndItsCache) {
  PreparedImage image;
  {
    DiskCache cache(options());
    image = cache.fetch(key_of(1), [] { return some_image(1); });
    fs::remove(cache.path_of(key_of(1)));
  }
  expect_same(image, some_image(1));
}

TEST_F(DiskCacheTest, ADamagedEntryIsMadeAgain) {
  DiskCache cache(options());
  const auto key = key_of(1);
  const auto path = cache.path_of(key);
  cache.fetch(key, [] { return some_image(1); });
  const auto whole = core::read_file(path);
  const auto size = static_cast<int64_t>(whole.size());
  const std::vector<std::function<void()>> damages{
      [&] { fs::resize_file(path, 0); },
      [&] { fs::resize_file(path, 50); },
      [&] { fs::resize_file(path, whole.size() - 1); },
      [&] { fs::resize_file(path, whole.size() + 1); },
      [&] { overwrite(path, size - 5, "x"); },                         // the values
      [&] { overwrite(path, 0, "P51CACHF"); },                         // the mark
      [&] { overwrite(path, 8, "\x07"); },                             // the format's version
      [&] { overwrite(path, 16, std::string(8, '\xff')); },            // the length of the description
      [&] { overwrite(path, 24, std::string(8, '\xf0')); },            // where the values begin
      [&] { overwrite(path, 120, "z"); },                              // the description
      [&] { core::write_file_atomic(path, std::string(9000, 'a')); },  // another program's file
      [&] {                                                            // an entry of another key
        cache.fetch(key_of(2), [] { return some_image(2); });
        fs::copy_file(cache.path_of(key_of(2)), path, fs::copy_options::overwrite_existing);
      },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    damages[i]();
    int made = 0;
    expect_same(cache.fetch(key,
                            [&] {
                              ++made;
                              return some_image(1);
                            }),
                some_image(1));
    EXPECT_EQ(made, 1) << "damage " << i;
    EXPECT_EQ(core::read_file(path), whole) << "damage " << i;
  }
}

TEST_F(DiskCacheTest, TwoProcessesMakeEachImageOnce) {
  constexpr int64_t images = 20;
  const auto path = folder_ / "made";
  std::vector<pid_t> children;
  for (int child = 0; child < 2; ++child) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      DiskCache cache(options());
      bool right = true;
      for (int64_t i = 0; i < images; ++i) {
        const auto image = cache.fetch(key_of(i), [&] {
          std::ofstream(path, std::ios::app) << "x";
          std::this_thread::sleep_for(std::chrono::milliseconds(3));
          return some_image(i);
        });
        right = right && at::equal(image.prepared.values, some_image(i).prepared.values);
      }
      ::_exit(right ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = -1;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(core::read_file(path).size(), static_cast<size_t>(images));
}

TEST_F(DiskCacheTest, ThreadsMakeAnImageOnce) {
  DiskCache cache(options());
  std::atomic<int> made{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      cache.fetch(key_of(1), [&] {
        ++made;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        return some_image(1);
      });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
}

TEST_F(DiskCacheTest, AWriterKilledAnywhereLeavesNothingWrong) {
  core::Random random({7, core::hash_key("kill")});
  int64_t written = 0;
  // Made before the fork: torch's threads do not live on in a child.
  const auto image = some_image(1, 40);
  for (int trial = 0; trial < 20; ++trial) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      DiskCache cache(options());
      for (int64_t i = 0;; ++i) cache.fetch(key_of(trial * 1000 + i), [&] { return image; });
    }
    const auto until =
        DiskCache(options()).path_of(key_of(trial * 1000 + static_cast<int64_t>(random.below(3))));
    for (int wait = 0; wait < 1000 && !fs::exists(until); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    std::this_thread::sleep_for(std::chrono::microseconds(random.below(5000)));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    DiskCache cache(options());
    // All that bears an entry's name is whole; the rest can be made at once: no lock is left held.
    for (int64_t i = 0; fs::exists(cache.path_of(key_of(trial * 1000 + i))); ++i, ++written)
      expect_same(cache.fetch(key_of(trial * 1000 + i), not_made), image);
    expect_same(cache.fetch(key_of(-1 - trial), [&] { return some_image(trial); }), some_image(trial));
  }
  EXPECT_GT(written, 10);
  // What the dead left is cleared away once it is old.
  for (const char* kind : {".tmp", ".lock"})
    for (const auto& left : files(kind))
      fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(1));
  DiskCache(options()).sweep();
  EXPECT_TRUE(files(".tmp").empty());
  EXPECT_TRUE(files(".lock").empty());
}

TEST_F(DiskCacheTest, WhatIsBeingWrittenIsNotClearedAway) {
  DiskCache cache(options());
  cache.fetch(key_of(1), [&] {
    const auto locks = files(".lock");
    EXPECT_EQ(locks.size(), 1U);
    fs::last_write_time(locks.at(0), fs::file_time_type::clock::now() - std::chrono::hours(1));
    DiskCache(options()).sweep();
    EXPECT_TRUE(fs::exists(locks.at(0)));
    return some_image(1);
  });
}

TEST_F(DiskCacheTest, FilesOfOthersAreNeverRemoved) {
  const std::string key = key_of(1);
  DiskCache cache(options(0.001));
  cache.fetch(key, [] { return some_image(1); });
  std::vector<fs::path> others{"poetry.lock",
                               "sub/results.tmp",
                               "sub/a.p51.lock",
                               key + ".p51",                      // not in the folder of its first digits
                               key.substr(0, 2) + "/paper.lock",  // there, but no key
                               key.substr(0, 2) + "/" + key + ".lock",     // no entry's lock
                               key.substr(0, 2) + "/" + key + ".p51.tmp",  // no process
                               key.substr(0, 2) + "/" + key + ".p51.tmp7x"};
  for (const auto& other : others) {
    fs::create_directories((folder_ / "cache" / other).parent_path());
    std::ofstream(folder_ / "cache" / other) << std::string(2 << 20, 'x');  // above the limit, too
    fs::last_write_time(folder_ / "cache" / other, fs::file_time_type::clock::now() - std::chrono::hours(48));
  }
  cache.sweep();
  for (const auto& other : others) EXPECT_TRUE(fs::exists(folder_ / "cache" / other)) << other;
  EXPECT_TRUE(fs::exists(cache.path_of(key)));
}

TEST_F(DiskCacheTest, TheLongestUnreadGoesFirst) {
  constexpr double gib = 1024.0 * 1024 * 1024;
  // Each entry takes one page and 2 * 16^3 * 4 bytes: 36 KiB; there is room for ten.
  const auto few = options(10 * 36864 / gib);
  DiskCache cache(few);
  const auto now = fs::file_time_type::clock::now();
  for (int64_t i = 0; i < 10; ++i) {
    cache.fetch(key_of(i), [&] { return some_image(i, 16); });
    fs::last_write_time(cache.path_of(key_of(i)), now - std::chrono::hours(24) + std::chrono::minutes(i));
  }
  EXPECT_EQ(files(".p51").size(), 10U);
  cache.fetch(key_of(0), not_made);  // read just now
  cache.fetch(key_of(10), [] { return some_image(10, 16); });
  EXPECT_TRUE(fs::exists(cache.path_of(key_of(0))));
  EXPECT_FALSE(fs::exists(cache.path_of(key_of(1))));
  EXPECT_FALSE(fs::exists(cache.path_of(key_of(2))));
  EXPECT_TRUE(fs::exists(cache.path_of(key_of(9))));
  EXPECT_TRUE(fs::exists(cache.path_of(key_of(10))));
  EXPECT_EQ(files(".p51").size(), 9U);
}

TEST_F(DiskCacheTest, AnImageLargerThanTheLimitIsNotKept) {
  DiskCache cache(options(1e-5));
  ::testing::internal::CaptureStderr();
  expect_same(cache.fetch(key_of(1), [] { return some_image(1, 30); }), some_image(1, 30));
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("larger than cohort.cache.max_gib"));
  EXPECT_TRUE(files(".p51").empty());
}

TEST_F(DiskCacheTest, AFullDiskIsSaidOnceAndTheRunGoesOn) {
  DiskCache cache(options());
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = 8192, .rlim_max = before.rlim_max};
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  ::testing::internal::CaptureStderr();
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto one = cache.fetch(key_of(1), [] { return some_image(1, 20); });
  const auto two = cache.fetch(key_of(2), [] { return some_image(2, 20); });
  ::setrlimit(RLIMIT_FSIZE, &before);
  const std::string said = ::testing::internal::GetCapturedStderr();
  std::signal(SIGXFSZ, old);
  expect_same(one, some_image(1, 20));
  expect_same(two, some_image(2, 20));
  EXPECT_THAT(said, HasSubstr("writing failed: File too large"));
  EXPECT_THAT(said, HasSubstr("free some space"));
  EXPECT_EQ(said.find("writing failed"), said.rfind("writing failed"));
  EXPECT_TRUE(files(".p51").empty());
  EXPECT_TRUE(files(".tmp").empty());
  EXPECT_TRUE(files(".lock").empty());
  // With room again the image is kept.
  cache.fetch(key_of(1), [] { return some_image(1, 20); });
  EXPECT_EQ(files(".p51").size(), 1U);
}

TEST_F(DiskCacheTest, AFolderThatCannotBeMadeIsAnError) {
  core::write_file_atomic(folder_ / "cache", "a file");
  EXPECT_THAT(failure(core::Fault::run, [&] { DiskCache cache(options()); }),
              HasSubstr("cohort.cache.folder"));
}

TEST_F(DiskCacheTest, HashesAreRememberedByWhatTheFileSystemSays) {
  const auto file = folder_ / "scan.nii";
  core::write_file_atomic(file, "one");
  EXPECT_EQ(stamp_of(file), "");  // it could change again within the clock's granularity
  EXPECT_EQ(stamp_of(folder_ / "absent"), "");
  const std::string stamp = core::hash_bytes("a stamp"), hash = core::hash_file(file);
  {
    DiskCache cache(options());
    EXPECT_EQ(cache.remembered(stamp), std::nullopt);
    cache.remember(stamp, hash);
    cache.remember("", hash);
    EXPECT_EQ(cache.remembered(stamp), hash);
    EXPECT_EQ(cache.remembered(""), std::nullopt);
  }
  // A line cut off by a crash is passed over, and the next one is read.
  std::ofstream(folder_ / "cache" / DiskCache::stamps_file, std::ios::app) << stamp.substr(0, 11);
  DiskCache(options()).remember(core::hash_bytes("another"), hash);
  const DiskCache again(options());
  EXPECT_EQ(again.remembered(stamp), hash);
  EXPECT_EQ(again.remembered(core::hash_bytes("another")), hash);
}

class CachedCohort : public CohortFolder {
 protected:
  Cohort cohort(const config::Choice& image, const std::string& cache = "cache") const {
    auto of = options();
    if (!cache.empty()) of.cache.folder = folder_ / cache;
    return Cohort(of, {{"mri", image}}, {});
  }
  size_t entries() const {
    size_t count = 0;
    for (const auto& entry : fs::recursive_directory_iterator(folder_ / "cache"))
      count += entry.path().extension() == ".p51";
    return count;
  }
  static at::Tensor values(const Cohort& cohort) {
    return CaseLoader(cohort, fit(cohort, {0})).load(0).inputs.at("mri").values;
  }
};

class CacheKeys : public CachedCohort {
 protected:
  void SetUp() override {
    write("cohort.csv", "patient,t1\nP1,t1.nii\n");
    write_scan(1);
  }
  void write_scan(double seed) const {
    imaging::Geometry geometry;
    geometry.size = {6, 5, 4};
    imaging::write_nifti(
        imaging::make_volume((at::arange(120, at::kFloat) + seed).reshape({1, 4, 5, 6}), geometry),
        folder_ / "t1.nii");
  }
};

TEST_F(CacheKeys, TheSameFilesAndConfigHit) {
  auto image = image_input({"t1"});
  image.preprocess.normalize.method = preprocess::NormalizeMethod::zscore;
  const auto plain = values(cohort(data::input(image), ""));
  EXPECT_TRUE(at::equal(values(cohort(data::input(image))), plain));
  EXPECT_EQ(entries(), 1U);
  EXPECT_TRUE(at::equal(values(cohort(data::input(image))), plain));
  EXPECT_EQ(entries(), 1U);
  // A copy elsewhere has the same content.
  fs::copy_file(folder_ / "t1.nii", folder_ / "copy.nii");
  write("cohort.csv", "patient,t1\nP9,copy.nii\n");
  EXPECT_TRUE(at::equal(values(cohort(data::input(image))), plain));
  EXPECT_EQ(entries(), 1U);
}

TEST_F(CacheKeys, AnotherContentOrConfigMisses) {
  auto image = image_input({"t1"});
  const auto first = values(cohort(data::input(image)));
  write_scan(5);
  const auto second = values(cohort(data::input(image)));
  EXPECT_FALSE(at::equal(first, second));
  EXPECT_EQ(entries(), 2U);
  image.preprocess.normalize.method = preprocess::NormalizeMethod::zscore;
  EXPECT_FALSE(at::equal(values(cohort(data::input(image))), second));
  EXPECT_EQ(entries(), 3U);
  image.preprocess.normalize.clip = 1;
  values(cohort(data::input(image)));
  EXPECT_EQ(entries(), 4U);
  auto ct = image_input<CtOptions>({"t1"});
  ct.preprocess = image.preprocess;
  values(cohort(data::input(ct)));
  EXPECT_EQ(entries(), 5U);
  // What does not touch the prepared values does not matter.
  image.augment.flip = {preprocess::Axis::x};
  values(cohort(data::input(image)));
  EXPECT_EQ(entries(), 5U);
}

/// Two patients with the same header, whose voxels lie in files of their own.
class DetachedVoxels : public CachedCohort {
 protected:
  void write_patient(const std::string& name, char voxel) const {
    write(name + "/t1.mhd",
          "ObjectType = Image\nNDims = 3\nBinaryData = True\nElementSpacing = 1 1 1\n"
          "TransformMatrix = 1 0 0 0 1 0 0 0 1\nOffset = 0 0 0\nDimSize = 4 4 4\nElementType = MET_UCHAR\n"
          "ElementDataFile = t1.raw\n");
    write(name + "/t1.raw", std::string(63, '1') + voxel);
  }
  Cohort two() const {
    write("cohort.csv", "patient,t1\nA,A/t1.mhd\nB,B/t1.mhd\n");
    return cohort(data::input(image_input({"t1"})));
  }
  static float last_voxel(const Cohort& cohort, int64_t row) {
    return CaseLoader(cohort, fit(cohort, {0})).load(row).inputs.at("mri").values.flatten()[63].item<float>();
  }
};

TEST_F(DetachedVoxels, EachPatientGetsItsOwnFromTheCache) {
  write_patient("A", '2');
  write_patient("B", '3');
  for (int time = 0; time < 2; ++time) {
    const Cohort both = two();
    EXPECT_EQ(last_voxel(both, 0), '2');
    EXPECT_EQ(last_voxel(both, 1), '3');
    EXPECT_NE(both.file_hash(0, "mri"), both.file_hash(1, "mri"));
  }
  EXPECT_EQ(entries(), 2U);
  write_patient("A", '4');  // the header stays as it was
  EXPECT_EQ(last_voxel(two(), 0), '4');
}

TEST_F(DetachedVoxels, EqualHeadersAreNoLeak) {
  write_patient("A", '2');
  write_patient("B", '3');
  check_leakage(two(), {{{{0}, {1}}}, {}});
  write_patient("B", '2');
  EXPECT_THAT(failure(core::Fault::data,
                      [&] {
                        check_leakage(two(), {{{{0}, {1}}}, {}});
                      }),
              HasSubstr("leakage"));
}

}  // namespace
}  // namespace photo51::data
