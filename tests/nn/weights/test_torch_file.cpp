#include "photo51/nn/weights/torch_file.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <chrono>
#include <fstream>
#include <limits>

#include "photo51/core/files.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/torch_archive.hpp"

namespace photo51::nn {
namespace {

using namespace test::pickle;
using test::message_of;
using test::torch_archive;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Key;

/// The bytes of float32 numbers 0, 1, 2, …
std::string counted(int64_t count) {
  const at::Tensor values = at::arange(count, at::kFloat);
  return {static_cast<const char*>(values.const_data_ptr()), values.nbytes()};
}

class TorchFile : public testing::Test {
 protected:
  TensorFile read(const std::string& bytes, const std::string& entry = "") const {
    write(bytes);
    return read_torch_file(path(), entry);
  }
  TensorFile run(const std::string& code,
                 const std::map<std::string, std::string>& storages = {{"0", counted(12)}},
                 const std::string& entry = "") const {
    return read(torch_archive(program(code), storages), entry);
  }
  std::string failure_of(const std::string& bytes, const std::string& entry = "") const {
    const std::string message = message_of(core::Fault::data, [&] { read(bytes, entry); });
    EXPECT_THAT(message, HasSubstr("net.pth: "));
    return message;
  }
  std::string failure(const std::string& code, const std::string& entry = "") const {
    return failure_of(torch_archive(program(code), {{"0", counted(12)}}), entry);
  }
  void write(const std::string& bytes) const { std::ofstream(path(), std::ios::binary) << bytes; }
  std::filesystem::path path() const { return folder_ / "net.pth"; }

