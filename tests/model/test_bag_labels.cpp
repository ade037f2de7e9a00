#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>
#include <memory>
#include <string>

#include "photo51/config/read.hpp"
#include "photo51/model/model.hpp"
#include "support/errors.hpp"

namespace photo51::model {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

/// A pool that is taught by a label gets the classes of its head, and asks for a loss.
TEST(BagLabels, TeachThePoolOfAnEncoder) {
  const std::string heads =
      "heads: {age: {task: regression}, idh: {task: binary}, grade: {task: multiclass, classes: [a, b, c]}}";
  const auto model_of = [&](const std::string& pool) {
    at::manual_seed(1);
    ModelOptions options;
    config::read(
        config::parse_yaml("encoders: {us: {name: conv_net, widths: [4], bag_pool: " + pool + "}}\n" + heads,
                           "model.yaml"),
        options);
    data::InputInfo info{.image = true, .channels = 1, .dims = 2, .size = {8, 8}, .features = {}};
    info.bag = true;
    return std::make_shared<Model>(options, std::map<std::string, data::InputInfo>{{"us", info}},
                                   label_specs(options));
  };
  const auto model =
      model_of("{name: clam_mb, embed_dim: 4, dropout: 0, instance_loss_weight: 0.5, head: grade}");
  data::Batch batch;
  data::InputBatch& us = batch.inputs["us"];
  us.values = at::randn({6, 1, 8, 8});
  us.present = at::tensor({1, 0, 1, 1}).to(at::kBool);
  us.offsets = at::tensor({0, 2, 2, 5, 6}, at::kLong);
  us.view = at::zeros({6}, at::kLong);
  batch.cases = {"a", "b", "c", "d"};
  const at::Tensor known = at::tensor({1, 1, 1, 0}).to(at::kBool);
  for (const char* head : {"age", "idh", "grade"})
    batch.labels[head] = {at::tensor({0.F, 1.F, 1.F, 0.F}), {}, known.clone()};
  const auto losses = [&](Model& of) { return of.forward(batch).losses; };
  ASSERT_THAT(losses(*model), ::testing::ElementsAre(::testing::Key("encoders.us.instance")));
  std::map<std::string, double> parts;
  const double total = model->loss(model->forward(batch), batch, &parts).item<double>();
  EXPECT_NEAR(total,
              parts.at("age") + parts.at("idh") + parts.at("grade") + 0.5 * parts.at("encoders.us.instance"),
              1e-5);
  // The class of an absent case, or of one that is not known, says nothing; that of another does.
  const double before = losses(*model).at("encoders.us.instance").value.item<double>();
  const auto with_label = [&](int64_t row, double value) {
    batch.labels["grade"].value[row] = value;
    return losses(*model).at("encoders.us.instance").value.item<double>();
  };
  EXPECT_EQ(with_label(1, 2), before);
  EXPECT_EQ(with_label(3, 2), before);
  EXPECT_NE(with_label(2, 2), before);
  batch.labels.erase("grade");
  EXPECT_THAT(losses(*model), ::testing::IsEmpty());
  EXPECT_THAT(message_of(core::Fault::usage, [&] { model_of("{name: dsmil, head: age}"); }),
              AllOf(HasSubstr("model.encoders.us"), HasSubstr("there is no head `age` with classes")));
}

}  // namespace
}  // namespace photo51::model
