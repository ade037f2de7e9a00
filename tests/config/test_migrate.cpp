// Names of earlier versions: refused by name, and changed in a file without touching anything else.
#include "photo51/config/migrate.hpp"

#include "config/kitchen.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

Migration migrated(const std::string& text) {
  return migrate(text, "f.yaml", parse_yaml(text, "f.yaml"));
}

std::string refused(const std::string& text) {
  return test::message_of(core::Fault::usage, [&] { refuse_renamed(parse_yaml(text, "f.yaml")); });
}

/// A piece of a config, as it was and as it is.
struct Row {
  std::string was, is, said;
};
std::vector<Row> rows() {
  const auto of = [](const std::string& before, const std::string& after) {
    return [=](const std::string& was, const std::string& is, const std::string& said) {
      return Row{before + was + after, before + is + after, said};
    };
  };
  const auto input = of("inputs: {us: {", "}}\n"), vit = of("model: {encoders: {m: {name: vit, ", "}}}\n"),
             encoders = of("model: {encoders: {", "}}\n"),
             fusion = of("model: {fusion: {name: concat, ", "}}\n"),
             head = of("model: {heads: {h: {task: binary, ", "}}}\n"), train = of("train: {", "}\n");
  return {
      input("colour: gray", "color: gray", "inputs.us.colour: is called `color` now"),
      vit("patch: 8", "patch_size: 8", "model.encoders.m.patch: is called `patch_size` now"),
      vit("width: 12", "embed_dim: 12", "model.encoders.m.width: is called `embed_dim` now"),
      vit("layers: 2", "depth: 2", "model.encoders.m.layers: is called `depth` now"),
      vit("heads: 3", "num_heads: 3", "model.encoders.m.heads: is called `num_heads` now"),
      vit("mlp: 16", "mlp_dim: 16", "model.encoders.m.mlp: is called `mlp_dim` now"),
      vit("layer_dropout: 0.1", "dropout: 0.1", "model.encoders.m.layer_dropout: is called `dropout` now"),
      vit("patch: 8, dropout: 0.2, layer_dropout: 0.1", "patch_size: 8, token_dropout: 0.2, dropout: 0.1",
          "model.encoders.m.patch"),
      vit("dropout: 0.2, layer_dropout: 0.1", "token_dropout: 0.2, dropout: 0.1",
          "model.encoders.m.dropout: is called `token_dropout` now"),
      encoders("a: linear", "a: identity",
               "model.encoders.a: `linear` without a width is called `identity` now"),
      encoders("a: {name: linear, dropout: 0.1}", "a: {name: identity, dropout: 0.1}", "model.encoders.a: "),
      encoders("a: {name: linear, width: 0, dropout: 0.1}", "a: {name: identity, dropout: 0.1}",
               "model.encoders.a: "),
      encoders("a: {name: linear, dropout: 0.1, width: 0}", "a: {name: identity, dropout: 0.1}",
               "model.encoders.a: "),
      encoders("a: {width: 0, name: linear}", "a: {name: identity}", "model.encoders.a: "),
      encoders("a: {name: vit, bag_pool: attention}", "a: {name: vit, bag_pool: gated_abmil}",
               "model.encoders.a.bag_pool: `attention` is called `gated_abmil` now"),
      encoders("a: {name: vit, bag_pool: attention, attention_width: 32}",
               "a: {name: vit, bag_pool: {name: gated_abmil, hidden: 32}}",
               "model.encoders.a.bag_pool: `attention` is called `{name: gated_abmil, hidden: 32}` now"),
      encoders("a: {name: vit, attention_width: 128, bag_pool: mean}", "a: {name: vit, bag_pool: mean}",
               "model.encoders.a.attention_width: is no key any more"),
      fusion("absent: learnt", "absent: learned", "model.fusion.absent: `learnt` is called `learned` now"),
      head("learner: stack", "estimator: stack", "model.heads.h.learner: is called `estimator` now"),
      head("learner: linear", "estimator: elastic_net", "model.heads.h.learner: is called `estimator` now"),
      head("learner: {name: kernel, folds: 3}", "estimator: {name: kernel_ridge, folds: 3}",
           "model.heads.h.learner: is called `estimator` now"),
      head("estimator: linear", "estimator: elastic_net",
           "model.heads.h.estimator: `linear` is called `elastic_net` now"),
      head("select: [mrmr]", "feature_selection: [mrmr]",
           "model.heads.h.select: is called `feature_selection` now"),
      head("bags: 20", "bootstrap_samples: 20", "model.heads.h.bags: is called `bootstrap_samples` now"),
      head("balance: inverse", "class_weights: inverse",
           "model.heads.h.balance: is called `class_weights` now"),
      train("select: best", "checkpoint: best", "train.select: is called `checkpoint` now"),
      train("balance: class", "sampler: class", "train.balance: is called `sampler` now"),
      train("balance_head: h", "sampler_head: h", "train.balance_head: is called `sampler_head` now"),
  };
}

