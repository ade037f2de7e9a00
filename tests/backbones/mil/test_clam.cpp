#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "backbones/mil/bag_pool_case.hpp"
#include "support/errors.hpp"

namespace photo51::backbones {
namespace {

using test::bag_pool;
using test::first_view;
using test::lengths;
using test::message_of;
using ::testing::HasSubstr;

config::Choice clam(const std::string& name, double weight = 1, const std::string& head = "") {
  return config::choose(name, ClamOptions{.embed_dim = 4,
                                          .hidden = 3,
                                          .dropout = 0,
                                          .k_sample = 8,
                                          .instance_loss_weight = weight,
                                          .head = head});
}

at::Tensor classes(at::IntArrayRef of_bags) {
  return at::tensor(of_bags, at::kLong);
}

TEST(Clam, BranchesAreClasses) {
  const auto single = bag_pool(clam("clam_sb"), 3, {{"grade", 3}});
  const auto multiple = bag_pool(clam("clam_mb"), 3, {{"grade", 3}});
  const at::Tensor features = at::randn({5, 3});
  for (const auto& [pool, width] : {std::pair{single, int64_t{4}}, std::pair{multiple, int64_t{12}}}) {
    EXPECT_EQ(pool->width(), width);
    EXPECT_EQ(pool->label(), "grade");
    const auto found = pool->forward(features, lengths({2, 3}), first_view(5));
    EXPECT_EQ(found.values.sizes(), at::IntArrayRef({2, 1, width}));
    EXPECT_NEAR(found.attention.slice(0, 0, 2).sum().item<double>(), 1, 1e-6);
    EXPECT_NEAR(found.attention.slice(0, 2, 5).sum().item<double>(), 1, 1e-6);
  }
}

/// In training, where a class is known, and where it weighs something.
TEST(Clam, LabelsTeachInstancesInTraining) {
  const at::Tensor features = at::randn({5, 3});
  const auto losses = [&](BagPool& pool, const at::Tensor& of_bags) {
    return pool.forward(features, lengths({2, 3}), first_view(5), of_bags).losses;
  };
  const auto pool = bag_pool(clam("clam_sb", 0.25), 3, test::one_head);
  ASSERT_THAT(losses(*pool, classes({0, 1})), testing::ElementsAre(testing::Key("instance")));
  EXPECT_EQ(losses(*pool, classes({0, 1})).at("instance").weight, 0.25);
  EXPECT_THAT(losses(*pool, classes({-1, -1})), testing::IsEmpty());
  EXPECT_THAT(losses(*pool, {}), testing::IsEmpty());
  // The mean of the bags.
  const auto value = [&](at::IntArrayRef of_bags) {
    return losses(*pool, classes(of_bags)).at("instance").value.item<double>();
  };
  EXPECT_NEAR(value({0, 1}), (value({0, -1}) + value({-1, 1})) / 2, 1e-6);
  EXPECT_NE(value({0, -1}), value({1, -1}));
  pool->eval();
  EXPECT_THAT(losses(*pool, classes({0, 1})), testing::IsEmpty());
  EXPECT_THAT(losses(*bag_pool(clam("clam_sb", 0), 3, test::one_head), classes({0, 1})), testing::IsEmpty());
}

/// Steps along the gradient of the loss alone part the instances of most and of least attention.
TEST(Clam, TheInstanceLossCanBeLearned) {
  at::manual_seed(3);
  const at::Tensor features = at::randn({6, 3});
  for (const char* name : {"clam_sb", "clam_mb"}) {
    const auto pool = bag_pool(
        config::choose(name,
                       ClamOptions{.embed_dim = 16, .hidden = 3, .dropout = 0, .k_sample = 1, .head = {}}),
        3, test::one_head);
    double first = 0, last = 0;
    for (int step = 0; step < 200; ++step) {
      const at::Tensor loss = pool->forward(features, lengths({3, 3}), first_view(6), classes({0, 1}))
                                  .losses.at("instance")
                                  .value;
      if (step == 0) first = loss.item<double>();
      last = loss.item<double>();
      loss.backward();
      const at::NoGradGuard no_grad;
      for (auto& parameter : pool->parameters()) {
        if (!parameter.grad().defined()) continue;  // attention only chooses
        parameter.sub_(parameter.grad(), 0.1);
        parameter.mutable_grad().zero_();
      }
    }
    EXPECT_LT(last, first / 2) << name;
  }
}

TEST(Clam, NeedsTheClassesOfAHead) {
  const auto error = [](const config::Choice& choice, const std::vector<LabelShape>& labels) {
    return message_of(core::Fault::usage, [&] { bag_pool(choice, 3, labels); });
  };
  EXPECT_THAT(error(clam("clam_sb"), {}),
              HasSubstr("bag_pool: `clam_sb` is taught by the classes of a head, and no head has classes"));
  EXPECT_THAT(error(clam("clam_mb"), {{"idh", 2}, {"grade", 3}}),
              HasSubstr("say which by `head` (idh, grade)"));
  EXPECT_THAT(error(clam("clam_mb", 1, "grad"), {{"idh", 2}, {"grade", 3}}),
              HasSubstr("bag_pool: head: there is no head `grad` with classes (did you mean `grade`?)"));
  EXPECT_EQ(bag_pool(clam("clam_sb", 1, "grade"), 3, {{"idh", 2}, {"grade", 3}})->label(), "grade");
  const auto pool = bag_pool(clam("clam_sb"), 3, test::one_head);
  for (const at::Tensor& wrong : {classes({0, 2}), classes({0, -2}), classes({0})})
    EXPECT_THAT(message_of(core::Fault::data,
                           [&] {
                             pool->forward(at::zeros({3, 3}), lengths({1, 2}), first_view(3), wrong);
                           }),
                HasSubstr("each bag needs the class that teaches its instances, a number below 2"));
}

}  // namespace
}  // namespace photo51::backbones
