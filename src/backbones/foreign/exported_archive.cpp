#include "backbones/foreign/exported_archive.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/bounded_json.hpp"
#include "photo51/core/error.hpp"

namespace photo51::backbones {
namespace {

using Json = nlohmann::json;

constexpr const char* save_anew = "; save it again with torch.export.save of this version of torch";

Json read_archive_json(const nn::Archive& archive, const std::string& record) {
  constexpr int deepest = 200;
  try {
    return core::parse_bounded<Json>(archive.read(record), deepest);
  } catch (const core::TooDeep&) {
  } catch (const Json::exception&) {  // whose text quotes the file
  }
  core::fail_data(record + " is no JSON that torch.export writes" + save_anew);
}

/// Operators that compute with tensors and whole numbers, and none that reads files.
bool is_known_operator(const std::string& target) {
  for (const char* begin : {"torch.ops.aten.", "_operator.", "torch.sym_", "math."})
    if (target.starts_with(begin)) return target.find("from_file") == std::string::npos;
  return false;
}

void check_operators(const Json& json) {
  if (json.is_object())
    if (const auto target = json.find("target");
        target != json.end() && target->is_string() && !is_known_operator(target->get<std::string>()))
      core::fail_data("uses the operator " + target->get<std::string>() +
                      ", which is none of LibTorch's of tensors; export the program without it");
  if (json.is_structured())
    for (const auto& inner : json) check_operators(inner);
}

/// Bytes of a value by torch.export's number of its type; 0: of none that is taken.
uint64_t bytes_of_type(int64_t type) {
  static const std::map<int64_t, uint64_t> sizes{{1, 1}, {2, 1}, {3, 2}, {4, 4},
                                                 {5, 8}, {7, 4}, {8, 8}, {12, 1}};
  const auto found = sizes.find(type);
  return found == sizes.end() ? 0 : found->second;
}

/// A size that stands fast, below what any tensor has.
uint64_t fixed_size(const Json& size) {
  constexpr uint64_t most = uint64_t{1} << 40;
  const auto value = size.at("as_int").get<int64_t>();
  if (value < 0 || static_cast<uint64_t>(value) > most) throw std::out_of_range("a size");
  return static_cast<uint64_t>(value);
}

/// Whether a tensor of these sizes and strides lies within so many values.
bool lies_within(const Json& meta, uint64_t values) {
  const Json &sizes = meta.at("sizes"), &strides = meta.at("strides");
  if (sizes.size() != strides.size() || sizes.size() > 8) return false;
  uint64_t last = fixed_size(meta.at("storage_offset"));
  bool empty = false;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const uint64_t size = fixed_size(sizes[i]), stride = fixed_size(strides[i]);
    if (size == 0) empty = true;
    if (size > 1 && stride > 0 && (size - 1) > values / stride) return false;
    last += size > 1 ? (size - 1) * stride : 0;
  }
  return empty || last < values;
}

void check_tensors(const nn::Archive& archive, const std::string& folder, const std::string& record) {
  const Json config = read_archive_json(archive, record);
  for (const auto& [name, entry] : config.at("config").items()) {
    const std::string bytes = folder + entry.at("path_name").get<std::string>();
    const Json& meta = entry.at("tensor_meta");
    if (entry.at("use_pickle").get<bool>() || meta.is_null() || !archive.has(bytes))
      core::fail_data("`" + name + "` is no plain tensor" + save_anew);
    const auto device = meta.at("device").at("type").get<std::string>();
    if (device != "cpu")
      core::fail_data("`" + name + "` lies on " + device + "; export the program on the CPU");
    const uint64_t size = bytes_of_type(meta.at("dtype").get<int64_t>());
    if (size == 0)
      core::fail_data("`" + name +
                      "` is of a type that images do not have; export the module after "
                      "module.float()");
    if (!lies_within(meta, archive.size(bytes) / size))
      core::fail_data("`" + name + "` reaches beyond its bytes; copy the file again");
  }
}

/// The one input that is no weight.
void check_image(const Json& graph, const Json& signature, const InputShape& shape) {
  std::vector<std::string> inputs;
  for (const auto& input : signature.at("input_specs"))
    if (const auto user = input.find("user_input"); user != input.end())
      inputs.push_back(user->at("arg").at("as_tensor").at("name").get<std::string>());
  if (inputs.size() != 1)
    core::fail_data("takes " + std::to_string(inputs.size()) +
                    " tensors; export one that takes images alone");
  const Json& sizes = graph.at("tensor_values").at(inputs[0]).at("sizes");
  std::vector<int64_t> wanted{0, shape.channels};
  wanted.insert(wanted.end(), shape.size.begin(), shape.size.end());
  std::string told, ours;
  bool fits = sizes.size() == wanted.size();
  for (size_t i = 0; i < sizes.size(); ++i) {
    const bool fixed = sizes[i].contains("as_int");
    const int64_t size = fixed ? sizes[i].at("as_int").get<int64_t>() : 0;
    told += (i > 0 ? ", " : "") + (fixed ? std::to_string(size) : "any");
    if (i == 0 && fixed)
      core::fail_data("takes " + std::to_string(size) +
                      " images at once and no other number; export it with dynamic_shapes={\"" + inputs[0] +
                      "\": {0: torch.export.Dim.DYNAMIC}}");
    fits = fits && (!fixed || i >= wanted.size() || size == wanted[i]);
  }
  for (size_t i = 0; i < wanted.size(); ++i) ours += i == 0 ? "any" : ", " + std::to_string(wanted[i]);
  if (!fits)
    core::fail_data("takes images [" + told + "], and those of the input are [" + ours +
                    "]; export it for these, or change the input");
}

}  // namespace

std::string check_exported(const nn::Archive& archive, const InputShape& shape) {
  archive.require(nn::ArchiveKind::exported);
  constexpr std::string_view begin = "models/", end = ".json";
  std::vector<std::string> programs;
  for (const auto& record : archive.records())
    if (record.starts_with(begin) && record.ends_with(end))
      programs.push_back(record.substr(begin.size(), record.size() - begin.size() - end.size()));
  if (programs.size() != 1)
    core::fail_data("holds " + std::to_string(programs.size()) + " programs; save one alone");
  const Json program = read_archive_json(archive, "models/" + programs[0] + ".json");
  check_operators(program);
  try {
    for (const auto& record : archive.records())
      for (const char* what : {"weights", "constants"})
        if (record.starts_with(std::string("data/") + what + "/") &&
            record.ends_with("_" + std::string(what) + "_config.json"))
          check_tensors(archive, "data/" + std::string(what) + "/", record);
    const Json& module = program.at("graph_module");
    check_image(module.at("graph"), module.at("signature"), shape);
  } catch (const Json::exception&) {
    core::fail_data(std::string("lacks what torch.export writes") + save_anew);
  } catch (const std::out_of_range&) {
    core::fail_data(std::string("has a size beyond all tensors") + save_anew);
  }
  return programs[0];
}

}  // namespace photo51::backbones