TEST(Migrate, EveryOldNameIsRefusedAndReplaced) {
  for (const auto& [was, is, said] : rows()) {
    EXPECT_THAT(refused(was), AllOf(HasSubstr("f.yaml:1: " + said), HasSubstr("`photo51 migrate f.yaml`")));
    EXPECT_EQ(migrated(was).text, is);
    EXPECT_NO_THROW(refuse_renamed(parse_yaml(is, "f.yaml"))) << is;
    EXPECT_THAT(migrated(is).changes, SizeIs(0)) << is;
  }
}

TEST(Migrate, TheSameWordsElsewhereStay) {
  for (const std::string text :
       {"model: {encoders: {m: {name: vit, dropout: 0.2, depth: 3}}}\n",
        "model: {encoders: {m: {name: resnet, width: 8, dropout: 0.2}, t: {name: linear, width: 8}}}\n",
        "model: {heads: {linear: {estimator: {name: stack, heads: [kernel, learner]}}}}\n",
        "model: {fusion: {name: gated, width: 8}}\n", "cohort: {select: x, colour: y}\n",
        "evaluate: {bootstrap_samples: 10, balance: 1}\n"}) {
    EXPECT_NO_THROW(refuse_renamed(parse_yaml(text, "f.yaml"))) << text;
    EXPECT_EQ(migrated(text).text, text);
  }
}

TEST(Migrate, CommentsOrderAndLayoutStay) {
  const Migration done = migrated(
      "# ä: what it is\n"
      "inputs:\n"
      "  us: {modality: ultrasound, \"colour\": gray}   # as stored\n"
      "model:\n"
      "  encoders:\n"
      "    d:\n"
      "      name: 'linear'\n"
      "      width: 0   # the table's own\n"
      "      # nothing is dropped\n"
      "      dropout: 0\n"
      "\n"
      "  heads:\n"
      "    idh:\n"
      "      balance:   inverse  # few\n"
      "      select:\n"
      "        - {name: mrmr, keep: 3}\n"
      "      learner:\n"
      "        name: linear\n"
      "train: {select: best}");
  EXPECT_EQ(done.text,
            "# ä: what it is\n"
            "inputs:\n"
            "  us: {modality: ultrasound, \"color\": gray}   # as stored\n"
            "model:\n"
            "  encoders:\n"
            "    d:\n"
            "      name: 'identity'\n"
            "      # nothing is dropped\n"
            "      dropout: 0\n"
            "\n"
            "  heads:\n"
            "    idh:\n"
            "      class_weights:   inverse  # few\n"
            "      feature_selection:\n"
            "        - {name: mrmr, keep: 3}\n"
            "      estimator:\n"
            "        name: elastic_net\n"
            "train: {checkpoint: best}");
  EXPECT_THAT(done.changes, ElementsAre("f.yaml:3: inputs.us.colour -> color",
                                        "f.yaml:7: model.encoders.d: linear -> identity",
                                        "f.yaml:8: model.encoders.d.width left out",
                                        "f.yaml:14: model.heads.idh.balance -> class_weights",
                                        "f.yaml:15: model.heads.idh.select -> feature_selection",
                                        "f.yaml:17: model.heads.idh.learner -> estimator",
                                        "f.yaml:18: model.heads.idh.learner: linear -> elastic_net",
                                        "f.yaml:19: train.select -> checkpoint"));
}

