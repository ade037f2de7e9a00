#pragma once
/// Which process embeds a case, where several share a folder.

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <thread>
#include <utility>

#include "data/cache/file_lock.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/interrupt.hpp"
#include "photo51/core/log.hpp"

namespace photo51::inference {

/// Holds a case until it is destroyed or its process ends: flock(2) on a file that is removed afterwards.
class Claim {
 public:
  /// Null while another process holds it. A file system without locks is a warning, once: cases are then
  /// computed twice, never wrongly.
  static std::unique_ptr<Claim> take(const std::filesystem::path& lock) {
    for (;;) {
      data::OpenFile file(lock, O_RDWR | O_CREAT);
      if (!file)
        core::fail_run(lock.string() + ": cannot be made: " + std::strerror(errno) +
                       "; see to it that --out can be written, or choose another folder");
      if (!file.lock(/*wait=*/false)) {
        if (errno == EWOULDBLOCK) return nullptr;
        static const bool told = [&] {
          core::log_warning(lock.string() + ": this file system has no locks (" + std::strerror(errno) +
                            "); processes that share the folder may compute a case twice");
          return true;
        }();
        static_cast<void>(told);
        return std::unique_ptr<Claim>(new Claim(lock, std::move(file)));
      }
      // Its last holder may have removed it in between: then this is the lock of nothing.
      if (file.is_at(lock)) return std::unique_ptr<Claim>(new Claim(lock, std::move(file)));
    }
  }
  /// Waits until nobody else holds it. Error (interrupted).
  static std::unique_ptr<Claim> wait_for(const std::filesystem::path& lock) {
    for (;;) {
      if (auto claim = take(lock)) return claim;
      if (core::interrupted())
        throw core::Error(core::Fault::interrupted, "interrupted while another process embeds a case");
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() { ::unlink(path_.c_str()); }

 private:
  Claim(std::filesystem::path path, data::OpenFile file) : path_(std::move(path)), file_(std::move(file)) {}
  std::filesystem::path path_;
  data::OpenFile file_;
};

}  // namespace photo51::inference
