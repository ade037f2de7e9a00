#include <gtest/gtest.h>
#include <sys/stat.h>

#include "photo51/config/node.hpp"
#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::config {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Yaml, EveryValueKnowsItsKindAndPlace) {
  const Node node = parse_yaml("a: 1\nb:\n  - x\n  - 'y'\nc: {d: }\n", "f.yaml");
  EXPECT_EQ(node.find("a")->where(), "f.yaml:1");
  EXPECT_EQ(node.find("b")->where(), "f.yaml:2");
  EXPECT_EQ(node.find("b")->items[1].where(), "f.yaml:4");
  EXPECT_TRUE(node.find("b")->items[1].quoted);
  EXPECT_FALSE(node.find("b")->items[0].quoted);
  EXPECT_EQ(node.find("c")->find("d")->kind, Node::Kind::null);
  EXPECT_EQ(node.find("e"), nullptr);
  EXPECT_EQ(node.find("a")->kind_name(), "`1`");
  EXPECT_EQ(node.find("b")->kind_name(), "a list");
  EXPECT_EQ(node.kind_name(), "a map");
  EXPECT_EQ(Node{}.kind_name(), "nothing");
  EXPECT_EQ(Node{}.where(), "command line");
}

TEST(Yaml, AnchorsAreResolved) {
  const Node node = parse_yaml("base: &b {x: 1}\ncopy: *b\n", "f.yaml");
  EXPECT_EQ(node.find("copy")->find("x")->text, "1");
}

TEST(Yaml, AliasesMayNeitherHoldThemselvesNorMultiplyWithoutEnd) {
  PHOTO51_EXPECT_ERROR(parse_yaml("a: 1\nb: &b\n  c: [*b]\n", "f.yaml"), usage,
                       HasSubstr("f.yaml:3: an alias stands inside what it names"));
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 6; ++i) {
    const std::string alias = "*a" + std::to_string(i - 1), name = "a" + std::to_string(i);
    text += name + ": &" + name + " [" + alias;
    for (int k = 1; k < 10; ++k) text += ", " + alias;
    text += "]\n";
  }
  PHOTO51_EXPECT_ERROR(parse_yaml(text, "f.yaml"), usage,
                       AllOf(HasSubstr("f.yaml:"), HasSubstr("more than 100000 values")));
}

TEST(Yaml, BrokenTextIsAUsageErrorWithItsLine) {
  PHOTO51_EXPECT_ERROR(parse_yaml("a: 1\nb: [1, 2\nc: 3\n", "f.yaml"), usage,
                       AllOf(HasSubstr("f.yaml:"), HasSubstr("not valid YAML")));
  PHOTO51_EXPECT_ERROR(parse_yaml("a: 1\nb: 2\na: 3\n", "f.yaml"), usage,
                       "f.yaml:3: the key `a` stands twice");
  // The parser finds documents without end before these.
  for (const std::string text : {",", ", a", "--- ,", "a: 1\n---\n, b: 2"})
    PHOTO51_EXPECT_ERROR(parse_yaml(text, "f.yaml"), usage,
                         AllOf(HasSubstr("f.yaml:"), HasSubstr("not valid YAML: nothing begins with")));
}

class Documents : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) {
    std::filesystem::create_directories((folder / name).parent_path());
    core::write_file_atomic(folder / name, text);
  }
  test::TemporaryFolder folder;
};

TEST_F(Documents, ExtendsMergesMapsAndReplacesListsAndOtherComponents) {
  write("base/radiology.yaml",
        "model: {name: resnet, depth: 18}\nloss: {name: cox, ties: efron}\nsize: [1, 2, 3]\ntrain: {lr: 1, "
        "epochs: 5}\nextra: 1\n");
  write("run.yaml",
        "extends: base/radiology.yaml\nmodel: {depth: 34}\nloss: {name: nll}\nsize: [4]\ntrain: {lr: "
        "2}\nextra: "
        "~\n");
  const Node node = load_document(folder / "run.yaml");
  EXPECT_EQ(node.find("extends"), nullptr);
  EXPECT_EQ(node.find("model")->find("name")->text, "resnet");
  EXPECT_EQ(node.find("model")->find("depth")->text, "34");
  EXPECT_EQ(node.find("loss")->find("ties"), nullptr);
  EXPECT_EQ(node.find("size")->items.size(), 1U);
  EXPECT_EQ(node.find("train")->find("lr")->text, "2");
  EXPECT_EQ(node.find("train")->find("epochs")->text, "5");
  EXPECT_EQ(node.find("extra")->kind, Node::Kind::null) << "stays, so that its key is checked";
  EXPECT_TRUE(node.find("extra")->removed);
  EXPECT_THAT(node.find("train")->find("epochs")->where(), HasSubstr("base/radiology.yaml:4"));
  EXPECT_THAT(node.find("train")->find("lr")->where(), HasSubstr("run.yaml:5"));
}

