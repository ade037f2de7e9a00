#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "parity/peer.hpp"
#include "support/shared_data.hpp"

namespace photo51 {
namespace {

/// A peer that cannot be imported is a comparison that does not take place: that must not look like one that
/// agrees.
TEST(Peers, AreAllThere) {
  const char* python = std::getenv("PHOTO51_PEERS_PYTHON");
  if (python == nullptr) GTEST_SKIP() << "PHOTO51_PEERS_PYTHON does not name a Python with the peers";
  const std::string script = test::source_dir().string() + "/tests/parity/imports.py";
  EXPECT_EQ(std::system((std::string(python) + " -W ignore " + script).c_str()), 0)
      << "run tools/setup --peers; what is missing stands above";
}

/// The exit status of this program with the first test alone.
int status_with(const std::string& environment) {
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  const int status = std::system(
      ("env " + environment + " " + self + " --gtest_filter=Peers.AreAllThere > /dev/null 2>&1").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// CTest skips what ends with 77: only what no peers were named for, never what failed.
TEST(Peers, ThatFailAreNotSkipped) {
  EXPECT_EQ(status_with("-u PHOTO51_PEERS_PYTHON"), 77);
  EXPECT_EQ(status_with("PHOTO51_PEERS_PYTHON=/bin/false"), 1);
  EXPECT_EQ(status_with("PHOTO51_PEERS_PYTHON=/absent/python"), 1);
}

TEST(Peers, ThatCannotBeImportedAreNamed) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "one.py")
      << "import sys, surely_absent.part\nfrom json import loads, dump_everything\n";
  const std::string script = test::source_dir().string() + "/tests/parity/imports.py";
  const std::string log = (folder / "log").string();
  EXPECT_NE(std::system(("python3 " + script + " " + folder.path().string() + " 2> " + log).c_str()), 0);
  std::ifstream file(log);
  const std::string said{std::istreambuf_iterator<char>(file), {}};
  EXPECT_NE(said.find("surely_absent.part"), std::string::npos) << said;
  EXPECT_NE(said.find("dump_everything"), std::string::npos) << said;
}

/// One process answers everything; what a request raises ends neither the script nor the suite.
TEST(Peers, AnswerRequestAfterRequest) {
  const test::TemporaryFolder folder;
  std::ofstream(folder / "counts.py")
      << "import os, sys\n"
         "sys.path.insert(0, '"
      << (test::source_dir() / "tests/parity").string()
      << "')\n"
         "import serve\n"
         "seen = []\n"
         "def answer(word, *count):\n"
         "    seen.append(word)\n"
         "    if word == 'end': os._exit(0)\n"
         "    if count != (str(len(seen)),): raise ValueError('not\\n' + word)\n"
         "serve.serve(answer)\n";
  test::Peer peer(folder / "counts.py", "python3");
  EXPECT_TRUE(peer.ask({"one", "1"}));
  const auto failed = peer.ask({"two words"});
  EXPECT_FALSE(failed);
  EXPECT_STREQ(failed.message(), "ValueError: not two words\n");
  EXPECT_TRUE(peer.ask({"three", "3"}));
  EXPECT_STREQ(peer.ask({"end"}).message(), "the peer's script has ended");
  EXPECT_FALSE(peer.ask({"five", "5"}));
  EXPECT_FALSE(test::Peer(folder / "absent.py", "python3").ask({"one"}));
  EXPECT_FALSE(test::Peer(folder / "counts.py", "/absent/python").ask({"one"}));
}

}  // namespace
}  // namespace photo51
