#pragma once
/// The folder of real test data beside the project; tests that need it skip, saying so, when it is absent.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "support/source_dir.hpp"

namespace photo51::test {

inline std::filesystem::path shared_data() {
  if (const char* named = std::getenv("PHOTO51_TEST_DATA")) return named;
  return source_dir().parent_path() / "shared" / "data";
}

/// Small inputs that came out wrong once, and what is right for each.
inline std::filesystem::path shared_cases() {
  return shared_data().parent_path() / "cases";
}

/// A fresh folder that is removed at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "photo51_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace photo51::test

#define PHOTO51_NEEDS_SHARED_DATA(folder)                                  \
  if (!std::filesystem::exists(::photo51::test::shared_data() / (folder))) \
  GTEST_SKIP() << "needs " << (::photo51::test::shared_data() / (folder)).string() << ", which is absent"

#define PHOTO51_NEEDS_SHARED_CASES(folder)                                  \
  if (!std::filesystem::exists(::photo51::test::shared_cases() / (folder))) \
  GTEST_SKIP() << "needs " << (::photo51::test::shared_cases() / (folder)).string() << ", which is absent"
