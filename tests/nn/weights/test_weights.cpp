#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <cmath>
#include <limits>

#include "photo51/core/files.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/layers/batch_norm.hpp"
#include "photo51/nn/layers/linear.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using test::message_of;
using ::testing::HasSubstr;

std::string bytes_of_header(const std::string& header) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header;
}

struct TwoLayers : torch::nn::Module {
  TwoLayers() {
    first = register_module("first", std::make_shared<nn::Linear>(3, 4));
    norm = register_module("norm", std::make_shared<nn::BatchNorm>(4));
  }
  std::shared_ptr<nn::Linear> first;
  std::shared_ptr<nn::BatchNorm> norm;
};

TEST(Safetensors, ReadsWhatTheFormatSays) {
  test::TemporaryFolder folder;
  std::string bytes = bytes_of_header(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"I64","shape":[],"data_offsets":[8,16]}})");
  const float a[2] = {1.5F, -2.0F};
  const int64_t b = 7;
  bytes.append(reinterpret_cast<const char*>(a), 8).append(reinterpret_cast<const char*>(&b), 8);
  core::write_file_atomic(folder / "w.safetensors", bytes);
  const nn::TensorFile file = nn::read_safetensors(folder / "w.safetensors");
  EXPECT_EQ(file.metadata.at("format"), "pt");
  EXPECT_TRUE(at::equal(file.tensors.at("a"), at::tensor({1.5F, -2.0F})));
  EXPECT_EQ(file.tensors.at("b").item<int64_t>(), 7);
}

TEST(Safetensors, KeepsEveryTypeAndShape) {
  test::TemporaryFolder folder;
  const at::Tensor values = at::arange(6).view({2, 3});
  nn::Tensors tensors;
  for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16, at::kLong, at::kInt, at::kShort,
                          at::kChar, at::kByte, at::kBool})
    tensors[c10::toString(type)] = values.to(type).t();
  tensors["empty"] = at::empty({0, 4});
  nn::write_safetensors(folder / "w.safetensors", tensors, {{"note", "x\n\"y\""}});
  const nn::TensorFile file = nn::read_safetensors(folder / "w.safetensors");
  EXPECT_EQ(file.metadata.at("note"), "x\n\"y\"");
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(file.tensors.at(name).scalar_type(), tensor.scalar_type()) << name;
    EXPECT_TRUE(at::equal(file.tensors.at(name), tensor)) << name;
  }
}

TEST(Safetensors, WritingToATensorLeavesTheFile) {
  test::TemporaryFolder folder;
  nn::write_safetensors(folder / "w.safetensors", {{"a", at::ones({3})}});
  const std::string before = core::read_file(folder / "w.safetensors");
  nn::read_safetensors(folder / "w.safetensors").tensors.at("a").fill_(5);
  EXPECT_EQ(core::read_file(folder / "w.safetensors"), before);
}

TEST(Safetensors, BrokenFilesAreNamed) {
  test::TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  const auto failure = [&](const std::string& bytes) {
    core::write_file_atomic(path, bytes);
    return message_of(core::Fault::data, [&] { nn::read_safetensors(path); });
  };
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(folder / "none"); }),
              HasSubstr("no such file"));
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(folder.path()); }),
              HasSubstr("is a folder"));
  EXPECT_THAT(failure("abc"), HasSubstr("w.safetensors: not a safetensors file (3 bytes)"));
  EXPECT_THAT(failure(std::string(8, '\x7f')), HasSubstr("header is cut off"));
  EXPECT_THAT(failure(bytes_of_header("nonsense")), HasSubstr("header is not JSON"));
  EXPECT_THAT(
      failure(bytes_of_header(R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}")),
      HasSubstr("header is not JSON"));
  EXPECT_THAT(failure(bytes_of_header(R"({"a":{"dtype":"F8","shape":[1],"data_offsets":[0,1]}})") + "x"),
              HasSubstr("a: the type F8 is not supported"));
  EXPECT_THAT(failure(bytes_of_header(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})") + "xxxx"),
              HasSubstr("a: malformed header entry"));
  EXPECT_THAT(failure(bytes_of_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})") + "xxxx"),
              HasSubstr("a: the offsets do not match the shape"));
  EXPECT_THAT(failure(bytes_of_header(
                  R"({"a":{"dtype":"F32","shape":[9223372036854775807,9],"data_offsets":[0,4]}})")),
              HasSubstr("a: the shape does not fit"));
  EXPECT_THAT(failure(bytes_of_header(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})")),
              HasSubstr("a: the shape does not fit"));
  EXPECT_THAT(failure(bytes_of_header(
                  R"({"a":{"dtype":"F32","shape":[0,4611686018427387904,8],"data_offsets":[0,0]}})")),
              HasSubstr("a: the shape does not fit"));

  nn::write_safetensors(path, {{"a", at::ones({100})}});
  const std::string whole = core::read_file(path);
  EXPECT_THAT(failure(whole.substr(0, whole.size() - 40)),
              HasSubstr("a: the file ends after 360 of 400 bytes; copy it again"));
}

