#include <gmock/gmock.h>
#include <torch/nn/module.h>
#include <torch/optim/adam.h>

#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/model/model.hpp"
#include "photo51/nn/autocast.hpp"
#include "photo51/nn/capture.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "photo51/radiogenomics/heads/table.hpp"
#include "support/errors.hpp"

namespace photo51::model {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

const std::string example = R"(
encoders:
  mri: {name: conv_net, widths: [4, 6], norm: group}
  genes: {name: snn, hidden: [8], dropout: 0}
fusion: {name: gated, width: 5}
heads:
  idh: {task: binary, positive: mutant}
  cluster: {task: multiclass, classes: [a, b, c], weight: 0.5}
  age: {task: regression}
  os: {task: survival}
  pfs: {task: survival, label: pfs_days, event: progressed, loss: discrete_nll, bins: 3}
)";

ModelOptions options_of(const std::string& yaml) {
  ModelOptions options;
  config::read(config::parse_yaml(yaml, "model.yaml"), options);
  return options;
}

std::map<std::string, data::InputInfo> inputs() {
  return {{"mri", {.image = true, .channels = 2, .dims = 3, .size = {4, 8, 8}, .features = {}}},
          {"genes", {.image = false, .channels = 10, .dims = 3, .size = {}, .features = {}}}};
}

data::Batch batch_of(int64_t size) {
  data::Batch batch;
  const at::Tensor all = at::ones({size}, at::kBool);
  batch.inputs["mri"] = {at::randn({size, 2, 4, 8, 8}), all.clone(), at::ones({size, 2}, at::kBool)};
  batch.inputs["genes"] = {at::randn({size, 10}), all.clone(), {}};
  const at::Tensor row = at::arange(size, at::kFloat);
  for (const auto& head : {"idh", "cluster", "age", "os", "pfs"})
    batch.labels[head] = {row.clone(), at::ones({size}, at::kBool), all.clone()};
  batch.labels["idh"].value = row.remainder(2);
  batch.labels["cluster"].value = row.remainder(3);
  for (int64_t i = 0; i < size; ++i) batch.cases.push_back("P" + std::to_string(i));
  return batch;
}

std::shared_ptr<Model> example_model(uint64_t seed = 1) {
  at::manual_seed(seed);
  const ModelOptions options = options_of(example);
  auto model = std::make_shared<Model>(options, inputs(), label_specs(options));
  const data::Batch batch = batch_of(6);
  for (const auto& [head, labels] : batch.labels) model->fit_head(head, labels);
  return model;
}

TEST(TaskSpecs, FollowTheHeads) {
  const auto specs = label_specs(options_of(example));
  ASSERT_EQ(specs.size(), 5U);
  EXPECT_EQ(specs[0].column, "idh");
  EXPECT_EQ(specs[0].positive, std::vector<std::string>{"mutant"});
  EXPECT_EQ(specs[1].classes, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(specs[3].column, "time");
  EXPECT_EQ(specs[3].event_column, "event");
  EXPECT_EQ(specs[4].column, "pfs_days");
  EXPECT_EQ(specs[4].event_column, "progressed");
  EXPECT_EQ(specs[4].task, "survival");
  const auto counted = options_of("{encoders: {m: snn}, heads: {c: {task: multiclass, classes: 4}}}");
  EXPECT_TRUE(label_specs(counted)[0].classes.empty());
}

TEST(TaskSpecs, AWrongTaskOfOptionsFromCodeIsAnErrorAtOnce) {
  ModelOptions options = options_of(example);
  const auto specs = label_specs(options);
  options.heads[0].second.name = "binari";
  EXPECT_THAT(
      message_of(core::Fault::usage, [&] { label_specs(options); }),
      AllOf(HasSubstr("model.heads.idh: there is no task `binari`"), HasSubstr("did you mean `binary`")));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { Model(options, inputs(), specs); }),
              HasSubstr("model.heads.idh: there is no `binari` (did you mean `binary`?)"));
  options = options_of(example);
  options.heads[0].second.name = "regression";
  EXPECT_THAT(message_of(core::Fault::usage, [&] { label_specs(options); }),
              HasSubstr("model.heads.idh: the options are not those of the task `regression`"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { Model(options, inputs(), specs); }),
              AllOf(HasSubstr("model.heads.idh: `regression` has the options"),
                    HasSubstr("and was given photo51::radiogenomics::BinaryHeadOptions")));
}

