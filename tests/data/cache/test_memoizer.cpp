#include "data/cache/memoizer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

namespace photo51::data {
namespace {

TEST(Memoizer, ThreadsShareWhatOneOfThemMakes) {
  Memoizer<int, int> things;
  std::atomic<int> made = 0, sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      sum += *things.get(1, [&] {
        ++made;
        return 5;
      });
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  EXPECT_EQ(sum, 40);
}

TEST(Memoizer, AFailureIsTriedAgain) {
  Memoizer<int, int> things;
  EXPECT_THROW(things.get(1, []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
  EXPECT_EQ(*things.get(1, [] { return 7; }), 7);
}

TEST(Memoizer, TheOneAskedForLongestAgoIsLetGo) {
  Memoizer<int, int> things(2);
  int made = 0;
  const auto get = [&](int key) { return things.get(key, [&] { return ++made; }); };
  const auto first = get(1);
  get(2);
  get(1);
  get(3);  // lets 2 go
  EXPECT_EQ(*get(1), 1);
  EXPECT_EQ(made, 3);
  EXPECT_EQ(*get(2), 4);
  EXPECT_EQ(*first, 1);  // whoever holds a thing keeps it
}

}  // namespace
}  // namespace photo51::data