  const std::string floats = storage("FloatStorage", "0", 12);
  const std::string good = tensor(floats, 0, {12}, {1});
  test::TemporaryFolder folder_;
};

TEST_F(TorchFile, TensorsAreViewsOfTheirStorages) {
  const TensorFile file =
      run(dict({{"whole", tensor(floats, 0, {3, 4}, {4, 1})},
                {"turned", tensor(floats, 0, {4, 3}, {1, 4})},
                {"part", tensor(floats, 10, {2}, {1})},
                {"one", tensor(floats, 11, {}, {})},
                {"empty", tensor(floats, 12, {0, 5}, {5, 1})},
                {"parameter", call(global("torch._utils", "_rebuild_parameter"),
                                   {good, "\x88", call(global("collections", "OrderedDict"), {})})}}));
  EXPECT_TRUE(file.metadata.empty());
  const at::Tensor whole = at::arange(12, at::kFloat).view({3, 4});
  EXPECT_TRUE(at::equal(file.tensors.at("whole"), whole));
  EXPECT_TRUE(at::equal(file.tensors.at("turned"), whole.t()));
  EXPECT_TRUE(at::equal(file.tensors.at("part"), at::tensor({10.0F, 11.0F})));
  EXPECT_EQ(file.tensors.at("one").item<float>(), 11);
  EXPECT_EQ(file.tensors.at("empty").sizes(), (std::vector<int64_t>{0, 5}));
  EXPECT_TRUE(at::equal(file.tensors.at("parameter"), whole.flatten()));
  EXPECT_EQ(file.tensors.at("whole").data_ptr(), file.tensors.at("turned").data_ptr());
  file.tensors.at("whole").fill_(7);
  EXPECT_TRUE(at::equal(read_torch_file(path()).tensors.at("whole"), whole)) << "the file was written to";
}

TEST_F(TorchFile, EveryTypeIsRead) {
  const std::pair<const char*, at::ScalarType> types[] = {
      {"Double", at::kDouble}, {"Float", at::kFloat}, {"Half", at::kHalf},   {"BFloat16", at::kBFloat16},
      {"Long", at::kLong},     {"Int", at::kInt},     {"Short", at::kShort}, {"Char", at::kChar},
      {"Byte", at::kByte},     {"Bool", at::kBool}};
  for (const auto& [name, type] : types) {
    const at::Tensor values = at::tensor({0, 1, 1}).to(type);
    const std::string bytes(static_cast<const char*>(values.const_data_ptr()), values.nbytes());
    const auto file = run(dict({{"x", tensor(storage(std::string(name) + "Storage", "0", 3), 0, {3}, {1})}}),
                          {{"0", bytes}});
    EXPECT_EQ(file.tensors.at("x").scalar_type(), type) << name;
    EXPECT_TRUE(at::equal(file.tensors.at("x"), values)) << name;
  }
  // Newer types come by another function, over bytes.
  const std::string bytes =
      tuple({text("storage"), global("torch.storage", "UntypedStorage"), text("0"), text("cpu"), whole(48)}) +
      "Q";
  const auto typed = [&](const std::string& type) {
    return call(global("torch._utils", "_rebuild_tensor_v3"),
                {bytes, whole(1), wholes({2}), wholes({3}), "\x89", "}", type});
  };
  EXPECT_TRUE(at::equal(run(dict({{"x", typed(global("torch", "float32"))}})).tensors.at("x"),
                        at::tensor({1.0F, 4.0F})));
  EXPECT_THAT(failure(dict({{"x", typed("N")}})), HasSubstr("a tensor without a type"));
  EXPECT_THAT(failure(dict({{"x", typed(global("torch", "float8_e4m3fn"))}})),
              HasSubstr("needs `torch.float8_e4m3fn`"));
}

/// What checkpoints hold beside tensors, and the instructions of protocols 3 to 5.
TEST_F(TorchFile, OtherValuesArePassedOver) {
  const std::string others =
      "N" + std::string("\x88\x89") + "K\x01" + "M\x01\x02" + "J" + test::little(int32_t{-1}) + "G" +
      std::string(8, '\1') + "\x8a" + std::string(1, 0) + "\x8a\x09" + std::string(9, '\1') + "\x8b" +
      test::little(uint32_t{1}) + "x" + "C\x01" + "x" + "B" + test::little(uint32_t{1}) + "x" + "\x8e" +
      test::little(uint64_t{1}) + "x" + "\x96" + test::little(uint64_t{1}) + "x" + "\x8c\x01" + "a" + "\x8d" +
      test::little(uint64_t{1}) + "b" + ")" + "N\x85" + "NN\x86" + "NNN\x87" + "]" + "]Na" + "](NNe" +
      "}NNs" + "\x8f(N\x90" + call(global("torch", "Size"), {wholes({1, 2})}) +
      call(global("torch", "device"), {text("cpu")}) + global("torch", "float16") + "\x8c\x05" + "numpy" +
      "\x8c\x05" + "dtype" + "\x93" + "NN\x86" + "\x81" + "Nb" +
      call(global("collections", "OrderedDict"), {"]](NNea"}) + "N0";
  const std::string code =
      "\x95" + std::string(8, '\0') +
      dict({{"model",
             dict({{"a", good + "q\x01"},
                   {"b", "h\x01r" + test::little(uint32_t{700}) + "j" + test::little(uint32_t{700}) + "0"},
                   {"c", "h\x01\x94"}})},
            {"others", tuple({others})},
            {"optimizer", dict({{"state", "}(K\x01" + good + "u"}})}}) +
      "}" + text("_metadata") + "Ns" + "b";
  EXPECT_THAT(run(code).tensors, ElementsAre(Key("a"), Key("b"), Key("c")));
}

TEST_F(TorchFile, StateDictsAreFoundByTheirNames) {
  const std::string one = dict({{"w", good}}), other = dict({{"w", tensor(floats, 0, {1}, {1})}});
  const auto size = [&](const std::string& code, const std::string& entry = "") {
    return run(code, {{"0", counted(12)}}, entry).tensors.at("w").numel();
  };
  for (const char* name : {"state_dict", "model", "network_weights", "teacher"}) {
    EXPECT_EQ(size(dict({{"epoch", whole(3)}, {name, one}, {"metrics", other}})), 12) << name;
  }
  EXPECT_EQ(size(dict({{"mine", one}})), 12);
  EXPECT_EQ(size(dict({{"model", dict({{"inner", one}})}})), 12);
  const std::string two = dict({{"student", one}, {"teacher", other}});
  EXPECT_THAT(failure(two), HasSubstr("several state dicts: `student`, `teacher`; say which"));
  EXPECT_EQ(size(two, "teacher"), 1);
  EXPECT_EQ(size(dict({{"a", dict({{"x", one}, {"y", other}})}}), "a/y"), 1);
  EXPECT_THAT(failure(two, "model"), HasSubstr("no state dict `model`, but `student`, `teacher`"));
  EXPECT_THAT(failure(one, "model"), HasSubstr("is one state dict and has none at `model`"));
  EXPECT_THAT(failure(dict({{"epoch", whole(3)}})), HasSubstr("holds no state dict"));
  EXPECT_THAT(failure("N"), HasSubstr("holds no state dict"));
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 20; ++i) many.emplace_back("m" + std::to_string(i), one);
  EXPECT_THAT(failure(dict(many)), HasSubstr("and 8 more"));
}

TEST_F(TorchFile, EveryLayoutOfAnArchiveIsRead) {
  const std::string code = program(dict({{"w", good}}));
  for (const bool wide : {false, true})
    for (const size_t aligned : {64, 1})
      EXPECT_TRUE(at::equal(
          read(torch_archive(code, {{"0", counted(12)}}, {wide, aligned, "a comment"})).tensors.at("w"),
          at::arange(12, at::kFloat)));
  const auto pieces = [&](const test::ZipPiece& storage) {
    return test::zip_archive({{"net/data.pkl", code}, storage});
  };
  EXPECT_EQ(read(pieces({.name = "net/data/0", .bytes = counted(12), .checksum = false})).tensors.size(), 1U);
  EXPECT_THAT(failure_of(pieces({.name = "net/data/0", .bytes = counted(12), .method = 8})),
              HasSubstr("`net/data/0` is compressed or encrypted"));
  EXPECT_THAT(failure_of(pieces({.name = "net/data/0", .bytes = counted(12), .flags = 1})),
              HasSubstr("compressed or encrypted"));
  EXPECT_THAT(failure_of(pieces({.name = "net/data/1", .bytes = counted(12)})),
              HasSubstr("there is no entry `net/data/0`"));
  EXPECT_THAT(failure_of(pieces({.name = "net/data.pkl", .bytes = ""})),
              HasSubstr("two entries are called `net/data.pkl`"));
  EXPECT_THAT(failure_of(test::zip_archive({{"net/x", "y"}})), HasSubstr("a zip archive without `data.pkl`"));
  EXPECT_THAT(failure_of(pieces({.name = "net/constants.pkl", .bytes = ""})),
              HasSubstr("a TorchScript module"));
  EXPECT_THAT(failure_of(pieces({.name = "net/byteorder", .bytes = "big"})), HasSubstr("big-endian"));
}

TEST_F(TorchFile, OtherFormatsAreNamed) {
  EXPECT_THAT(failure_of("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."),
              HasSubstr("the format of torch before 1.6; save it again"));
  EXPECT_THAT(failure_of(std::string(257, 'x') + "ustar" + std::string(200, 'x')), HasSubstr("before 1.6"));
  EXPECT_THAT(failure_of("\x80\x04N."), HasSubstr("a bare pickle"));
  EXPECT_THAT(failure_of("nothing"), HasSubstr("not a file of torch.save (7 bytes)"));
  EXPECT_THAT(message_of(core::Fault::data, [&] { read_torch_file(folder_ / "none.pth"); }),
              HasSubstr("no such file"));
}

TEST_F(TorchFile, DamagedArchivesAreNamed) {
  const std::string whole = torch_archive(program(dict({{"w", good}})), {{"0", counted(12)}}, {.aligned = 4});
  for (size_t size = 4; size < whole.size(); ++size) failure_of(whole.substr(0, size));
  for (size_t at = 0; at < whole.size(); ++at)
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string damaged = whole;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      write(damaged);
      try {  // the padding, dates and names that nothing needs may be anything
        const TensorFile file = read_torch_file(path());
        EXPECT_TRUE(at::equal(file.tensors.at("w"), at::arange(12, at::kFloat))) << "byte " << at;
      } catch (const core::Error& error) {
        EXPECT_EQ(error.fault(), core::Fault::data) << error.what();
      }
    }
  // Numbers of the wide directory, each as large as can be.
  const std::string wide =
      torch_archive(program(dict({{"w", good}})), {{"0", counted(12)}}, {.wide = true, .aligned = 4});
  for (size_t at = 0; at + 8 <= wide.size(); ++at) {
    std::string damaged = wide;
    damaged.replace(at, 8, std::string(7, '\xff') + "\x7f");
    write(damaged);
    if (const auto error = test::error_of([&] { read_torch_file(path()); }); error.has_value()) {
      EXPECT_EQ(error->fault(), core::Fault::data) << error->what();
    }
  }
  EXPECT_THAT(failure_of(test::zip_archive({{"net/data.pkl", "x"}}).replace(0, 4, "PK\x03\x05")),
              HasSubstr("not a file of torch.save"));
  std::string parts = whole;
  parts[parts.size() - 22 + 4] = 1;
  EXPECT_THAT(failure_of(parts), HasSubstr("one of several parts"));
}