TEST(ModelOptions, SurviveADumpAndRefuseNonsense) {
  ModelOptions options = options_of(example);
  ModelOptions again = options_of(config::to_yaml(config::dump(options)));
  EXPECT_EQ(config::to_yaml(config::dump(again)), config::to_yaml(config::dump(options)));
  const auto failure = [](const std::string& yaml) {
    return message_of(core::Fault::usage, [&] { options_of(yaml); });
  };
  const std::string mri = "{encoders: {m: resnet}, heads: ";
  EXPECT_THAT(failure("{heads: {h: {task: binary}}}"), HasSubstr("encoders: is missing"));
  EXPECT_THAT(failure("{encoders: {}, heads: {h: {task: binary}}}"), HasSubstr("at least one encoder"));
  EXPECT_THAT(failure(mri + "{}}"), HasSubstr("at least one head"));
  EXPECT_THAT(failure(mri + "{h.1: {task: binary}}}"), HasSubstr("`h.1` may not be empty or hold a dot"));
  EXPECT_THAT(failure(mri + "{h: {task: binari}}}"), HasSubstr("did you mean `binary`"));
  EXPECT_THAT(
      failure(mri + "{h: {task: regression, positive: x}}}"),
      HasSubstr("h.positive: unknown key where `task` is `regression`; it belongs to binary, survival"));
  EXPECT_THAT(failure(mri + "{h: {task: binary, classes: 3}}}"), HasSubstr("it belongs to multiclass"));
  EXPECT_THAT(failure(mri + "{h: {task: binary, loss: cox_efron}}}"), HasSubstr("it belongs to survival"));
  EXPECT_THAT(failure(mri + "{h: {task: survival, class_weights: inverse}}}"),
              HasSubstr("heads.h.class_weights"));
  EXPECT_THAT(failure(mri + "{h: {task: multiclass, classes: 1}}}"), HasSubstr("at least 2"));
  EXPECT_THAT(failure(mri + "{h: {task: multiclass, classes: [a, b, a]}}}"),
              HasSubstr("names a class twice"));
  EXPECT_THAT(failure("{encoders: {m: {name: resnet, depth: 20}}, heads: {h: {task: binary}}}"),
              HasSubstr("encoders.m.depth: must be 10, 18, 26, 34, 50, 101, 152 or 200"));
}

/// As runs of earlier versions say it: every key of every task.
TEST(ModelOptions, KeysOfOtherTasksGoFromAStoredConfig) {
  const std::string all =
      "label: \"\", event: event, time_unit: days, positive: [], negative: [], classes: [], table: \"\", "
      "genes: [], loss: \"\", bins: 8, weight: 0.5, class_weights: none, label_smoothing: 0, inputs: [], "
      "feature_selection: [], bootstrap_samples: 1";
  const std::string yaml = "encoders: {m: snn}\nheads:\n  a: {task: binary, " + all +
                           "}\n  b: {task: expression, table: t.tsv, odd: 1}\n  c: {task: survival, " + all +
                           "}\n";
  EXPECT_THAT(message_of(core::Fault::usage, [&] { options_of(yaml); }), HasSubstr("a.event: unknown key"));
  config::Node document = config::parse_yaml(yaml, "config.yaml");
  config::drop_keys_of_others<ModelOptions>(document);
  config::Node& heads = *document.find("heads");
  EXPECT_EQ(heads.find("a")->find("bins"), nullptr);
  EXPECT_NE(heads.find("a")->find("bootstrap_samples"), nullptr);
  EXPECT_NE(heads.find("c")->find("bins"), nullptr);
  EXPECT_NE(heads.find("b")->find("odd"), nullptr) << "what no task knows stays";
  heads.find("b")->erase("odd");
  ModelOptions options;
  config::read(document, options);
  for (const auto& [name, head] : options.heads)
    EXPECT_EQ(radiogenomics::head_options(head).weight, name == "b" ? 1 : 0.5) << name;
}

