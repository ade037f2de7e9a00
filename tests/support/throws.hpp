#pragma once
/// The message of the Error that a call throws.

#include <gtest/gtest.h>

#include <string>

#include "photo51/core/error.hpp"

namespace photo51::test {

/// The message, after checking the fault; "" with a failure when nothing is thrown.
template <class Call>
std::string message_of(core::Fault fault, Call&& call) {
  try {
    call();
  } catch (const core::Error& error) {
    EXPECT_EQ(static_cast<int>(error.fault()), static_cast<int>(fault)) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace photo51::test