// What would run something, or take all memory, in a reader that believes a program.

TEST_F(TorchFile, NothingIsRunThatAProgramNames) {
  for (const auto& [module, name] :
       std::vector<std::pair<std::string, std::string>>{{"os", "system"},
                                                        {"posix", "system"},
                                                        {"builtins", "eval"},
                                                        {"__builtin__", "exec"},
                                                        {"subprocess", "Popen"},
                                                        {"torch", "load"},
                                                        {"torch.hub", "load"},
                                                        {"numpy.testing._private.utils", "runstring"},
                                                        {"builtins", "getattr"}}) {
    const std::string named = "needs `" + module + "." + name + "`, which is no part of weights";
    EXPECT_THAT(failure(call(global(module, name), {text("touch /tmp/hacked")})), HasSubstr(named));
    EXPECT_THAT(failure(text(module) + text(name) + "\x93"), HasSubstr(named));
    EXPECT_THAT(failure(dict({{"w", good}, {"x", global(module, name)}})), HasSubstr(named));
  }
  EXPECT_THAT(failure(global("a\x1b[2J", "b")), HasSubstr("needs `a\\x1b[2J.b`"));
  EXPECT_THAT(failure(text("w") + "i" + "os\nsystem\n"), HasSubstr("the instruction 105 at byte"));  // INST
  EXPECT_THAT(failure("(ios\nsystem\n"), HasSubstr("which no weights need"));
  EXPECT_THAT(failure("(" + text("x") + "o"), HasSubstr("the instruction 111"));  // OBJ
  EXPECT_THAT(failure("\x82\x01"), HasSubstr("the instruction 130"));             // EXT1
  EXPECT_THAT(failure("Pid\n"), HasSubstr("the instruction 80"));                 // PERSID
  EXPECT_THAT(failure("I1\n"), HasSubstr("the instruction 73"));                  // INT
  EXPECT_THAT(failure_of(torch_archive("\x80\x01N.")), HasSubstr("of protocol 1"));
  EXPECT_THAT(failure(call(global("torch", "FloatStorage"), {})), HasSubstr("it calls `torch.FloatStorage`"));
  EXPECT_THAT(failure(call(global("torch", "float16"), {})), HasSubstr("it calls `torch.float16`"));
}