TEST(ModelOptions, EveryComponentRefusesNonsense) {
  const auto failure = [](const std::string& encoder, const std::string& rest = "") {
    return message_of(core::Fault::usage, [&] {
      options_of("{encoders: {m: {" + encoder + "}}, heads: {h: {task: binary}}" + rest + "}");
    });
  };
  EXPECT_THAT(failure("name: resnet, dropout: 1"), HasSubstr("encoders.m.dropout: must be below 1"));
  EXPECT_THAT(failure("name: resnet, dims: 4"), HasSubstr("dims: must be 0, 2 or 3"));
  EXPECT_THAT(failure("name: resnet, pool: class"), HasSubstr("it takes mean, none"));
  EXPECT_THAT(failure("name: vit, embed_dim: 10, num_heads: 3"),
              HasSubstr("embed_dim: must be a multiple of `num_heads`"));
  EXPECT_THAT(failure("name: vit, dropout: 1"), HasSubstr("m.dropout: must be below 1"));
  EXPECT_THAT(failure("name: vit, token_dropout: 1"), HasSubstr("token_dropout: must be below 1"));
  EXPECT_THAT(failure("name: vit, attention_dropout: 1"), HasSubstr("attention_dropout: must be below 1"));
  EXPECT_THAT(failure("name: vit, drop_path: 1"), HasSubstr("drop_path: must be below 1"));
  EXPECT_THAT(failure("name: vit, embed_dim: 9, position: rope"),
              HasSubstr("embed_dim: must give each head an even number of features, which `position: rope`"));
  EXPECT_THAT(failure("name: vit, class_token: false"),
              HasSubstr("pool: must be mean or none without `class_token`"));
  EXPECT_THAT(failure("name: vit, class_token: false, pool: mean, distilled: true"),
              HasSubstr("distilled: needs `class_token`"));
  EXPECT_THAT(failure("name: vit, fc_norm: true"), HasSubstr("fc_norm: needs `pool: mean`"));
  EXPECT_THAT(failure("name: vit, experts: 2, experts_per_token: 3"),
              HasSubstr("experts_per_token: must be at most `experts`"));
  EXPECT_THAT(failure("name: conv_net, widths: []"), HasSubstr("widths: needs at least one stage"));
  EXPECT_THAT(failure("name: snn, hidden: []"), HasSubstr("hidden: needs at least one layer"));
  EXPECT_THAT(failure("name: snn, dropout: 1"), HasSubstr("dropout: must be below 1"));
  EXPECT_THAT(failure("name: identity, dropout: 1"), HasSubstr("dropout: must be below 1"));
  EXPECT_THAT(failure("name: linear, width: 2, dropout: 1"), HasSubstr("dropout: must be below 1"));
  EXPECT_THAT(failure("name: linear"), HasSubstr("encoders.m.width: is missing"));
  EXPECT_THAT(failure("name: linear, width: 0"), HasSubstr("encoders.m.width: must be at least 1"));
  EXPECT_THAT(failure("name: snn", ", fusion: {name: gated, dropout: 1}"),
              HasSubstr("fusion.dropout: must be below 1"));
  EXPECT_THAT(failure("name: snn", ", dropout: 1"), HasSubstr("dropout: must be below 1"));
}

TEST(Model, NamesItsParametersByPart) {
  const auto state = nn::state_of(*example_model());
  for (const auto& name : {"encoders.mri.backbone.stage1.conv1.weight", "encoders.genes.layer1.weight",
                           "fusion.gate.mri.weight", "heads.idh.linear.weight", "heads.pfs.edges"})
    EXPECT_TRUE(state.contains(name)) << name;
}

