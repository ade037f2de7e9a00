#pragma once
/// Asserting on the library's errors: what kind, and which words the message has.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "photo51/core/error.hpp"

namespace photo51::test {

/// The error that `body` throws, or nothing.
template <class Body>
std::optional<core::Error> error_of(Body&& body) {
  try {
    body();
  } catch (const core::Error& error) {
    return error;
  }
  return std::nullopt;
}

/// The message, after checking the fault; "" with a failure when nothing is thrown.
template <class Call>
std::string message_of(core::Fault fault, Call&& call) {
  const auto thrown = error_of(call);
  if (!thrown) {
    ADD_FAILURE() << "nothing was thrown";
    return "";
  }
  EXPECT_EQ(static_cast<int>(thrown->fault()), static_cast<int>(fault)) << thrown->what();
  return thrown->what();
}

}  // namespace photo51::test

/// `statement` must throw core::Error of this fault whose message matches.
#define PHOTO51_EXPECT_ERROR(statement, expected_fault, matcher)                          \
  do {                                                                                    \
    const auto thrown = ::photo51::test::error_of([&] { statement; });                    \
    ASSERT_TRUE(thrown.has_value()) << "no error from " #statement;                       \
    EXPECT_EQ(thrown->fault(), ::photo51::core::Fault::expected_fault) << thrown->what(); \
    EXPECT_THAT(std::string(thrown->what()), matcher);                                    \
  } while (false)
