#include "photo51/run/lock.hpp"

#include <cstring>

#include "data/cache/file_lock.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/log.hpp"
#include "photo51/run/layout.hpp"
#include "run/mark.hpp"

namespace photo51::run {

Lock::Lock(const std::filesystem::path& folder) {
  const auto path = folder / name::lock;
  const auto file = std::make_shared<data::OpenFile>(path, O_RDWR | O_CREAT);
  if (!*file)
    core::fail_run(path.string() + ": cannot be written: " + std::strerror(errno) +
                   (errno == ELOOP ? "; it is a link, which a run never makes: remove it" : ""));
  if (!file->lock(false)) {
    if (errno == EWOULDBLOCK)
      core::fail_run(folder.string() +
                     ": another process is writing into this run (it holds photo51.lock); wait until it ends "
                     "or choose another folder");
    core::log_warning(path.string() + ": this file system has no locks (" + std::strerror(errno) +
                      "); see to it that no other process writes into this run");
  }
  struct stat is {};
  if (::fstat(file->get(), &is) == 0 && is.st_size == 0 &&
      ::write(file->get(), lock_mark.data(), lock_mark.size()) != static_cast<ssize_t>(lock_mark.size()))
    core::fail_run(path.string() + ": writing failed: " + std::strerror(errno) +
                   "; free some space or choose another folder");
  held_ = file;
}

}  // namespace photo51::run