TEST_F(TorchFile, ProgramsWithoutSenseAreErrors) {
  const auto no_sense = [&](const std::string& code, const std::string& what) {
    EXPECT_THAT(failure(code), HasSubstr("its pickle makes no sense: " + what)) << what;
  };
  no_sense("", "more than one value is left");
  no_sense("NN", "more than one value is left");
  no_sense("(", "more than one value is left");
  no_sense("0", "the stack is empty");
  no_sense("N(0", "the stack is empty");  // below a mark
  no_sense("t", "a mark is absent");
  no_sense("Na", "the stack is empty");
  no_sense("NNa", "items are added to what is no container");
  no_sense("](NNu", "items are added to what is no container");
  no_sense("}(Nu", "a key without a value");
  no_sense("](N\x90", "items are added to what is no set");
  no_sense("h\x05", "it recalls what it did not remember");
  no_sense("NNR", "arguments that are no tuple");
  no_sense("N)R", "something is called that is no function");
  no_sense("NNb", "state is given to what has none");
  no_sense("NN\x93", "a global that is no name");
  no_sense("NQ", "a reference that is no storage");
  no_sense(tuple({text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), whole(1)}) + "Q",
           "a reference that is no storage");
  no_sense(call(global("torch._utils", "_rebuild_parameter"), {"N"}), "a parameter that is no tensor");
  no_sense(call(global("torch", "Size"), {"N"}), "a size that is no tuple");
  no_sense(call(global("collections", "OrderedDict"), {"N"}), "a dict of what is no list");
  no_sense(call(global("collections", "OrderedDict"), {"]Na"}), "a key without a value");
  no_sense(call(global("torch._utils", "_rebuild_tensor_v2"), {"N", whole(0), wholes({1}), wholes({1})}),
           "a tensor without a storage");
  no_sense(call(global("torch._utils", "_rebuild_tensor_v2"), {floats, whole(0), "N", wholes({1})}),
           "a shape that is no tuple");
  no_sense(tensor(floats, 0, {2, 2}, {1}), "a tensor with other strides than edges");
  no_sense(tensor(floats, 0, {-1}, {1}), "a shape of impossible numbers");
  no_sense(tensor(floats, 0, {1}, {-1}), "a shape of impossible numbers");
  no_sense(tensor(floats, 0, std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)),
           "a tensor of more than 64 dimensions");
  for (const char* cut : {"X\x05", "J\x01", "cos\n", "cos", "\x8b\xff\xff\xff\x7fx",
                          "\x8d\xff\xff\xff\xff\xff\xff\xff\x7fx", "G\x01", "\x95\x01"})
    no_sense(cut, "it is cut off");
  EXPECT_THAT(failure(dict({{"a\xff", good}})), HasSubstr("`a\\xff` is no name of a tensor"));
}

