#include "photo51/data/load/bag_stream.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "photo51/core/thread_pool.hpp"
#include "photo51/data/load/loader.hpp"
#include "support/errors.hpp"

namespace photo51::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// How many instances of some bags are in memory, now and at most.
struct Alive {
  std::atomic<int64_t> now{0}, most{0};
};

/// Instances of 2 x 3 numbers, all of them the instance's own; some damaged.
class Numbers final : public BagSource {
 public:
  Numbers(int64_t first, int64_t count, std::set<int64_t> damaged = {}, Alive* alive = nullptr)
      : first_(first), count_(count), damaged_(std::move(damaged)), alive_(alive) {}
  int64_t count() const override { return count_; }
  Instance read(int64_t index) const override {
    if (damaged_.contains(index)) core::fail_data("tile " + std::to_string(index) + " is torn");
    at::Tensor values = at::full({1, 2, index == odd_ ? 4 : 3}, first_ + index, at::kFloat);
    if (alive_ == nullptr) return {values, index % 2};
    const int64_t now = ++alive_->now;
    for (int64_t most = alive_->most; now > most && !alive_->most.compare_exchange_weak(most, now);) {
    }
    return {
        at::from_blob(
            values.data_ptr(), values.sizes(), [values, alive = alive_](void*) { --alive->now; }, at::kFloat),
        index % 2};
  }
  void leave_out(int64_t index, const core::Error& why) const override {
    left_out.insert(index);
    if (left_out.size() > 2) throw core::Error(why);
  }
  std::string file(int64_t) const override { return "slide.svs"; }

  mutable std::set<int64_t> left_out;
  int64_t odd_ = -1;  ///< an instance of another size

 private:
  int64_t first_, count_;
  std::set<int64_t> damaged_;
  Alive* alive_;
};

std::vector<int64_t> numbers(const at::Tensor& tensor) {
  const auto flat = tensor.to(at::kLong).contiguous();
  return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
}
std::vector<int64_t> firsts(const at::Tensor& values) {
  return numbers(values.flatten(1).select(1, 0));
}

TEST(BagStream, GoesThroughTheBagsOfABatch) {
  for (const int threads : {0, 3}) {
    BagStream stream(
        {{"A", std::make_shared<Numbers>(0, 3)}, {"B", nullptr}, {"C", std::make_shared<Numbers>(10, 2)}},
        {.input = "he",
         .views = 2,
         .pool = threads > 0 ? std::make_shared<core::ThreadPool>(threads) : nullptr});
    const at::Tensor four = stream.next(4);
    EXPECT_EQ(four.sizes(), at::IntArrayRef({4, 1, 2, 3}));
    EXPECT_THAT(firsts(four), ElementsAre(0, 1, 2, 10));
    EXPECT_THAT(firsts(stream.next(4)), ElementsAre(11));
    EXPECT_FALSE(stream.next(4).defined());
    EXPECT_THAT(numbers(stream.offsets()), ElementsAre(0, 3, 3, 5));
    EXPECT_THAT(numbers(stream.view()), ElementsAre(0, 1, 0, 0, 1));
    EXPECT_THAT(numbers(stream.channel_present()), ElementsAre(1, 1, 0, 0, 1, 1));
    EXPECT_FALSE(stream.failure());
  }
}

/// However large a bag is, what is decoded is the chunk that was asked for and the one after it.
TEST(BagStream, HoldsTwoChunksAtMost) {
  Alive alive;
  int64_t seen = 0;
  {
    BagStream stream({{"A", std::make_shared<Numbers>(0, 500, std::set<int64_t>{}, &alive)}},
                     {.views = 2, .pool = std::make_shared<core::ThreadPool>(4)});
    for (at::Tensor chunk = stream.next(8); chunk.defined(); chunk = stream.next(8)) seen += chunk.size(0);
  }
  EXPECT_EQ(seen, 500);
  EXPECT_GT(alive.most, 0);
  EXPECT_LE(alive.most, 2 * 8 + 1);  // one more is between the threads and the chunk
  EXPECT_EQ(alive.now, 0);
}