TEST(Model, PredictsEveryHeadInItsShape) {
  auto model = example_model();
  model->eval();
  const Outputs outputs = model->forward(batch_of(4));
  EXPECT_EQ(outputs.fused.sizes(), (std::vector<int64_t>{4, 5}));
  ASSERT_EQ(outputs.modality_weights.size(), 1U);
  EXPECT_EQ(outputs.modality_weights.at("fusion").size(), 2U);
  const auto predictions = model->predict(outputs);
  EXPECT_EQ(predictions.at("idh").sizes(), (std::vector<int64_t>{4, 2}));
  EXPECT_EQ(predictions.at("cluster").sizes(), (std::vector<int64_t>{4, 3}));
  for (const auto& head : {"age", "os", "pfs"})
    EXPECT_EQ(predictions.at(head).sizes(), (std::vector<int64_t>{4, 1})) << head;
}

TEST(Model, SameSeedSameModel) {
  const auto first = nn::state_of(*example_model(9)), second = nn::state_of(*example_model(9));
  for (const auto& [name, tensor] : first) EXPECT_TRUE(at::equal(tensor, second.at(name))) << name;
}

TEST(Model, LossIsTheWeightedSumOfWhatIsKnown) {
  auto model = example_model();
  data::Batch batch = batch_of(6);
  batch.labels["os"].known.zero_();
  batch.labels["pfs"].event.zero_();
  batch.labels.erase("age");
  const Outputs outputs = model->forward(batch);
  std::map<std::string, double> parts;
  const double total = model->loss(outputs, batch, &parts).item<double>();
  EXPECT_EQ(parts.size(), 3U);
  EXPECT_NEAR(total, parts.at("idh") + 0.5 * parts.at("cluster") + parts.at("pfs"), 1e-5);
  for (auto& [name, labels] : batch.labels) labels.known.zero_();
  EXPECT_FALSE(model->loss(outputs, batch).defined());
}

/// The loss that an encoder or a fusion asks for counts with its weight beside those of the heads.
TEST(Model, LossTakesInWhatModulesAskFor) {
  auto model = example_model();
  data::Batch batch = batch_of(6);
  Outputs outputs = model->forward(batch);
  EXPECT_TRUE(outputs.losses.empty());
  const double plain = model->loss(outputs, batch).item<double>();
  outputs.losses["encoders.mri.sparsity"] = {at::tensor(3.0F), 0.5};
  std::map<std::string, double> parts;
  EXPECT_NEAR(model->loss(outputs, batch, &parts).item<double>(), plain + 1.5, 1e-5);
  EXPECT_EQ(parts.at("encoders.mri.sparsity"), 3);
  for (auto& [name, labels] : batch.labels) labels.known.zero_();
  EXPECT_FALSE(model->loss(outputs, batch).defined());
}

/// An encoder's mixture of experts asks for an even load.
TEST(Model, TheLoadOfExpertsIsAmongTheLosses) {
  const ModelOptions options = options_of(R"(
encoders:
  mri: {name: vit, patch_size: 4, embed_dim: 12, depth: 2, num_heads: 2, mlp_dim: 8, experts: 3,
        balance_weight: 0.5}
heads: {idh: {task: binary}}
)");
  Model model(options, {{"mri", inputs().at("mri")}}, label_specs(options));
  data::Batch batch = batch_of(4);
  batch.inputs["mri"].present = at::tensor({1, 0, 1, 1}).to(at::kBool);
  const Outputs outputs = model.forward(batch);
  ASSERT_TRUE(outputs.losses.contains("encoders.mri.balance"));
  EXPECT_EQ(outputs.losses.at("encoders.mri.balance").weight, 0.5);
  std::map<std::string, double> parts;
  const double total = model.loss(outputs, batch, &parts).item<double>();
  EXPECT_NEAR(total, parts.at("idh") + 0.5 * parts.at("encoders.mri.balance"), 1e-5);
}