TEST_F(TorchFile, TensorsStayInTheirStorages) {
  const std::string beyond = "reaches beyond its storage of 12 elements, or has more values than that";
  for (const auto& code :
       {tensor(floats, 0, {13}, {1}), tensor(floats, 1, {12}, {1}), tensor(floats, 12, {}, {}),
        tensor(floats, 12, {1}, {1}), tensor(floats, -1, {1}, {1}),
        tensor(floats, int64_t{1} << 62, {1}, {1}), tensor(floats, 0, {2}, {12}),
        tensor(floats, 0, {2, 2}, {11, 1}), tensor(floats, 0, {3, 3}, {5, 1}),
        tensor(floats, 0, {int64_t{1} << 40}, {0}),  // expanded
        tensor(floats, 0, {4, 4}, {0, 0}), tensor(floats, 0, {2, 2}, {int64_t{1} << 47, int64_t{1} << 47}),
        tensor(floats, 0, {int64_t{1} << 32, int64_t{1} << 32}, {0, 0}),  // whose product overflows
        tensor(floats, 0, {0, int64_t{1} << 40, int64_t{1} << 40}, {1, 1, 1})})
    EXPECT_THAT(failure(dict({{"w", code}})), HasSubstr(beyond));
  EXPECT_THAT(failure(storage("FloatStorage", "0", 13)),
              HasSubstr("storage `0` holds 48 bytes where 13 elements of 4 bytes are promised"));
  EXPECT_THAT(failure(storage("FloatStorage", "0", -1)), HasSubstr("are promised"));
  EXPECT_THAT(failure(storage("DoubleStorage", "0", int64_t{1} << 61)), HasSubstr("are promised"));
  EXPECT_THAT(failure(storage("FloatStorage", "../0", 1)), HasSubstr("no entry `net/data/../0`"));
}