TEST(Safetensors, AFileThatEndsBeforeItsLengthIsNamed) {
  const std::filesystem::path page = "/sys/kernel/uevent_seqnum";  // says a page of bytes and holds a few
  if (!std::filesystem::exists(page)) GTEST_SKIP() << "needs " << page;
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(page); }),
              HasSubstr("uevent_seqnum: reading failed: it ends before its length; copy it again"));
}

/// Everything that may go wrong with one byte; the file is read each time.
TEST(Safetensors, AnyByteThatChangedIsSeen) {
  const test::TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  nn::write_safetensors(path, {{"a", at::arange(5, at::kFloat)}, {"b", at::ones({2}, at::kLong)}},
                        {{"fitted", R"({"mean":[0.25]})"}, {"classes", "[\"low\",\"high\"]"}});
  ASSERT_EQ(nn::read_safetensors(path).metadata.size(), 2U);
  const std::string whole = core::read_file(path);
  for (size_t at = 0; at < whole.size(); ++at)
    for (const int change : {0x01, 0x20, 0x80}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      core::write_file_atomic(path, damaged);
      EXPECT_TRUE(test::error_of([&] { nn::read_safetensors(path); }).has_value())
          << "byte " << at << " of " << whole.size() << " changed by " << change;
    }
  core::write_file_atomic(path, whole + "x");
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(path); }),
              HasSubstr("w.safetensors: the file is not as it was written: its checksum does not match; "
                        "copy or export it again"));
}

TEST(Safetensors, ChangedMetadataAndTakenChecksumsAreSeen) {
  const test::TemporaryFolder folder;
  const auto path = folder / "w.safetensors";
  nn::write_safetensors(path, {{"a", at::ones({2})}}, {{"classes", "low,high"}});
  const std::string whole = core::read_file(path);
  const auto failure = [&](const std::string& was, const std::string& is) {
    std::string changed = whole;
    EXPECT_NE(changed.find(was), std::string::npos) << was;
    changed.replace(changed.find(was), was.size(), is);
    core::write_file_atomic(path, changed);
    return message_of(core::Fault::data, [&] { nn::read_safetensors(path); });
  };
  EXPECT_THAT(failure("low,high", "high,low"), HasSubstr("its checksum does not match"));
  EXPECT_THAT(failure("photo51_xxh128", "photo52_xxh128"), HasSubstr("its checksum is broken"));
  EXPECT_THAT(failure("\"photo51\"", "\"photo50\""), HasSubstr("its checksum is broken"));
  EXPECT_THAT(failure("\"photo51\":\"1\"", "\"photo51\":\"2\""),
              HasSubstr("of a newer photo51 (container `2`)"));
}

TEST(Safetensors, AChecksumStandsInItsOwnPlace) {
  const test::TemporaryFolder folder;
  // What looks like the place of a checksum, in what sorts before it.
  const nn::Metadata odd{{"classes", R"("photo51_xxh128":")" + std::string(32, '0') + "\""}};
  nn::write_safetensors(folder / "w", {{"a", at::ones({2})}}, odd);
  EXPECT_EQ(nn::read_safetensors(folder / "w").metadata, odd);
}

TEST(Safetensors, ValuesThatAreNoNumbersAreRefused) {
  const test::TemporaryFolder folder;
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL})
    for (const auto type : {at::kDouble, at::kFloat, at::kHalf, at::kBFloat16}) {
      at::Tensor values = at::ones({2, 3}, type);
      values[1][2] = bad;
      nn::write_safetensors(folder / "w", {{"good", at::ones({2})}, {"layer.weight", values}});
      EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(folder / "w"); }),
                  HasSubstr("w: layer.weight: 1 of 6 values are no finite numbers"));
      EXPECT_EQ(nn::read_safetensors(folder / "w", nn::Values::any).tensors.size(), 2U);
    }
  // Other programs' files, too, which have no checksum.
  const float values[2] = {1, std::numeric_limits<float>::quiet_NaN()};
  core::write_file_atomic(folder / "w",
                          bytes_of_header(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})") +
                              std::string(reinterpret_cast<const char*>(values), 8));
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::read_safetensors(folder / "w"); }),
              HasSubstr("w: a: 1 of 2 values are no finite numbers"));
}

