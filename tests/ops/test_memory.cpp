#include "photo51/ops/memory.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <fstream>

namespace photo51::ops {
namespace {

int64_t resident_pages() {
  int64_t total = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> total >> resident;
  return resident;
}

TEST(EmptyImage, IsAnOrdinaryTensorOfAnySize) {
  for (const int64_t n : {0, 3, 2048}) {
    auto image = empty_image({1, 2, n, n}, at::kShort);
    EXPECT_EQ(image.sizes(), (std::vector<int64_t>{1, 2, n, n}));
    EXPECT_TRUE(image.is_contiguous());
    image.fill_(7);
    EXPECT_EQ(image.to(at::kLong).sum().item<int64_t>(), 14 * n * n);
  }
}

TEST(EmptyImage, GoesBackToTheSystemWithItsLastView) {
  const int64_t most = (int64_t{64} << 20) / 4096, before = resident_pages();
  {
    auto image = empty_image({64, 1024, 1024}, at::kByte).fill_(1);
    const auto view = image.select(0, 1);
    image.reset();
    EXPECT_EQ(view[5][5].item<int64_t>(), 1);
    EXPECT_GE(resident_pages() - before, most * 9 / 10);
  }
  EXPECT_LT(resident_pages() - before, most / 4);
}

}  // namespace
}  // namespace photo51::ops