/// The weights of a bag's instances come out under the encoder's name.
TEST(Model, AttentionComesOutByModule) {
  const ModelOptions options = options_of(R"(
encoders: {us: {name: conv_net, widths: [4], bag_pool: gated_abmil}}
heads: {age: {task: regression}}
)");
  data::InputInfo info{.image = true, .channels = 1, .dims = 2, .size = {8, 8}, .features = {}};
  info.bag = true;
  Model model(options, {{"us", info}}, label_specs(options));
  data::Batch batch;
  data::InputBatch& us = batch.inputs["us"];
  us.values = at::randn({5, 1, 8, 8});
  us.present = at::ones({2}, at::kBool);
  us.offsets = at::tensor({0, 2, 5}, at::kLong);
  us.view = at::zeros({5}, at::kLong);
  const auto attention = model.forward(batch).attention;
  ASSERT_THAT(attention, ::testing::ElementsAre(::testing::Key("encoders.us")));
  const at::Tensor& weights = attention.at("encoders.us").at("bag");
  EXPECT_NEAR(weights.slice(0, 0, 2).sum().item<double>(), 1, 1e-5);
  EXPECT_NEAR(weights.slice(0, 2).sum().item<double>(), 1, 1e-5);
}

TEST(Model, OneCaseDoesNotDependOnTheOthersInEvaluation) {
  const at::NoGradGuard no_grad;
  auto model = example_model();
  model->eval();
  data::Batch batch = batch_of(3);
  batch.inputs["mri"].present = at::tensor({1, 0, 1}).to(at::kBool);
  batch.inputs["genes"].present = at::tensor({1, 1, 0}).to(at::kBool);
  const Outputs all = model->forward(batch);
  for (int64_t i = 0; i < 3; ++i) {
    data::Batch one;
    one.cases = {batch.cases[static_cast<size_t>(i)]};
    for (const auto& [name, input] : batch.inputs) {
      auto& part = one.inputs[name];
      part.values = input.values.slice(0, i, i + 1);
      part.present = input.present.slice(0, i, i + 1);
      if (input.channel_present.defined()) part.channel_present = input.channel_present.slice(0, i, i + 1);
    }
    const Outputs alone = model->forward(one);
    for (const auto& [head, raw] : all.logits)
      EXPECT_TRUE(at::allclose(raw.slice(0, i, i + 1), alone.logits.at(head), 1e-4, 1e-5)) << head << i;
  }
}

TEST(Model, LearnsATinyProblem) {
  auto model = example_model();
  model->train();
  const data::Batch batch = batch_of(6);
  torch::optim::Adam optimizer(model->parameters(), torch::optim::AdamOptions(0.02));
  double first = 0, last = 0;
  for (int step = 0; step < 60; ++step) {
    optimizer.zero_grad();
    const at::Tensor loss = model->loss(model->forward(batch), batch);
    loss.backward();
    optimizer.step();
    last = loss.item<double>();
    if (step == 0) first = last;
  }
  EXPECT_LT(last, 0.5 * first);
}

TEST(Model, TrainsUnderAutocast) {
  ModelOptions options = options_of(R"(
encoders:
  mri: {name: vit, patch_size: 4, embed_dim: 12, depth: 1, num_heads: 2, mlp_dim: 8}
  genes: {name: snn, hidden: [8]}
heads: {idh: {task: binary}, os: {task: survival}}
)");
  for (const auto& fusion : {"concat", "gated"}) {
    options.fusion = config::default_choice(fusions(), fusion);
    Model model(options, inputs(), label_specs(options));
    data::Batch batch = batch_of(4);
    batch.inputs["mri"].present = at::tensor({1, 0, 1, 1}).to(at::kBool);
    at::Tensor loss;
    {
      const nn::Autocast autocast(at::kCPU, at::kBFloat16);
      loss = model.loss(model.forward(batch), batch);
    }
    EXPECT_EQ(loss.scalar_type(), at::kFloat);
    loss.backward();
    for (const auto& entry : model.named_parameters())
      EXPECT_TRUE(!entry.value().grad().defined() || entry.value().grad().isfinite().all().item<bool>())
          << entry.key();
  }
}

