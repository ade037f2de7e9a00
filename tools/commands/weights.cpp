// photo51 weights inspect|convert|diff|forward: files of weights, by whose names they are.
#include <ATen/core/Tensor.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands/commands.hpp"
#include "photo51/backbones/named_network.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/weights/differences.hpp"
#include "photo51/nn/weights/made_for.hpp"
#include "photo51/nn/weights/torch_file.hpp"

namespace photo51::commands {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

void print_line(const std::string& text) {
  std::printf("%s\n", core::shown(text).c_str());
}

std::string percent(double share) {
  return core::format_fixed(100 * share, 0) + " %";
}

std::string shape_of(const at::Tensor& tensor) {
  std::vector<std::string> edges;
  for (const int64_t edge : tensor.sizes()) edges.push_back(std::to_string(edge));
  return "[" + core::join(edges, ", ") + "]";
}

constexpr const char* kKeys =
    "its options, key=value, also source=LIBRARY, dims=2|3 and size=EDGE|[EDGE,…] of images, decoder=none "
    "and decoder.KEY=VALUE";

/// What the options --network, --set of a command say.
struct NetworkArguments {
  std::string name;
  std::vector<std::string> settings;

  void add_to(CLI::App& command) {
    command.add_option("--network", name, "the network that the weights are of: resnet, vit, …");
    command.add_option("--set", settings, kKeys)->type_size(1)->allow_extra_args(false);
  }
  backbones::BuiltNetwork build(const nn::Tensors& weights, const std::string& file) const {
    const backbones::NamedNetwork network{name, settings};
    return backbones::build_named(network, backbones::guess_shape(weights, network), weights, file);
  }
};

struct InspectArguments {
  fs::path file;
  std::string entry;
  NetworkArguments network;
};

Json inspection(const InspectArguments& arguments) {
  const nn::TensorFile file = nn::read_weights(arguments.file, arguments.entry, nn::Values::any);
  Json said{{"file", arguments.file.string()}, {"tensors", Json::array()}};
  int64_t values = 0;
  for (const auto& [name, tensor] : file.tensors) {
    values += tensor.numel();
    said["tensors"].push_back(
        {{"name", name}, {"shape", tensor.sizes().vec()}, {"type", c10::toString(tensor.scalar_type())}});
  }
  said["values"] = values;
  said["metadata"] = file.metadata;
  said["recognized"] = Json::array();
  for (const auto& found : backbones::recognize(file.tensors))
    said["recognized"].push_back(
        {{"network", found.network}, {"library", found.library}, {"share", found.share}});
  if (arguments.network.name.empty()) return said;
  const auto built = arguments.network.build(file.tensors, arguments.file.string());
  const auto own = nn::state_of(*built.network);
  const auto nearest =
      nn::nearest_dialect(file.tensors, own, built.dialects, arguments.file.string(),
                          built.classes > 0 ? nn::Classifier::kept : nn::Classifier::left_out);
  Json& as = said["as"];
  as = {
      {"network", arguments.network.name}, {"library", nearest.dialect->library}, {"classes", built.classes}};
  as["missing"] = as["unexpected"] = as["shapes"] = as["renames"] = Json::array();
  for (const auto& entry : own)
    if (!nearest.tensors.contains(entry.first)) as["missing"].push_back(entry.first);
  for (const auto& entry : nearest.tensors)
    if (!own.contains(entry.first)) as["unexpected"].push_back(entry.first);
  for (const auto& [name, mine] : own)
    if (const auto given = nearest.tensors.find(name);
        given != nearest.tensors.end() && given->second.sizes() != mine.sizes())
      as["shapes"].push_back(
          {{"name", name}, {"file", given->second.sizes().vec()}, {"network", mine.sizes().vec()}});
  for (const auto& rule : nn::propose_renames(nearest.tensors, own))
    as["renames"].push_back({{"from", rule.from}, {"to", rule.to}});
  return said;
}

void print_inspection(const Json& said) {
  for (const auto& tensor : said["tensors"])
    print_line(tensor["name"].get<std::string>() + "  " + tensor["shape"].dump() + "  " +
               tensor["type"].get<std::string>());
  print_line(std::to_string(said["tensors"].size()) + " tensors, " + said["values"].dump() + " values");
  for (const auto& entry : said["metadata"].items())
    print_line("metadata " + entry.key() + ": " + core::shown(entry.value().get<std::string>(), 200));
  constexpr size_t most = 3;
  for (size_t i = 0; i < std::min(most, said["recognized"].size()); ++i) {
    const auto& found = said["recognized"][i];
    print_line("names of " + found["network"].get<std::string>() + " as in " +
               found["library"].get<std::string>() + ": " + percent(found["share"].get<double>()));
  }
  if (said["recognized"].empty()) print_line("the names are those of no network here; see --network");
  if (!said.contains("as")) return;
  const auto& as = said["as"];
  print_line("as " + as["network"].get<std::string>() + " of " + as["library"].get<std::string>() + ": " +
             std::to_string(as["missing"].size()) + " names are missing, " +
             std::to_string(as["unexpected"].size()) + " unexpected, " + std::to_string(as["shapes"].size()) +
             " of another shape, " + as["classes"].dump() + " classes");
  for (const auto& other : as["shapes"])
    print_line("shape of " + other["name"].get<std::string>() + ": " + other["file"].dump() + " and here " +
               other["network"].dump());
  for (const auto& rule : as["renames"])
    print_line("proposed: --rename " + rule["from"].get<std::string>() + "=" + rule["to"].get<std::string>());
}

void add_inspect_weights(CLI::App& weights, const Common& common) {
  auto* command = weights.add_subcommand(
      "inspect", "names, shapes and types of a file, whose names they are, and renames where nobody's");
  auto arguments = std::make_shared<InspectArguments>();
  command->add_option("FILE", arguments->file, "safetensors or a file of torch.save")->required();
  command->add_option("--entry", arguments->entry, "of several state dicts, which: teacher, model/ema");
  arguments->network.add_to(*command);
  command->callback([arguments, &common] {
    const Json said = inspection(*arguments);
    if (common.json)
      std::printf("%s\n", core::json_text(said).c_str());
    else
      print_inspection(said);
  });
}

struct ConvertArguments {
  fs::path file, to;
  std::string entry, dialect;
  bool bare = false;
  std::vector<std::string> renames;
  NetworkArguments network;
  nn::MadeFor made_for;
  std::vector<double> range;
};

nn::Tensors renamed(const nn::Tensors& tensors, const std::vector<std::string>& renames,
                    const std::string& file) {
  nn::Dialect dialect{.library = "--rename"};
  for (const auto& rename : renames) {
    const auto sides = core::split(rename, '=');
    if (sides.size() != 2 || sides[0].empty() || sides[1].empty())
      core::fail_usage("--rename " + rename + ": needs FROM=TO, such as blocks.*.norm1=layers.*.ln_1");
    dialect.renames.push_back({sides[0], sides[1]});
  }
  return nn::translate(tensors, dialect, file);
}

/// The tensors by the names of another library, after the network took all of them.
nn::Tensors as_dialect(const ConvertArguments& arguments, const nn::TensorFile& file) {
  const auto built = arguments.network.build(file.tensors, arguments.file.string());
  const auto& network = *built.network;
  const auto kept = built.classes > 0 ? nn::Classifier::kept : nn::Classifier::left_out;
  const auto own = nn::state_of(network);
  const auto nearest = nn::nearest_dialect(file.tensors, own, built.dialects, arguments.file.string(), kept);
  nn::load_state(*built.network, nearest.tensors, arguments.file.string());
  const nn::Tensors& ours = nearest.tensors;
  if (arguments.dialect == "photo51") return ours;
  std::vector<std::string> libraries{"photo51"};
  for (const auto& dialect : network.dialects()) {
    if (dialect.library == arguments.dialect) return nn::translate_back(ours, dialect);
    libraries.push_back(dialect.library);
  }
  core::fail_usage("--dialect: no names of `" + arguments.dialect + "` are known for `" +
                   arguments.network.name + "`" + core::suggest(arguments.dialect, libraries));
}

void convert(ConvertArguments& arguments) {
  if (arguments.to.extension() != ".safetensors")
    core::fail_usage("--to " + arguments.to.string() +
                     ": only safetensors are written; name it *.safetensors");
  if (arguments.network.name.empty() != arguments.dialect.empty())
    core::fail_usage(
        "--network and --dialect go together: the one says which weights these are, the other whose "
        "names they get");
  if (!arguments.range.empty()) arguments.made_for.range = {arguments.range[0], arguments.range[1]};
  nn::TensorFile file = nn::read_weights(arguments.file, arguments.entry);
  if (arguments.bare) file.tensors = nn::without_wrappers(file.tensors);
  if (!arguments.renames.empty())
    file.tensors = renamed(file.tensors, arguments.renames, arguments.file.string());
  if (!arguments.dialect.empty()) file.tensors = as_dialect(arguments, file);
  if (!arguments.made_for.empty()) file.metadata[nn::preprocessing_key] = nn::to_json(arguments.made_for);
  nn::made_for(file.metadata);  // what is written can be read
  nn::write_safetensors(arguments.to, file.tensors, file.metadata);
}

void add_convert(CLI::App& weights, const Common& common) {
  auto* command = weights.add_subcommand("convert", "write safetensors of a file, also by other names");
  auto arguments = std::make_shared<ConvertArguments>();
  command->add_option("FILE", arguments->file, "safetensors or a file of torch.save")->required();
  command->add_option("--to", arguments->to, "*.safetensors to write")->required();
  command->add_option("--entry", arguments->entry, "of several state dicts, which: teacher, model/ema");
  command->add_flag("--bare", arguments->bare,
                    "take off what surrounds all names: module., model., backbone.");
  command->add_option("--rename", arguments->renames, "FROM=TO for names that begin so; * is any part")
      ->type_size(1)
      ->allow_extra_args(false);
  command->add_option("--dialect", arguments->dialect,
                      "names of photo51, torchvision, timm, MONAI; with --network");
  arguments->network.add_to(*command);
  auto& made_for = arguments->made_for;
  command->add_option("--mean", made_for.mean, "what the weights were made for: of each channel")
      ->delimiter(',');
  command->add_option("--std", made_for.std, "of each channel")->delimiter(',');
  command->add_option("--range", arguments->range, "the intensities that became 0 and 1: 0,255")
      ->delimiter(',')
      ->expected(2);
  command->add_option("--spacing", made_for.spacing, "x, y, z mm")->delimiter(',');
  command->callback([arguments, &common] {
    convert(*arguments);
    if (!common.quiet) print_line(arguments->to.string());
  });
}

void add_diff(CLI::App& weights, const Common& common) {
  auto* command = weights.add_subcommand("diff", "what two files differ in: names, shapes, types, values");
  struct Arguments {
    fs::path first, second;
    std::string entry;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("A", arguments->first, "safetensors or a file of torch.save")->required();
  command->add_option("B", arguments->second, "another")->required();
  command->add_option("--entry", arguments->entry, "of several state dicts in files of torch.save, which");
  command->callback([arguments, &common] {
    const auto read = [&](const fs::path& file) {
      return nn::read_weights(file, arguments->entry, nn::Values::any).tensors;
    };
    const auto found = nn::differences(read(arguments->first), read(arguments->second));
    if (common.json) {
      Json said{{"only_first", found.only_first}, {"only_second", found.only_second}, {"equal", found.equal}};
      said["changed"] = Json::array();
      for (const auto& changed : found.changed)
        said["changed"].push_back(
            {{"name", changed.name}, {"what", changed.what}, {"largest", changed.largest}});
      std::printf("%s\n", core::json_text(said).c_str());
      return;
    }
    for (const auto& name : found.only_first) print_line("only in A: " + name);
    for (const auto& name : found.only_second) print_line("only in B: " + name);
    for (const auto& changed : found.changed)
      print_line(changed.name + ": " +
                 (changed.what.empty()
                      ? "values, |A - B| up to " + core::format_number(changed.largest) + " of B's largest"
                      : changed.what));
    print_line(std::to_string(found.equal) + " tensors are equal, " + std::to_string(found.changed.size()) +
               " differ, " + std::to_string(found.only_first.size()) + " are only in A, " +
               std::to_string(found.only_second.size()) + " only in B");
  });
}

void add_forward(CLI::App& weights, const Common& common) {
  auto* command = weights.add_subcommand(
      "forward", "run a network on a tensor `x`, in evaluation mode with its classifier or decoder");
  struct Arguments {
    backbones::NamedNetwork network;
    fs::path weights, input, output;
    std::string entry;
  };
  auto arguments = std::make_shared<Arguments>();
  command->add_option("NAME", arguments->network.name, "a network: resnet, vit, …")->required();
  command->add_option("SETTING", arguments->network.settings, kKeys);
  command->add_option("--weights", arguments->weights, "safetensors or a file of torch.save")->required();
  command->add_option("--input", arguments->input, "safetensors with `x`, [B, C, ([D,] H, W)]")->required();
  command->add_option("--output", arguments->output, "safetensors to write `y` to")->required();
  command->add_option("--entry", arguments->entry, "of several state dicts, which: teacher, model/ema");
  command->callback([arguments, &common] {
    const auto given = nn::read_safetensors(arguments->input).tensors;
    const auto x = given.find("x");
    if (x == given.end()) core::fail_data(arguments->input.string() + ": there is no tensor `x`");
    const at::Tensor y =
        backbones::forward(arguments->network, arguments->weights, x->second, arguments->entry);
    nn::write_safetensors(arguments->output, {{"y", y}});
    if (!common.quiet) print_line(arguments->output.string() + ": y " + shape_of(y));
  });
}

}  // namespace

void add_weights(CLI::App& app, const Common& common) {
  auto* command = app.add_subcommand("weights", "look at files of weights, change their names, run them");
  command->require_subcommand(1);
  add_inspect_weights(*command, common);
  add_convert(*command, common);
  add_diff(*command, common);
  add_forward(*command, common);
}

}  // namespace photo51::commands
