#include "photo51/core/failure.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "photo51/core/error.hpp"

namespace photo51::core {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

template <class Thrown>
Failure failure(const Thrown& thrown) {
  return failure_of(std::make_exception_ptr(thrown));
}

TEST(Failure, EveryExceptionHasItsCodeAndWords) {
  EXPECT_EQ(failure(Error(Fault::usage, "wrong")).code, 2);
  EXPECT_EQ(failure(Error(Fault::usage, "wrong")).message, "wrong");
  EXPECT_EQ(failure(Error(Fault::data, "wrong")).code, 3);
  EXPECT_EQ(failure(Error(Fault::interrupted, "stopped")).code, 130);
  EXPECT_EQ(failure(std::runtime_error("odd\nException raised from f.cpp\nframe #0")).message, "odd");
  EXPECT_EQ(failure(std::runtime_error("odd")).code, 1);
  EXPECT_EQ(failure(7).message, "an unknown error");
  EXPECT_EQ(failure(7).code, 1);
  EXPECT_EQ(failure_of(nullptr).message, "the program was ended by its libraries");
  EXPECT_TRUE(failure(std::bad_alloc()).out_of_memory);
  EXPECT_TRUE(failure(std::length_error("vector")).out_of_memory);
  EXPECT_TRUE(failure(std::runtime_error("DefaultCPUAllocator: can't allocate memory")).out_of_memory);
  EXPECT_THAT(
      failure(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again))).message,
      HasSubstr("no thread can be started; raise the limit of processes"));
  EXPECT_EQ(failure(std::system_error(std::make_error_code(std::errc::invalid_argument))).code, 1);
}

TEST(Failure, FileSystemErrorsAreOfTheDataUnlessTheDiskIsTheReason) {
  const auto error = [](std::errc code) {
    return failure(std::filesystem::filesystem_error("stat", "/x/y", std::make_error_code(code)));
  };
  EXPECT_EQ(error(std::errc::too_many_symbolic_link_levels).code, 3);
  EXPECT_THAT(error(std::errc::too_many_symbolic_link_levels).message, HasSubstr("/x/y: "));
  EXPECT_EQ(error(std::errc::no_space_on_device).code, 1);
}

TEST(Failure, AJsonErrorQuotesNothing) {
  try {
    const auto json = nlohmann::json::parse("{\"secret");
    FAIL() << json << " is no JSON";
  } catch (const nlohmann::json::exception&) {
    const Failure failure = failure_of(std::current_exception());
    EXPECT_EQ(failure.code, 3);
    EXPECT_THAT(failure.message, Not(HasSubstr("secret")));
    EXPECT_THAT(failure.message, HasSubstr("a JSON document is not as it should be"));
  }
}

TEST(Failure, IsReportedOnOneLineWhateverItHolds) {
  const std::string message = "K\xF6ln\nphoto51: forged\x1B[2J";
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(report_failure(false, 3, message), 3);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "photo51: K\\xf6ln\\nphoto51: forged\\x1b[2J\n");
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(report_failure(true, 2, message), 2);
  const auto json = nlohmann::json::parse(::testing::internal::GetCapturedStderr());
  EXPECT_EQ(json.at("exit_code"), 2);
  EXPECT_EQ(json.at("error"), "K\\xf6ln\\nphoto51: forged\\x1b[2J");
  ::testing::internal::CaptureStderr();
  report_failure(false, 1, std::string(1 << 20, 'x'));
  EXPECT_LT(::testing::internal::GetCapturedStderr().size(), 20000U);
}

}  // namespace
}  // namespace photo51::core
