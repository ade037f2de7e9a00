// That the judge of mutants sees what it must.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <stdexcept>

#include "fuzz/mutants/reading.hpp"
#include "photo51/core/error.hpp"

namespace photo51::fuzz {
namespace {

using testing::HasSubstr;

constexpr Bounds kSmall{int64_t{1} << 30, 1};

Verdict tried(const std::function<std::string()>& read, const Bounds& bounds = kSmall) {
  return try_in_child([&] { return judge("scan.dcm", read); }, bounds).verdict;
}

TEST(Child, AReadingAndAClearErrorPass) {
  EXPECT_EQ(tried([] { return std::string(); }).outcome, Outcome::read);
  const Verdict refused =
      tried([]() -> std::string { core::fail_data("scan.dcm: is cut off; copy it again"); });
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.message, "scan.dcm: is cut off; copy it again");
  EXPECT_EQ(tried([] { return std::string("scan.dcm: is cut off; copy it again"); }).outcome,
            Outcome::refused);
}

TEST(Child, AnErrorThatIsNotClearFails) {
  const Verdict nameless = tried([]() -> std::string { core::fail_data("is cut off"); });
  EXPECT_EQ(nameless.outcome, Outcome::failed);
  EXPECT_THAT(nameless.message, HasSubstr("does not name the file"));
  const Verdict usage = tried([]() -> std::string { core::fail_usage("scan.dcm: no"); });
  EXPECT_EQ(usage.outcome, Outcome::failed);
  const Verdict vague = tried([] { return std::string("scan.dcm: std::bad_alloc"); });
  EXPECT_EQ(vague.outcome, Outcome::failed);
  const Verdict other = tried([]() -> std::string { throw std::out_of_range("scan.dcm: vector"); });
  EXPECT_EQ(other.outcome, Outcome::failed);
  EXPECT_THAT(other.message, HasSubstr("another exception"));
}

TEST(Child, ASignalOrAnExitFails) {
  const Verdict killed = tried([] {
    ::signal(SIGABRT, SIG_DFL);
    ::raise(SIGABRT);
    return std::string();
  });
  EXPECT_EQ(killed.outcome, Outcome::failed);
  EXPECT_THAT(killed.message, HasSubstr("ended by signal 6"));
  const Verdict left = tried([]() -> std::string { ::_exit(0); });
  EXPECT_EQ(left.outcome, Outcome::failed);
}

TEST(Child, ASanitizersReportFailsThoughTheWorkGoesOn) {
  const Verdict verdict = tried([] {
    std::fputs("file.cpp:1:2: runtime error: signed integer overflow\n", stderr);
    std::fflush(stderr);
    return std::string();
  });
  EXPECT_EQ(verdict.outcome, Outcome::failed);
  EXPECT_THAT(verdict.message, HasSubstr("signed integer overflow"));
}

TEST(Child, TooMuchTimeOrMemoryFails) {
  const Verdict slow = tried([] {
    for (volatile int forever = 1; forever != 0;) {
    }
    return std::string();
  });
  EXPECT_EQ(slow.outcome, Outcome::failed);
  EXPECT_THAT(slow.message, HasSubstr("took too long"));
  const Verdict large = tried([] {
    std::vector<char> bytes(size_t{1200} << 20, 1);
    return bytes[bytes.size() / 2] == 1 ? std::string() : std::string("scan.dcm");
  });
  EXPECT_EQ(large.outcome, Outcome::failed);
}

}  // namespace
}  // namespace photo51::fuzz