TEST(Migrate, ByteOrderMarksAndLineEndsStay) {
  const std::string mark = "\xEF\xBB\xBF";
  EXPECT_EQ(migrated(mark + "train:\r\n  select: best\r\n").text, mark + "train:\r\n  checkpoint: best\r\n");
  EXPECT_EQ(migrated("model:\r\n  encoders:\r\n    a:\r\n      name: linear\r\n      width: 0\r\n").text,
            "model:\r\n  encoders:\r\n    a:\r\n      name: identity\r\n");
}

TEST(Migrate, AComponentMayBeNamedInABase) {
  const Node base =
      parse_yaml("model: {encoders: {m: {name: vit, patch: 8}, t: {name: linear}}}\n", "base.yaml");
  const std::string text = "model: {encoders: {m: {width: 24, dropout: 0.1}, t: {dropout: 0.2}}}\n";
  EXPECT_EQ(migrate(text, "f.yaml", merge(base, parse_yaml(text, "f.yaml"))).text,
            "model: {encoders: {m: {embed_dim: 24, token_dropout: 0.1}, t: {dropout: 0.2}}}\n");
  PHOTO51_EXPECT_ERROR(
      refuse_renamed(merge(base, parse_yaml(text, "f.yaml"))), usage,
      AllOf(HasSubstr("base.yaml:1: model.encoders.m.patch"), HasSubstr("migrate base.yaml")));
}

TEST(Migrate, TheWidthOfAPoolThatABaseNamesGoesToThePool) {
  const auto with_base = [](const std::string& base, const std::string& text) {
    return migrate(text, "f.yaml", merge(parse_yaml(base, "base.yaml"), parse_yaml(text, "f.yaml"))).text;
  };
  const std::string narrow = "model: {encoders: {m: {attention_width: 24}}}\n";
  for (const std::string pool : {"attention", "{name: gated_abmil, hidden: 32}"})
    EXPECT_EQ(with_base("model: {encoders: {m: {name: vit, bag_pool: " + pool + "}}}\n", narrow),
              "model: {encoders: {m: {bag_pool: {name: gated_abmil, hidden: 24}}}}\n");
  EXPECT_EQ(with_base("model: {encoders: {m: {name: vit, bag_pool: max}}}\n", narrow),
            "model: {encoders: {m: {}}}\n");
  EXPECT_EQ(with_base("model: {encoders: {m: {name: vit, attention_width: 48}}}\n",
                      "model: {encoders: {m: {bag_pool: attention}}}\n"),
            "model: {encoders: {m: {bag_pool: {name: gated_abmil, hidden: 48}}}}\n");
}

TEST(Migrate, WhatAnAliasNamesChangesOnce) {
  const Migration done = migrated("model: {heads: {h: &h {learner: linear}, i: *h}}\n");
  EXPECT_EQ(done.text, "model: {heads: {h: &h {estimator: elastic_net}, i: *h}}\n");
  EXPECT_THAT(done.changes, SizeIs(2));
  PHOTO51_EXPECT_ERROR(migrated("train: &t {select: best}\nmodel: {heads: {h: *t}}\n"), usage,
                       AllOf(HasSubstr("model.heads.h.select"), HasSubstr("write it twice")));
}

