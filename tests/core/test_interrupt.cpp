#include "photo51/core/interrupt.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace photo51::core {
namespace {

using ::testing::ExitedWithCode;

TEST(InterruptDeathTest, EndsAtOnceWithALine) {
  EXPECT_EXIT(
      {
        catch_interrupts("photo51: interrupted", "later");
        std::raise(SIGINT);
        ::_exit(0);
      },
      ExitedWithCode(130), "^photo51: interrupted\n$");
  EXPECT_EXIT(
      {
        catch_interrupts("photo51: interrupted", "later");
        std::raise(SIGTERM);
        ::_exit(0);
      },
      ExitedWithCode(130), "^photo51: interrupted\n$");
}

TEST(InterruptDeathTest, WhereStateIsSavedTheFirstIsNotedAndTheSecondEnds) {
  EXPECT_EXIT(
      {
        catch_interrupts("now", "soon");
        const Graceful saves;
        if (interrupted()) ::_exit(1);
        std::raise(SIGINT);
        if (!interrupted()) ::_exit(2);
        std::raise(SIGINT);
        ::_exit(3);
      },
      ExitedWithCode(130), "^soon\nnow\n$");
}

TEST(InterruptDeathTest, OneThatNobodyAnsweredEndsTheProcessWhenTheSavingCodeIsLeft) {
  EXPECT_EXIT(
      {
        catch_interrupts("now", "");
        {
          const Graceful outer;
          {
            const Graceful inner;
            std::raise(SIGINT);
          }
        }
        ::_exit(3);
      },
      ExitedWithCode(130), "^now\n$");
}

TEST(InterruptDeathTest, OneThatWasAnsweredByAnExceptionLeavesTheRestToTheCaller) {
  EXPECT_EXIT(
      {
        catch_interrupts("now", "");
        try {
          const Graceful saves;
          std::raise(SIGINT);
          throw std::runtime_error("saved");
        } catch (const std::runtime_error&) {
          ::_exit(7);
        }
      },
      ExitedWithCode(7), "");
}

}  // namespace
}  // namespace photo51::core
