#include "photo51/backbones/foreign/exported.hpp"

#include <caffe2/serialize/inline_container.h>
#include <gmock/gmock.h>
#include <torch/nn/module.h>

#include <map>
#include <nlohmann/json.hpp>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/catalogue.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::backbones {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const InputShape kImages{.image = true, .channels = 3, .dims = 2, .size = {8, 12}};

Json whole(int64_t value) {
  return {{"as_int", value}};
}

Json tensor_meta(const std::vector<Json>& sizes, const std::vector<int64_t>& strides) {
  Json meta{{"dtype", 7},
            {"sizes", sizes},
            {"requires_grad", false},
            {"device", {{"type", "cpu"}, {"index", nullptr}}},
            {"strides", Json::array()},
            {"storage_offset", whole(0)},
            {"layout", 7}};
  for (const int64_t stride : strides) meta["strides"].push_back(whole(stride));
  return meta;
}

Json named_tensor(const char* name) {
  return {{"as_tensor", {{"name", name}}}};
}

/// What torch.export writes of `x * scale`, x [any, 3, 8, 12] and scale [3, 1, 1] = 1, 2, 3.
struct ExportedFile {
  Json program, weights;
  std::map<std::string, std::string> more{};

  ExportedFile() {
    const Json any{{"as_expr", {{"expr_str", "Symbol('s77')"}, {"hint", whole(2)}}}};
    const Json image = tensor_meta({any, whole(3), whole(8), whole(12)}, {288, 96, 12, 1});
    const Json scale = tensor_meta({whole(3), whole(1), whole(1)}, {1, 1, 1});
    const Json argument = [](const char* name, const char* of) {
      return Json{{"name", name}, {"arg", named_tensor(of)}, {"kind", 1}};
    }("self", "x");
    Json other = argument;
    other["name"] = "other";
    other["arg"] = named_tensor("p_scale");
    const Json node{{"target", "torch.ops.aten.mul.Tensor"},         {"inputs", {argument, other}},
                    {"outputs", Json::array({named_tensor("mul")})}, {"metadata", Json::object()},
                    {"is_hop_single_tensor_return", nullptr},        {"name", "mul"}};
    const Json graph{{"inputs", {named_tensor("p_scale"), named_tensor("x")}},
                     {"outputs", Json::array({named_tensor("mul")})},
                     {"nodes", Json::array({node})},
                     {"tensor_values", {{"p_scale", scale}, {"x", image}, {"mul", image}}},
                     {"sym_int_values", Json::object()},
                     {"sym_bool_values", Json::object()},
                     {"sym_float_values", Json::object()},
                     {"custom_obj_values", Json::object()},
                     {"is_single_tensor_return", false}};
    const Json parameter{{"parameter", {{"arg", {{"name", "p_scale"}}}, {"parameter_name", "scale"}}}};
    const Json user{{"user_input", {{"arg", named_tensor("x")}}}};
    const Json output{{"user_output", {{"arg", named_tensor("mul")}}}};
    const char* in_spec =
        R"([1, {"type": "builtins.tuple", "context": "null", "children_spec": [{"type": "builtins.tuple", )"
        R"("context": "null", "children_spec": [{"type": null, "context": null, "children_spec": []}]}, )"
        R"({"type": "builtins.dict", "context": "[]", "children_spec": []}]}])";
    const char* out_spec = R"([1, {"type": null, "context": null, "children_spec": []}])";
    const Json call{{"fqn", ""},
                    {"signature",
                     {{"inputs", Json::array()},
                      {"outputs", Json::array()},
                      {"in_spec", in_spec},
                      {"out_spec", out_spec},
                      {"forward_arg_names", {"x"}}}}};
    program = {{"graph_module",
                {{"graph", graph},
                 {"signature", {{"input_specs", {parameter, user}}, {"output_specs", Json::array({output})}}},
                 {"module_call_graph", Json::array({call})},
                 {"metadata", Json::object()},
                 {"treespec_namedtuple_fields", Json::object()}}},
               {"opset_version", {{"aten", 10}}},
               {"range_constraints", {{"s77", {{"min_val", 2}, {"max_val", nullptr}}}}},
               {"schema_version", {{"major", 8}, {"minor", 17}}},
               {"verifiers", {"TRAINING"}},
               {"torch_version", "2.11.0"},
               {"guards_code", Json::array()}};
    weights = {
        {"config",
         {{"scale",
           {{"path_name", "weight_0"}, {"is_param", true}, {"use_pickle", false}, {"tensor_meta", scale}}}}}};
  }
  Json& node() { return program["graph_module"]["graph"]["nodes"][0]; }
  Json& image_size(size_t axis) {
    return program["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][axis];
  }
  Json& meta() { return weights["config"]["scale"]["tensor_meta"]; }
};

class Exported : public ::testing::Test {
 protected:
  ExportedOptions write(const ExportedFile& file) const {
    const at::Tensor scale = at::arange(1, 4, at::kFloat);
    std::map<std::string, std::string> records{
        {"archive_format", "pt2"},
        {"archive_version", "0"},
        {"models/model.json", file.program.dump()},
        {"data/weights/model_weights_config.json", file.weights.dump()},
        {"data/weights/weight_0", std::string(static_cast<const char*>(scale.const_data_ptr()), 12)},
        {"data/constants/model_constants_config.json", R"({"config": {}})"}};
    for (const auto& [name, bytes] : file.more) records[name] = bytes;
    ExportedOptions options;
    options.file = folder_ / "scale.pt2";
    caffe2::serialize::PyTorchStreamWriter writer(options.file.string());
    for (const auto& [name, bytes] : records) writer.writeRecord(name, bytes.data(), bytes.size());
    writer.writeEndOfFile();
    return options;
  }
  std::string refused(const ExportedFile& file, const InputShape& shape = kImages) const {
    const ExportedOptions options = write(file);
    const std::string said = test::message_of(core::Fault::data, [&] { make_exported(options, shape); });
    EXPECT_THAT(said, HasSubstr("scale.pt2: "));
    return said;
  }
  test::TemporaryFolder folder_;
};

TEST_F(Exported, ComputesWhatItsFileSays) {
  const auto network = make_exported(write({}), kImages);
  EXPECT_THAT(network->widths(), ElementsAre(3));
  EXPECT_TRUE(nn::state_of(*network).empty());
  EXPECT_EQ(network->program().size(), 32U);
  const at::Tensor scale = at::tensor({1.F, 2.F, 3.F}).view({3, 1, 1});
  for (const int64_t count : {1, 2, 5}) {
    const at::Tensor image = at::randn({count, 3, 8, 12});
    EXPECT_TRUE(at::equal(network->features(image).stages.at(0), image * scale)) << count;
  }
}

/// What follows it trains, though it does not itself.
TEST_F(Exported, TakesNoPartInGradients) {
  const auto network = make_exported(write({}), kImages);
  const at::Tensor image = at::randn({2, 3, 8, 12}).requires_grad_(), weight = at::ones({1}).requires_grad_();
  const at::Tensor stage = network->features(image).stages.at(0);
  EXPECT_FALSE(stage.requires_grad());
  (stage * weight).sum().backward();
  EXPECT_NEAR(weight.grad().item<double>(), stage.sum().item<double>(), 1e-3);
  EXPECT_FALSE(image.grad().defined());
}

TEST_F(Exported, IsAnEncoderOfTheTable) {
  config::Choice choice = config::choose("exported", write({}));
  const auto encoder = (*image_encoders().find("exported"))(choice, kImages);
  EXPECT_EQ(encoder->width(), 3);
  const at::Tensor image = at::randn({2, 3, 8, 12});
  EXPECT_TRUE(at::allclose(encoder->encode({image, at::ones({2}, at::kBool), {}}).values.squeeze(1),
                           image.mean({2, 3}) * at::tensor({1.F, 2.F, 3.F})));
  EXPECT_EQ(program_of(choice)->filename(), "scale.pt2");
}

TEST_F(Exported, StandardErrorStaysOurs) {
  ::testing::internal::CaptureStderr();
  ::testing::internal::CaptureStdout();
  const auto network = make_exported(write({}), kImages);
  EXPECT_THAT(test::message_of(core::Fault::data,
                               [&] {
                                 network->features(at::zeros({2, 4, 8, 12}));
                               }),
              HasSubstr("scale.pt2: the program fails on images [2, 4, 8, 12]"));
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(Exported, ImagesThatItWasNotMadeFor) {
  const auto network = make_exported(write({}), kImages);
  EXPECT_THAT(test::message_of(core::Fault::data,
                               [&] {
                                 network->features(at::zeros({2, 3, 8, 8}));
                               }),
              AllOf(HasSubstr("images are [8, 8] in size"), HasSubstr("for [8, 12] alone")));
  EXPECT_THAT(refused({}, {.image = true, .channels = 1, .dims = 2, .size = {8, 12}}),
              HasSubstr("takes images [any, 3, 8, 12], and those of the input are [any, 1, 8, 12]"));
  EXPECT_THAT(refused({}, {.image = true, .channels = 3, .dims = 3, .size = {4, 8, 12}}),
              HasSubstr("those of the input are [any, 3, 4, 8, 12]"));
  ExportedFile file;
  file.image_size(0) = whole(2);
  EXPECT_THAT(refused(file), AllOf(HasSubstr("takes 2 images at once"), HasSubstr("dynamic_shapes={\"x\":")));
  file = {};
  auto& inputs = file.program["graph_module"]["signature"]["input_specs"];
  inputs.push_back(inputs[1]);
  EXPECT_THAT(refused(file), HasSubstr("takes 2 tensors"));
}

TEST_F(Exported, OperatorsOfTensorsAlone) {
  for (const char* target : {"torch.ops.aten.from_file.default", "torch.ops.c10d.send.default",
                             "torch.ops.higher_order.aoti_call_delegate", "mine.f"}) {
    ExportedFile file;
    file.node()["target"] = target;
    EXPECT_THAT(refused(file), HasSubstr(std::string("uses the operator ") + target));
  }
  ExportedFile native;
  native.more["data/aotinductor/model/a.so"] = "x";
  EXPECT_THAT(refused(native), HasSubstr("holds native code (AOTInductor)"));
}

TEST_F(Exported, TensorsLieWithinTheirRecords) {
  const auto says = [&](const auto& change) {
    ExportedFile file;
    change(file.meta());
    return refused(file);
  };
  EXPECT_THAT(says([](Json& meta) { meta["sizes"][0] = whole(4); }), HasSubstr("reaches beyond its bytes"));
  EXPECT_THAT(says([](Json& meta) { meta["strides"][0] = whole(int64_t{1} << 39); }),
              HasSubstr("reaches beyond its bytes"));
  EXPECT_THAT(says([](Json& meta) { meta["storage_offset"] = whole(1); }), HasSubstr("beyond its bytes"));
  EXPECT_THAT(says([](Json& meta) { meta["dtype"] = 8; }), HasSubstr("beyond its bytes"));
  EXPECT_THAT(says([](Json& meta) { meta["sizes"][0] = whole(-1); }), HasSubstr("a size beyond all tensors"));
  EXPECT_THAT(says([](Json& meta) { meta["dtype"] = 6; }), HasSubstr("module.float()"));
  EXPECT_THAT(says([](Json& meta) { meta["device"]["type"] = "cuda"; }),
              AllOf(HasSubstr("`scale` lies on cuda"), HasSubstr("export the program on the CPU")));
  EXPECT_THAT(says([](Json& meta) { meta.erase("sizes"); }), HasSubstr("lacks what torch.export writes"));
  ExportedFile pickled;
  pickled.weights["config"]["scale"]["use_pickle"] = true;
  EXPECT_THAT(refused(pickled), HasSubstr("`scale` is no plain tensor"));
  ExportedFile absent;
  absent.weights["config"]["scale"]["path_name"] = "weight_1";
  EXPECT_THAT(refused(absent), HasSubstr("`scale` is no plain tensor"));
}

TEST_F(Exported, FilesThatAreNone) {
  ExportedFile several;
  several.more["models/other.json"] = "{}";
  EXPECT_THAT(refused(several), HasSubstr("holds 2 programs"));
  ExportedFile broken;
  broken.more["models/model.json"] = "{";
  EXPECT_THAT(refused(broken), HasSubstr("models/model.json is no JSON"));
  ExportedFile nested;
  nested.more["models/model.json"] = std::string(300, '[') + std::string(300, ']');
  EXPECT_THAT(refused(nested), HasSubstr("models/model.json is no JSON"));
  ExportedFile unknown;
  unknown.node()["target"] = "torch.ops.aten.no_such_operator.default";
  EXPECT_THAT(refused(unknown), HasSubstr("cannot be loaded: "));
  ExportedOptions options = write({});
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { make_exported(options, kImages, 2); }),
              HasSubstr("built without a classifier"));
  options.file.clear();
  EXPECT_THAT(test::message_of(core::Fault::usage, [&] { make_exported(options, kImages); }),
              HasSubstr("`file` is missing"));
}

TEST_F(Exported, HasItsOwnWeights) {
  ExportedOptions options;
  EXPECT_THAT(
      test::message_of(
          core::Fault::usage,
          [&] { config::read(config::parse_yaml("{file: a.pt2, weights: b.pth}", "c.yaml"), options); }),
      HasSubstr("has its own and takes no others"));
}

}  // namespace
}  // namespace photo51::backbones