TEST(Weights, ValuesThatANarrowerTypeMakesInfiniteAreRefused) {
  TwoLayers to;
  const at::Tensor before = to.first->bias.clone();
  nn::Tensors tensors = nn::state_of(TwoLayers{});
  tensors["first.bias"] = at::full({4}, 1e300, at::kDouble);
  EXPECT_THAT(message_of(core::Fault::data, [&] { nn::load_state(to, tensors, "w"); }),
              HasSubstr("first.bias with values beyond Float"));
  EXPECT_TRUE(at::equal(to.first->bias, before));
}

TEST(Safetensors, RefusesWhatItCannotStoreOrWrite) {
  test::TemporaryFolder folder;
  const auto write_complex = [&] {
    nn::write_safetensors(folder / "w", {{"c", at::zeros({1}, at::kComplexFloat)}});
  };
  EXPECT_THAT(message_of(core::Fault::run, write_complex),
              HasSubstr("c: the type ComplexFloat cannot be stored"));
  EXPECT_THROW(nn::write_safetensors(folder.path() / "no" / "w", {{"a", at::ones({1})}}), core::Error);
}

TEST(Weights, RoundTripSharedOrCopied) {
  test::TemporaryFolder folder;
  TwoLayers from;
  from.norm->running_mean.normal_();
  nn::save_weights(from, folder / "w", {{"epoch", "3"}});
  for (const bool share : {false, true}) {
    const nn::SkipInit skip;
    TwoLayers to;
    EXPECT_EQ(nn::load_weights(to, folder / "w", {.share = share}).at("epoch"), "3");
    const nn::Tensors a = nn::state_of(from), b = nn::state_of(to);
    ASSERT_EQ(a.size(), 7U);
    for (const auto& [name, tensor] : a) EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
    EXPECT_TRUE(to.first->weight.requires_grad());
    EXPECT_TRUE(at::equal(to.first->forward(at::ones({1, 3})), from.first->forward(at::ones({1, 3}))));
  }
}

TEST(Weights, FloatingTypesConvert) {
  TwoLayers to;
  nn::Tensors tensors = nn::state_of(TwoLayers{});
  tensors["first.weight"] = at::full({4, 3}, 0.5, at::kHalf);
  nn::load_state(to, tensors, "w", {.share = true});
  EXPECT_EQ(to.first->weight.scalar_type(), at::kFloat);
  EXPECT_TRUE(at::equal(to.first->weight, at::full({4, 3}, 0.5)));
}

TEST(Weights, ErrorsListEveryProblemAndChangeNothing) {
  TwoLayers to;
  const at::Tensor before = to.first->bias.clone();
  nn::Tensors tensors = nn::state_of(TwoLayers{});
  tensors["first.weigth"] = tensors["first.weight"];
  tensors.erase("first.weight");
  tensors["norm.bias"] = at::ones({5});
  tensors["norm.num_batches_tracked"] = at::ones({});
  const std::string message =
      message_of(core::Fault::data, [&] { nn::load_state(to, tensors, "best.safetensors"); });
  EXPECT_THAT(message, HasSubstr("best.safetensors: the weights are those of another model"));
  EXPECT_THAT(message, HasSubstr("missing: first.weight (near: first.weigth)"));
  EXPECT_THAT(message, HasSubstr("unexpected: first.weigth (near: first.weight)"));
  EXPECT_THAT(message, HasSubstr("norm.bias [5] where [4] is needed"));
  EXPECT_THAT(message, HasSubstr("norm.num_batches_tracked Float where Long is needed"));
  EXPECT_TRUE(at::equal(to.first->bias, before));
}

TEST(Weights, OfAnotherShapeTheNearestOfTheRightOneIsNamed) {
  TwoLayers to;
  nn::Tensors tensors = nn::state_of(TwoLayers{});
  tensors["norm.bias"] = at::ones({5});
  tensors["norm.bias1"] = at::ones({4});
  EXPECT_THAT(
      message_of(core::Fault::data, [&] { nn::load_state(to, tensors, "w", {.remedy = "; do this"}); }),
      HasSubstr("norm.bias [5] where [4] is needed (near: norm.bias1); do this"));
}

TEST(Weights, LooseLoading) {
  TwoLayers to;
  nn::load_state(to, {{"first.bias", at::ones({4})}, {"other", at::ones({1})}}, "w", {.strict = false});
  EXPECT_TRUE(at::equal(to.first->bias, at::ones({4})));
}

}  // namespace
}  // namespace photo51::backbones