TEST(Migrate, WhatCannotBeChangedAloneIsSaid) {
  PHOTO51_EXPECT_ERROR(migrated("model: {heads: {h: {estimator: !!str linear}}}\n"), usage,
                       AllOf(HasSubstr("f.yaml:1: model.heads.h.estimator"), HasSubstr("write it by hand")));
  PHOTO51_EXPECT_ERROR(migrated("train: {select: best, checkpoint: last}\n"), usage,
                       HasSubstr("with today's names: f.yaml:1: the key `checkpoint` stands twice"));
  PHOTO51_EXPECT_ERROR(migrated("inputs: &n 0\nmodel: {encoders: {a: {name: linear, width: *n}}}\n"), usage,
                       AllOf(HasSubstr("model.encoders.a.width left out"), HasSubstr("write it by hand")));
}

TEST(Migrate, OnTheCommandLineTheNewNameIsEnough) {
  Node document = Node::map();
  apply_override(document, "train.select=best");
  PHOTO51_EXPECT_ERROR(refuse_renamed(document), usage,
                       AllOf(HasSubstr("command line: train.select: is called `checkpoint` now"),
                             Not(HasSubstr("photo51 migrate"))));
}

TEST(Migrate, AnOldNameIsNoUnknownKey) {
  Kitchen kitchen;
  PHOTO51_EXPECT_ERROR(read(parse_yaml("count: 4\ntrain: {select: best}\n", "f.yaml"), kitchen), usage,
                       HasSubstr("f.yaml:2: train.select: is called `checkpoint` now"));
}

TEST(Migrate, EstimatorsOfEarlierFiles) {
  EXPECT_EQ(current_estimator("linear"), "elastic_net");
  EXPECT_EQ(current_estimator("kernel"), "kernel_ridge");
  EXPECT_EQ(current_estimator("learnt"), "learnt");
  EXPECT_EQ(current_estimator("stack"), "stack");
}

class MigrateFile : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const std::string& text) {
    core::write_file_atomic(folder_ / name, text);
    return folder_ / name;
  }
  std::string read(const std::string& name) const { return core::read_file(folder_ / name); }
  static std::vector<std::string> migrate(const std::filesystem::path& file) {
    return migrate_file(file, load_document(file));
  }

  test::TemporaryFolder folder_;
};

TEST_F(MigrateFile, KeepsTheOriginal) {
  const auto file = write("f.yaml", "train: {select: best}\n");
  EXPECT_THAT(migrate(file), ElementsAre(file.string() + ":1: train.select -> checkpoint"));
  EXPECT_EQ(read("f.yaml"), "train: {checkpoint: best}\n");
  EXPECT_EQ(read("f.yaml.bak"), "train: {select: best}\n");
  EXPECT_THAT(migrate(file), SizeIs(0));
  EXPECT_EQ(read("f.yaml"), "train: {checkpoint: best}\n");
  EXPECT_EQ(read("f.yaml.bak"), "train: {select: best}\n");
}

TEST_F(MigrateFile, ReplacesNoOtherOriginal) {
  const auto file = write("f.yaml", "train: {select: best}\n");
  write("f.yaml.bak", "mine\n");
  PHOTO51_EXPECT_ERROR(migrate(file), usage,
                       AllOf(HasSubstr("f.yaml.bak: exists"), HasSubstr("move it away")));
  EXPECT_EQ(read("f.yaml"), "train: {select: best}\n");
  EXPECT_EQ(read("f.yaml.bak"), "mine\n");
  // As an attempt leaves it that was cut off before it changed the file.
  write("f.yaml.bak", "train: {select: best}\n");
  EXPECT_THAT(migrate(file), SizeIs(1));
  EXPECT_EQ(read("f.yaml"), "train: {checkpoint: best}\n");
}

TEST_F(MigrateFile, NeedsAConfig) {
  PHOTO51_EXPECT_ERROR(migrate(write("a.yaml", "select: best\n")), usage,
                       HasSubstr("is not a config of photo51"));
  PHOTO51_EXPECT_ERROR(migrate(write("b.yaml", "train: [1\n")), usage, HasSubstr("not valid YAML"));
  PHOTO51_EXPECT_ERROR(migrate(folder_ / "gone.yaml"), usage, HasSubstr("no such file"));
}

}  // namespace
}  // namespace photo51::config
