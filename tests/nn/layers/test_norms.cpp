#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include "photo51/nn/layers/norm.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"

namespace photo51::nn {
namespace {

TEST(Norms, EveryRowKeepsTheShapeAndHasAWeightAndABias) {
  for (const auto& component : norms().components()) {
    const auto norm = make_norm(component.name, 6);
    const at::Tensor x = at::randn({2, 6, 3, 4});
    EXPECT_EQ(norm->forward(x).sizes(), x.sizes()) << component.name;
    const auto state = state_of(*norm);
    EXPECT_EQ(state.at("weight").sizes(), (std::vector<int64_t>{6})) << component.name;
    EXPECT_EQ(state.at("bias").sizes(), (std::vector<int64_t>{6})) << component.name;
    EXPECT_EQ(state.contains("running_var"), component.name == "batch");
  }
}

TEST(Norms, AnUnknownOneIsNamed) {
  EXPECT_THAT(test::message_of(core::Fault::usage, [] { make_norm("bach", 4); }),
              ::testing::HasSubstr("no normalisation `bach` (did you mean `batch`?)"));
}

}  // namespace
}  // namespace photo51::nn
