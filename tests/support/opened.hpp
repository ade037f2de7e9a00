#pragma once
/// How often files are opened, and whether they may be remembered.

#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "core/file_stamp.hpp"

namespace photo51::test {

/// Watches a file, or the files of a folder, from its making on.
class Opened {
 public:
  explicit Opened(const std::filesystem::path& place) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (!std::filesystem::is_directory(place)) {
      watch(place);
      return;
    }
    for (const auto& entry : std::filesystem::recursive_directory_iterator(place))
      if (entry.is_regular_file()) watch(entry.path());
  }
  ~Opened() { ::close(events_); }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  /// Since the last call, by file.
  std::map<std::filesystem::path, int> counts() {
    std::map<std::filesystem::path, int> opened;
    for (const auto& [watched, file] : files_) opened[file] = 0;
    alignas(inotify_event) std::array<char, 1 << 16> buffer{};
    for (ssize_t length = 0; (length = ::read(events_, buffer.data(), buffer.size())) > 0;)
      for (ssize_t at = 0; at < length;) {
        const auto& event = *reinterpret_cast<const inotify_event*>(buffer.data() + at);
        EXPECT_EQ(event.mask & IN_Q_OVERFLOW, 0U);
        if ((event.mask & IN_OPEN) != 0) ++opened[files_.at(event.wd)];
        at += static_cast<ssize_t>(sizeof(inotify_event) + event.len);
      }
    return opened;
  }
  /// Those of the file that was opened most.
  int most() {
    int found = 0;
    for (const auto& [file, count] : counts()) found = std::max(found, count);
    return found;
  }

 private:
  /// Closing is watched too: of two equal events in a row the system keeps one.
  void watch(const std::filesystem::path& file) {
    const int watched = ::inotify_add_watch(events_, file.c_str(), IN_OPEN | IN_CLOSE);
    EXPECT_GE(watched, 0) << file;
    files_[watched] = file;
  }

  int events_;
  std::map<int, std::filesystem::path> files_;
};

/// Waits until the files of a folder are too old to change unnoticed, some seconds at most.
inline void wait_until_settled(const std::filesystem::path& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder))
    for (int i = 0; entry.is_regular_file() && !core::stamp_of(entry.path())->is_settled(); ++i) {
      ASSERT_LT(i, 100) << entry.path();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

}  // namespace photo51::test