TEST(Model, ChannelsLastIsALayoutAndNoOtherModel) {
  const at::NoGradGuard no_grad;
  const auto model = example_model();
  model->eval();
  const data::Batch batch = batch_of(4);
  const auto first = model->forward(batch).logits;
  const std::string layer = "encoders.mri.backbone.stage1.conv1";
  model->set_channels_last(true);
  {
    nn::Capture capture(*model,
                        {.filter = [&](const std::string& path) { return path == layer; }, .inputs = true});
    for (const auto& [head, raw] : model->forward(batch).logits)
      EXPECT_TRUE(at::allclose(raw, first.at(head), 1e-4, 1e-5)) << head;
    const at::Tensor images = capture.inputs(layer).at(0);
    EXPECT_TRUE(images.is_contiguous(at::MemoryFormat::ChannelsLast3d) && !images.is_contiguous());
  }
  const at::Tensor weight = model->named_parameters()[layer + ".weight"];
  EXPECT_TRUE(weight.is_contiguous(at::MemoryFormat::ChannelsLast3d) && !weight.is_contiguous());
  model->set_channels_last(false);
  for (const auto& entry : model->named_parameters())
    EXPECT_TRUE(entry.value().is_contiguous()) << entry.key();
  for (const auto& [head, raw] : model->forward(batch).logits)
    EXPECT_TRUE(at::equal(raw, first.at(head))) << head;
}

/// Heads that see other inputs have fusions of their own, each with its shares.
TEST(Model, EveryFusionSaysItsShares) {
  const ModelOptions options = options_of(R"(
encoders: {a: identity, b: identity, a_b: identity}
fusion: {name: gated, width: 3}
heads:
  all: {task: regression}
  joined: {task: regression, inputs: [a_b]}
  both: {task: regression, inputs: [a, b]}
  again: {task: regression, inputs: [b, a]}
)");
  const data::InputInfo table{.image = false, .channels = 2, .dims = 3, .size = {}, .features = {"x", "y"}};
  Model model(options, {{"a", table}, {"b", table}, {"a_b", table}}, label_specs(options));
  model.eval();
  data::Batch batch;
  for (const char* name : {"a", "b", "a_b"})
    batch.inputs[name] = {at::randn({4, 2}), at::ones({4}, at::kBool), {}};
  batch.inputs["b"].present.slice(0, 0, 2).zero_();
  const auto shares = model.forward(batch).modality_weights;
  // The inputs `a_b`, and `a` with `b`, would be called alike.
  EXPECT_THAT(shares, ::testing::UnorderedElementsAre(::testing::Key("fusion"), ::testing::Key("fusion_a_b"),
                                                      ::testing::Key("fusion_a_b_2")));
  EXPECT_EQ(shares.at("fusion").size(), 3U);
  EXPECT_TRUE(at::allclose(shares.at("fusion_a_b").at("a_b"), at::ones({4})));
  const auto& both = shares.at("fusion_a_b_2");
  EXPECT_TRUE(at::allclose(both.at("a") + both.at("b"), at::ones({4})));
  EXPECT_TRUE(at::equal(both.at("a").slice(0, 0, 2), at::ones({2})));
  EXPECT_FALSE(at::allclose(both.at("a"), shares.at("fusion").at("a")));
}

