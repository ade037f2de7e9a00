#include "parity/peer.hpp"

#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "support/source_dir.hpp"

namespace photo51::test {
namespace {

const char* named_python() {
  return std::getenv("PHOTO51_PEERS_PYTHON");
}

}  // namespace

bool Peer::is_there() {
  return named_python() != nullptr;
}

Peer::Peer(const std::filesystem::path& script) : Peer(script, is_there() ? named_python() : "python3") {}

Peer::Peer(const std::filesystem::path& script, const std::string& python) {
  std::array<int, 2> ends{};  // ours, and the script's standard input
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  socket_ = ends[0];
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDIN_FILENO);
  std::array<std::string, 4> words{python, "-W", "ignore", (source_dir() / "tests/parity" / script).string()};
  std::array<char*, 5> arguments{words[0].data(), words[1].data(), words[2].data(), words[3].data(), nullptr};
  // Without a process nobody holds the other end, and the first request says so.
  if (::posix_spawnp(&process_, python.c_str(), &actions, nullptr, arguments.data(), environ) != 0)
    process_ = 0;
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
}

Peer::~Peer() {
  ::close(socket_);
  if (process_ != 0) ::waitpid(process_, nullptr, 0);
}

testing::AssertionResult Peer::ask(const std::vector<std::string>& words) {
  const auto has_ended = [] { return testing::AssertionFailure() << "the peer's script has ended"; };
  std::string request;
  for (const std::string& word : words) request += word + (&word == &words.back() ? '\n' : '\t');
  for (size_t sent = 0; sent < request.size();) {
    const ssize_t count = ::send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return has_ended();
    sent += static_cast<size_t>(count);
  }
  std::string reply;
  while (!reply.ends_with('\n')) {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return has_ended();
    reply.append(buffer.data(), static_cast<size_t>(count));
  }
  return reply == "done\n" ? testing::AssertionSuccess() : testing::AssertionFailure() << reply;
}

}  // namespace photo51::test
