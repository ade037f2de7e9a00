#pragma once
/// A script of the Python peers that answers the requests of a whole suite (tests/parity/serve.py): Python
/// and the peers' packages take longer to start than most comparisons do.
///
///   class Networks : public test::PeerSuite<Networks> {
///    public:
///     static constexpr const char* kScript = "networks.py";
///   };
///   TEST_F(Networks, Agree) { ASSERT_TRUE(peer_->ask({"export", folder})); ... }

#include <gtest/gtest.h>
#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace photo51::test {

class Peer {
 public:
  /// Whether PHOTO51_PEERS_PYTHON names a Python.
  static bool is_there();
  /// `script` is one of tests/parity, or any by its whole path.
  explicit Peer(const std::filesystem::path& script);
  Peer(const std::filesystem::path& script, const std::string& python);
  /// Ends the script.
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  /// The words hold neither tabs nor line breaks. Success once the script has done it; else what it raised,
  /// or that it has ended.
  testing::AssertionResult ask(const std::vector<std::string>& words);

 private:
  int socket_ = -1;
  pid_t process_ = 0;
};

/// A suite with one script for all its tests, which skip without the peers.
template <class Suite, class Base = testing::Test>
class PeerSuite : public Base {
 protected:
  static void SetUpTestSuite() {
    if (Peer::is_there()) peer_ = std::make_unique<Peer>(Suite::kScript);
  }
  static void TearDownTestSuite() { peer_.reset(); }
  void SetUp() override {
    if (!Peer::is_there()) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  }

  static inline std::unique_ptr<Peer> peer_;
};

}  // namespace photo51::test