TEST(Model, ModalityDropoutNeverTakesTheLastInput) {
  auto model = example_model();
  model->train();
  model->set_modality_dropout(0.9);
  data::Batch batch = batch_of(200);
  batch.inputs["mri"].present.slice(0, 0, 50).zero_();
  at::manual_seed(5);
  const auto weights_of = [&] { return model->forward(batch).modality_weights.at("fusion"); };
  const auto weights = weights_of();
  const at::Tensor mri = weights.at("mri") > 0, genes = weights.at("genes") > 0;
  EXPECT_TRUE((mri | genes).all().item<bool>());
  EXPECT_FALSE(mri.slice(0, 0, 50).any().item<bool>());
  // Both stay in 0.1 squared of the cases with both.
  EXPECT_LT((mri & genes).sum().item<int64_t>(), 15);
  EXPECT_GT(mri.sum().item<int64_t>(), 45);
  at::manual_seed(5);
  EXPECT_TRUE(at::equal(weights_of().at("mri") > 0, mri));
  model->eval();
  EXPECT_EQ((weights_of().at("mri") > 0).sum().item<int64_t>(), 150);
  EXPECT_TRUE(batch.inputs["genes"].present.all().item<bool>());
}

TEST(Model, EveryMisuseIsNamed) {
  const ModelOptions options = options_of(example);
  const auto failure = [&](const ModelOptions& o, const std::map<std::string, data::InputInfo>& info,
                           const std::vector<data::TaskSpec>& labels) {
    return message_of(core::Fault::usage, [&] { Model(o, info, labels); });
  };
  auto renamed = inputs();
  renamed["mri1"] = renamed["mri"];
  renamed.erase("mri");
  EXPECT_THAT(failure(options, renamed, label_specs(options)),
              HasSubstr("model.encoders.mri: there is no input `mri` (did you mean `mri1`?)"));
  EXPECT_THAT(failure(options, inputs(), {}), HasSubstr("model.heads.idh: no label is described"));
  EXPECT_THAT(failure(ModelOptions{}, inputs(), {}), HasSubstr("at least one encoder"));
  ModelOptions wrong = options;
  wrong.fusion.name = "concatt";
  EXPECT_THAT(failure(wrong, inputs(), label_specs(options)), HasSubstr("did you mean `concat`"));
  wrong.fusion = {};
  EXPECT_THAT(failure(wrong, inputs(), label_specs(options)), HasSubstr("model.fusion: is empty"));
  wrong.fusion = config::choose("concat");
  EXPECT_THAT(
      failure(wrong, inputs(), label_specs(options)),
      HasSubstr("model.fusion: `concat` has the options photo51::fusion::ConcatOptions, and was given "
                "photo51::config::NoOptions"));
  wrong = options;
  wrong.dropout = 1;
  EXPECT_THAT(failure(wrong, inputs(), label_specs(options)), HasSubstr("model.dropout: must be below 1"));
  wrong = options;
  wrong.encoders[0].second.name = "resnett";
  EXPECT_THAT(failure(wrong, inputs(), label_specs(options)), HasSubstr("did you mean `resnet`"));
  auto model = example_model();
  EXPECT_THAT(message_of(core::Fault::usage, [&] { model->set_modality_dropout(1); }), HasSubstr("below 1"));
  data::Batch batch = batch_of(2);
  batch.inputs.erase("genes");
  EXPECT_THAT(message_of(core::Fault::usage, [&] { model->forward(batch); }),
              HasSubstr("lacks the input `genes`"));
  EXPECT_THAT(message_of(core::Fault::usage, [&] { model->fit_head("x", {}); }), HasSubstr("no head `x`"));
  EXPECT_THAT(
      message_of(
          core::Fault::data,
          [&] {
            model->fit_head("idh", {at::zeros({2}), at::zeros({2}, at::kBool), at::ones({2}, at::kBool)});
          }),
      HasSubstr("head idh: all 2 training cases are `not mutant`"));
  batch = batch_of(2);
  batch.inputs["genes"].values = at::ones({2, 3});
  EXPECT_THAT(message_of(core::Fault::data, [&] { model->forward(batch); }), HasSubstr("input genes: "));
}

}  // namespace
}  // namespace photo51::model