TEST_F(Documents, LaterBasesWinAndADiamondIsNoCircle) {
  write("root.yaml", "a: 0\nb: 0\nc: 0\n");
  write("one.yaml", "extends: root.yaml\na: 1\nb: 1\n");
  write("two.yaml", "extends: root.yaml\nb: 2\n");
  write("top.yaml", "extends: [one.yaml, two.yaml]\nc: 3\n");
  const Node node = load_document(folder / "top.yaml");
  EXPECT_EQ(node.find("b")->text, "2");
  EXPECT_EQ(node.find("c")->text, "3");
  EXPECT_EQ(node.find("a")->text, "0");  // two.yaml brings the root's again
}

TEST_F(Documents, CircleNamesItsFiles) {
  write("a.yaml", "extends: b.yaml\n");
  write("b.yaml", "extends: c.yaml\n");
  write("c.yaml", "extends: a.yaml\n");
  PHOTO51_EXPECT_ERROR(
      load_document(folder / "a.yaml"), usage,
      AllOf(HasSubstr("runs in a circle"), HasSubstr("a.yaml -> b.yaml -> c.yaml -> a.yaml")));
  write("self.yaml", "extends: self.yaml\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "self.yaml"), usage, HasSubstr("runs in a circle"));
}

TEST_F(Documents, MissingFilesAndWrongShapesSayWhere) {
  PHOTO51_EXPECT_ERROR(load_document(folder / "absent.yaml"), usage,
                       AllOf(HasSubstr("absent.yaml"), HasSubstr("no such file")));
  write("a.yaml", "\nextends: lost.yaml\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "a.yaml"), usage,
                       AllOf(HasSubstr("a.yaml:2: extends"), HasSubstr("lost.yaml: no such file")));
  write("b.yaml", "extends: {x: 1}\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "b.yaml"), usage,
                       HasSubstr("`extends` takes a path or a list of paths"));
  write("c.yaml", "- 1\n- 2\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "c.yaml"), usage,
                       HasSubstr("a config is a map of keys, not a list"));
  write("empty.yaml", "# nothing yet\n");
  EXPECT_TRUE(load_document(folder / "empty.yaml").entries.empty());
}

TEST(Override, SetsAddsRemovesAndReachesIntoLists) {
  Node node = parse_yaml("train: {lr: 1}\nsize: [1, 2]\nfusion: gated\nold: 1\n", "f.yaml");
  apply_override(node, "train.lr=3e-4");
  apply_override(node, "train.schedule.name=cosine");
  apply_override(node, "size.1=5");
  apply_override(node, "fusion.width=32");
  apply_override(node, "old=~");
  apply_override(node, "note=a=b");
  EXPECT_EQ(node.find("train")->find("lr")->text, "3e-4");
  EXPECT_EQ(node.find("train")->find("lr")->where(), "command line");
  EXPECT_EQ(node.find("train")->find("schedule")->find("name")->text, "cosine");
  EXPECT_EQ(node.find("size")->items[1].text, "5");
  EXPECT_EQ(node.find("fusion")->find("name")->text, "gated");
  EXPECT_EQ(node.find("fusion")->find("width")->text, "32");
  EXPECT_EQ(node.find("old")->kind, Node::Kind::null);
  EXPECT_TRUE(node.find("old")->removed);
  EXPECT_EQ(node.find("note")->text, "a=b");
  apply_override(node, "size=[7, 8, 9]");
  EXPECT_EQ(node.find("size")->items.size(), 3U);
  apply_override(node, "train={epochs: 2}");
  EXPECT_EQ(node.find("train")->find("lr")->text, "3e-4");  // maps merge
}

TEST(Override, WrongSyntaxIsAUsageError) {
  Node node = parse_yaml("size: [1, 2]\n", "f.yaml");
  PHOTO51_EXPECT_ERROR(apply_override(node, "size"), usage, HasSubstr("an override is written key=value"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "=3"), usage, HasSubstr("an override is written key=value"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "a..b=3"), usage, HasSubstr("an empty name in `a..b`"));
  std::string deep = "a";
  for (int i = 0; i < 60'000; ++i) deep += ".a";
  PHOTO51_EXPECT_ERROR(apply_override(node, deep + "=1"), usage,
                       HasSubstr("override of 60001 names one below the other, at most 100"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "size.2=3"), usage,
                       HasSubstr("`2` is not an item of a list of 2"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "size.x=3"), usage, HasSubstr("`x` is not an item"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "size=[1, 2"), usage,
                       AllOf(HasSubstr("override size"), HasSubstr("not valid YAML")));
}

TEST(Yaml, NothingIsWrittenOrLeftEmpty) {
  const Node node =
      parse_yaml("a: ~\nb: null # why\nc:\nd: {e: Null, f: }\ng: nullable\nh: [~, NULL]\n", "f.yaml");
  for (const char* written : {"a", "b"}) EXPECT_NE(node.find(written)->text, "") << written;
  EXPECT_EQ(node.find("a")->text, "~");
  EXPECT_EQ(node.find("c")->kind, Node::Kind::null);
  EXPECT_EQ(node.find("c")->text, "");
  EXPECT_EQ(node.find("d")->find("e")->text, "Null");
  EXPECT_EQ(node.find("d")->find("f")->text, "");
  EXPECT_EQ(node.find("g")->text, "nullable");
  EXPECT_EQ(node.find("h")->items[1].text, "NULL");
}

TEST(Yaml, ASecondDocumentIsRefused) {
  PHOTO51_EXPECT_ERROR(parse_yaml("a: 1\n---\nb: 2\n", "f.yaml"), usage,
                       HasSubstr("a second document begins here"));
  EXPECT_EQ(parse_yaml("---\na: 1\n...\n", "f.yaml").find("a")->text, "1");
  PHOTO51_EXPECT_ERROR(parse_yaml("a: 1\nb: \xE4\n", "f.yaml"), usage, HasSubstr("f.yaml:2: is not UTF-8"));
}

TEST_F(Documents, AnEmptyValueIsAnErrorWithItsLine) {
  write("base.yaml", "train: {epochs: 7}\n");
  for (const std::string key : {"train", "evaluat"}) {
    write("run.yaml", "extends: base.yaml\n" + key + ":\n");
    PHOTO51_EXPECT_ERROR(
        load_document(folder / "run.yaml"), usage,
        AllOf(HasSubstr("run.yaml:2: `" + key + "` has no value"), HasSubstr(key + ": null")));
  }
  EXPECT_EQ(load_document(folder / "run.yaml", EmptyValues::keep).find("train")->find("epochs")->text, "7");
  write("run.yaml", "train:\n  optimizer: {name: adamw, lr: 0,001}\n");
  PHOTO51_EXPECT_ERROR(
      load_document(folder / "run.yaml"), usage,
      HasSubstr("run.yaml:2: `0,001`: a number has a decimal point, not a comma: write 0.001"));
  Node node = load_document(folder / "base.yaml");
  PHOTO51_EXPECT_ERROR(apply_override(node, "train="), usage, HasSubstr("write train=null"));
  PHOTO51_EXPECT_ERROR(apply_override(node, "train.optimizer={lr: 0,5}"), usage, HasSubstr("write 0.5"));
}

TEST_F(Documents, NullTakesAwayWhatABaseSays) {
  write("base.yaml", "train: {epochs: 7, lr: 2}\n");
  write("run.yaml", "extends: base.yaml\ntrain: {epochs: null}\n");
  write("top.yaml", "extends: run.yaml\ntrain: {epochs: 9}\n");
  const Node node = load_document(folder / "run.yaml");
  EXPECT_TRUE(node.find("train")->find("epochs")->removed);
  EXPECT_EQ(node.find("train")->find("lr")->text, "2");
  EXPECT_EQ(load_document(folder / "top.yaml").find("train")->find("epochs")->text, "9");
}

TEST(Yaml, TextReadsBackToTheSame) {
  const std::string text = "a: 1\nb: [x, y]\nc:\n  d: \"two words: here\"\n  e: ~\n";
  const std::string once = to_yaml(parse_yaml(text, "f"));
  EXPECT_EQ(to_yaml(parse_yaml(once, "f")), once);
  EXPECT_EQ(parse_yaml(once, "f").find("c")->find("d")->text, "two words: here");
}

TEST(Yaml, AliasesCountByWhatTheyStandFor) {
  // Few values, but of 1 MiB each.
  std::string text = "a: &a \"" + std::string(1 << 20, 'x') + "\"\nb: [*a";
  for (int i = 0; i < 20; ++i) text += ", *a";
  PHOTO51_EXPECT_ERROR(
      parse_yaml(text + "]\n", "f.yaml"), usage,
      HasSubstr("f.yaml:2: the document has more than 16 MiB of text; do its aliases multiply?"));
  // Each alias stands one deeper than what it names.
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 150; ++i)
    deep += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  PHOTO51_EXPECT_ERROR(parse_yaml(deep, "f.yaml"), usage, HasSubstr("is nested more than 100 deep"));
  EXPECT_EQ(parse_yaml("a: &a [1, 2]\nb: [*a, *a]\nc: *a\n", "f").find("b")->items[1].items[1].text, "2");
}

TEST(Yaml, DeepNestingIsRefused) {
  for (const char* open : {"[", "{a: ", "- "}) {
    std::string text;
    for (int i = 0; i < 150; ++i) text += open;
    PHOTO51_EXPECT_ERROR(parse_yaml(text, "f.yaml"), usage,
                         HasSubstr("f.yaml:1: is nested more than 100 deep"));
  }
}

TEST_F(Documents, EachFileIsReadOnceHoweverOftenItIsNamed) {
  // Without memory 2 to the power of 40 readings.
  write("0.yaml", "a: 0\nb0: 1\n");
  for (int i = 1; i <= 40; ++i) {
    const std::string below = std::to_string(i - 1) + ".yaml";
    write(std::to_string(i) + ".yaml",
          "extends: [" + below + ", " + below + "]\nb" + std::to_string(i) + ": 1\n");
  }
  const Node node = load_document(folder / "40.yaml");
  EXPECT_EQ(node.entries.size(), 42U);
  EXPECT_EQ(files_of(folder / "40.yaml").size(), 41U);
}

TEST_F(Documents, ChainsAndListsOfFilesHaveAnEnd) {
  write("c0.yaml", "a: 0\n");
  for (int i = 1; i <= 120; ++i)
    write("c" + std::to_string(i) + ".yaml", "extends: c" + std::to_string(i - 1) + ".yaml\n");
  EXPECT_EQ(load_document(folder / "c90.yaml").find("a")->text, "0");
  PHOTO51_EXPECT_ERROR(load_document(folder / "c120.yaml"), usage,
                       HasSubstr("`extends` runs over more than 100 files one after the other"));
  std::string many = "extends: [c0.yaml";
  for (int i = 0; i < 600; ++i) many += ", c0.yaml";
  write("many.yaml", many + "]\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "many.yaml"), usage,
                       HasSubstr("more than 500 files are taken in by `extends`"));
}

TEST_F(Documents, WhatIsNoTextFileIsRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder / "fifo").c_str(), 0600), 0);
  write("a.yaml", "extends: fifo\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "a.yaml"), usage,
                       AllOf(HasSubstr("a.yaml:1: extends"), HasSubstr("not a regular file but a pipe")));
  write("b.yaml", "extends: /dev/zero\n");
  PHOTO51_EXPECT_ERROR(load_document(folder / "b.yaml"), usage, HasSubstr("not a regular file but a device"));
  write("c.yaml", "extends: large.yaml\n");
  write("large.yaml", "");
  std::filesystem::resize_file(folder / "large.yaml", (16 << 20) + 1);
  PHOTO51_EXPECT_ERROR(
      load_document(folder / "c.yaml"), usage,
      AllOf(HasSubstr("large.yaml: has 16.0 MiB or more"), HasSubstr("is it the right file?")));
  std::filesystem::create_symlink("loop.yaml", folder / "loop.yaml");
  PHOTO51_EXPECT_ERROR(load_document(folder / "loop.yaml"), usage, HasSubstr("runs in a circle"));
}

TEST_F(Documents, ManyKeysMergeAsFastAsFew) {
  std::string base, over = "extends: base.yaml\n";
  for (int i = 0; i < 45'000; ++i) {
    base += "k" + std::to_string(i) + ": 1\n";
    over += "k" + std::to_string(2 * i) + ": 2\n";
  }
  write("base.yaml", base);
  write("over.yaml", over);
  const Node node = load_document(folder / "over.yaml");
  EXPECT_EQ(node.entries.size(), 67'500U);
  EXPECT_EQ(node.find("k2")->text, "2");
  EXPECT_EQ(node.find("k3")->text, "1");
}

}  // namespace
}  // namespace photo51::config