/// The threads decode the next chunk while the caller still works on this one.
TEST(BagStream, DecodesAheadOfTheCaller) {
  Alive alive;
  BagStream stream({{"A", std::make_shared<Numbers>(0, 500, std::set<int64_t>{}, &alive)}},
                   {.views = 2, .pool = std::make_shared<core::ThreadPool>(2)});
  EXPECT_THAT(firsts(stream.next(4)), ElementsAre(0, 1, 2, 3));
  for (int tries = 0; alive.now < 4 && tries < 1000; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(alive.now, 4);  // nobody has asked for them yet
  EXPECT_THAT(firsts(stream.next(4)), ElementsAre(4, 5, 6, 7));
}

TEST(BagStream, GoesOnWithoutDamagedInstances) {
  for (const int threads : {0, 2}) {
    const auto source = std::make_shared<Numbers>(0, 6, std::set<int64_t>{0, 3});
    BagStream stream(
        {{"A", source}},
        {.views = 2, .pool = threads > 0 ? std::make_shared<core::ThreadPool>(threads) : nullptr});
    EXPECT_THAT(firsts(stream.next(100)), ElementsAre(1, 2, 4, 5));
    EXPECT_THAT(numbers(stream.offsets()), ElementsAre(0, 4));
    EXPECT_THAT(source->left_out, ElementsAre(0, 3));
  }
}

TEST(BagStream, TellsWhichBagIsBad) {
  BagStream worst({{"A", std::make_shared<Numbers>(0, 2)},
                   {"B", std::make_shared<Numbers>(0, 2, std::set<int64_t>{0, 1})}},
                  {.input = "he", .views = 2});
  PHOTO51_EXPECT_ERROR(worst.next(9), data, ::testing::StrEq("case B: input he: tile 1 is torn"));
  ASSERT_TRUE(worst.failure());
  EXPECT_EQ(worst.failure()->bag, 1U);
  BagStream worse({{"A", std::make_shared<Numbers>(0, 6, std::set<int64_t>{0, 2, 4})}},
                  {.input = "he", .views = 2});
  PHOTO51_EXPECT_ERROR(worse.next(9), data, ::testing::StrEq("case A: input he: tile 4 is torn"));
}

TEST(BagStream, InstancesAreOfOneSize) {
  const auto mixed = std::make_shared<Numbers>(0, 3);
  mixed->odd_ = 2;
  BagStream one({{"A", mixed}}, {.input = "he", .views = 2});
  PHOTO51_EXPECT_ERROR(
      one.next(9), data,
      HasSubstr("case A: input he: slide.svs: has another size than the case's other images"));
  const auto other = std::make_shared<Numbers>(0, 1);
  other->odd_ = 0;
  BagStream two({{"A", std::make_shared<Numbers>(0, 1)}, {"B", other}}, {.input = "he", .views = 2});
  PHOTO51_EXPECT_ERROR(two.next(9), usage,
                       HasSubstr("input he: case B has the shape [1, 2, 4], but case A has [1, 2, 3]"));
  BagStream three({{"B", other}}, {.input = "he", .views = 2, .shape = {1, 2, 3}});
  PHOTO51_EXPECT_ERROR(three.next(9), usage,
                       HasSubstr("case B has the shape [1, 2, 4], but the model takes [1, 2, 3]"));
}

/// Bags that lie in memory are part of the stream where others are decoded later.
TEST(BagStream, TakesWholeBagsToo) {
  Case large, small, none;
  large.id = "A", small.id = "B", none.id = "C";
  large.inputs["he"].source = std::make_shared<Numbers>(0, 3);
  small.inputs["he"] = {at::full({2, 1, 2, 3}, 7, at::kFloat), at::ones({2}, at::kBool),
                        at::tensor({1, 0}, at::kLong)};
  none.inputs["he"] = {};
  const InputInfo info{
      .image = true, .channels = 1, .dims = 2, .size = {2, 3}, .features = {}, .bag = true, .views = 2};
  const Batch batch = collate({large, small, none}, {{"he", info}}, {});
  const InputBatch& input = batch.inputs.at("he");
  ASSERT_TRUE(input.stream);
  EXPECT_FALSE(input.values.defined());
  EXPECT_THAT(numbers(input.present), ElementsAre(1, 1, 0));
  EXPECT_THAT(firsts(input.stream->next(9)), ElementsAre(0, 1, 2, 7, 7));
  EXPECT_THAT(numbers(input.stream->offsets()), ElementsAre(0, 3, 5, 5));
  EXPECT_THAT(numbers(input.stream->view()), ElementsAre(0, 1, 0, 1, 0));
}

}  // namespace
}  // namespace photo51::data