TEST_F(TorchFile, ValuesThatAreNoNumbersAreRefused) {
  const at::Tensor bad = at::full({2}, std::numeric_limits<float>::quiet_NaN());
  const std::string bytes(static_cast<const char*>(bad.const_data_ptr()), bad.nbytes());
  const std::string file = torch_archive(
      program(dict({{"w", tensor(storage("FloatStorage", "0", 2), 0, {2}, {1})}})), {{"0", bytes}});
  EXPECT_THAT(failure_of(file), HasSubstr("w: 2 of 2 values are no finite numbers"));
  EXPECT_EQ(read_torch_file(path(), "", Values::any).tensors.size(), 1U);
}

/// Circles, towers, and a few bytes that stand for very many values: each ends soon, and in little memory.
TEST_F(TorchFile, NothingGrowsBeyondTheProgram) {
  const auto begin = std::chrono::steady_clock::now();
  std::string tower;
  for (int i = 0; i < 1'000'000; ++i) tower += ']';
  for (int i = 0; i < 999'999; ++i) tower += 'a';
  EXPECT_THAT(failure(tower), HasSubstr("holds no state dict"));
  EXPECT_THAT(failure("}q\x01" + text("model") + "h\x01s"), HasSubstr("holds no state dict"));  // in itself
  EXPECT_THAT(failure("]q\x01h\x01"
                      "a"),
              HasSubstr("holds no state dict"));
  // Each dict twice in the next: 2^40 ways to the tensor.
  std::string doubled = dict({{"w", good}}) + "q\x01";
  for (int i = 0; i < 40; ++i)
    doubled = doubled + "0}(" + text("a") + "h\x01" + text("b") + "h\x01" + "uq\x01";
  EXPECT_THAT(failure(doubled), HasSubstr("holds no state dict"));
  // A list of a million, and the same as a dict again and again.
  std::string copies = "](";
  for (int i = 0; i < 1'000'000; ++i) copies += i == 0 ? "NN\x86q\x01" : "h\x01";
  copies += "eq\x02";
  std::string again = copies;
  for (int i = 0; i < 1000; ++i) again += global("collections", "OrderedDict") + "h\x02\x85R0";
  EXPECT_THAT(failure(again), HasSubstr("longer than that of any weights"));
  EXPECT_THAT(failure(std::string(5'000'000, 'N')),
              HasSubstr("longer than that of any weights (4000000 instructions)"));
  EXPECT_THAT(failure(std::string(5'000'000, '(')), HasSubstr("longer than that of any weights"));
  // One storage under very many names.
  std::vector<std::pair<std::string, std::string>> names;
  const std::string shared = tensor(storage("FloatStorage", "0", 100'000), 0, {100'000}, {1});
  for (int i = 0; i < 5000; ++i)
    names.emplace_back("w" + std::to_string(i), i == 0 ? shared + "q\x01" : "h\x01");
  EXPECT_THAT(failure_of(torch_archive(program(dict(names)), {{"0", counted(100'000)}})),
              HasSubstr("times as large as the file"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

TEST_F(TorchFile, TheFormatIsSeenInTheFile) {
  write_safetensors(folder_ / "a.pth", {{"w", at::ones({2})}}, {{"note", "x"}});
  EXPECT_EQ(read_weights(folder_ / "a.pth").metadata.at("note"), "x");
  EXPECT_THAT(message_of(core::Fault::data, [&] { read_weights(folder_ / "a.pth", "model"); }),
              AllOf(HasSubstr("a.pth: a safetensors file is one state dict"), HasSubstr("`model`")));
  core::write_file_atomic(
      folder_ / "b.safetensors",
      torch_archive(program(dict({{"model", dict({{"w", good}})}})), {{"0", counted(12)}}));
  EXPECT_EQ(read_weights(folder_ / "b.safetensors", "model").tensors.size(), 1U);
  core::write_file_atomic(folder_ / "c.pth", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.");
  EXPECT_THAT(message_of(core::Fault::data, [&] { read_weights(folder_ / "c.pth"); }),
              HasSubstr("before 1.6"));
}

}  // namespace
}  // namespace photo51::nn
