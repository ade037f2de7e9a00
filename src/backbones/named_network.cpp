#include "photo51/backbones/named_network.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <optional>
#include <set>
#include <utility>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/decoder/decoder.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/init.hpp"
#include "photo51/nn/weights/torch_file.hpp"

namespace photo51::backbones {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char letter) { return std::tolower(letter); });
  return text;
}

/// "torchvision" is asked for, and the dialect is of "torchvision 0.12".
bool is_of_library(const std::string& library, const std::string& asked) {
  return lower(library).starts_with(lower(asked));
}

struct Settings {
  std::string source;
  bool decodes = true;               ///< where the file has a decoder
  std::vector<std::string> decoder;  ///< its options
  std::optional<int64_t> dims;
  std::vector<int64_t> size;  ///< one edge, or one an axis; empty = any
  std::vector<std::string> options;

  bool is_of(const std::vector<int64_t>& edges) const {
    return size.size() == 1 ? std::ranges::all_of(edges, [&](int64_t edge) { return edge == size[0]; })
                            : size.empty() || size == edges;
  }
};

std::vector<int64_t> edges_of(const std::string& setting) {
  std::string list = setting.substr(setting.find('=') + 1);
  if (list.starts_with('[') && list.ends_with(']')) list = list.substr(1, list.size() - 2);
  std::vector<int64_t> edges;
  for (const auto& edge : core::split(list, ','))
    edges.push_back(core::parse_int(core::trim(edge)).value_or(0));
  if (edges.size() > 3 || std::ranges::min(edges) < 1)
    core::fail_usage(
        "`" + setting +
        "`: needs edges of 1 pixel or more, one or one an axis, such as size=224 or size=[32,96,96]");
  return edges;
}

Settings settings_of(const NamedNetwork& named) {
  Settings found;
  for (const auto& setting : named.settings) {
    if (setting.starts_with("source=")) {
      found.source = setting.substr(7);
      if (found.source.empty()) core::fail_usage("`source` needs the name of a library, such as source=timm");
    } else if (setting.starts_with("dims=")) {
      found.dims = core::parse_int(setting.substr(5));
      if (found.dims != 2 && found.dims != 3) core::fail_usage("`" + setting + "`: dims must be 2 or 3");
    } else if (setting.starts_with("size=")) {
      found.size = edges_of(setting);
    } else if (setting.starts_with("decoder.")) {
      found.decoder.push_back(setting.substr(8));
    } else if (setting.starts_with("decoder=")) {
      if (setting != "decoder=none" && setting != "decoder=auto")
        core::fail_usage("`" + setting +
                         "`: the decoder is the one of the network's name (auto) or none; options of it are "
                         "decoder.KEY=VALUE");
      found.decodes = setting == "decoder=auto";
    } else {
      found.options.push_back(setting);
    }
  }
  const auto edges = static_cast<int64_t>(found.size.size());
  if (edges > 1 && found.dims.value_or(edges) != edges)
    core::fail_usage("`size` has " + std::to_string(edges) + " edges and `dims` is " +
                     std::to_string(*found.dims));
  return found;
}

/// A row of a table.
struct Chosen {
  config::Choice chosen;
  const config::Components* table;
};
void describe(config::Fields& f, Chosen& o) {
  f.choice("network", o.chosen, *o.table, "a network");
}

config::Choice choice_of(const config::Components& table, const std::string& name,
                         const std::vector<std::string>& settings) {
  config::Node document = config::Node::map();
  config::Node network = config::Node::map();
  network.set("name", config::Node::scalar(name));
  document.set("network", network);
  for (const auto& setting : settings) config::apply_override(document, "network." + setting);
  Chosen one{{}, &table};
  config::read(document, one);
  return one.chosen;
}

const BuildEncoder& row_of(const std::string& name) {
  const BuildEncoder* row = image_encoders().find(name);
  if (row == nullptr)
    core::fail_usage("there is no network `" + name + "`" +
                     core::suggest(name, config::names_of(image_encoders().components())));
  if (row->network == nullptr)
    core::fail_usage("`" + name + "` is an encoder of its own, which is not built as a network alone");
  return *row;
}

std::vector<nn::Dialect> dialects_of(const std::vector<nn::Dialect>& all, const std::string& source) {
  std::vector<nn::Dialect> chosen;
  std::vector<std::string> libraries;
  for (const auto& dialect : all) {
    libraries.push_back(dialect.library);
    if (is_of_library(dialect.library, source)) chosen.push_back(dialect);
  }
  if (chosen.empty())
    core::fail_usage("no weights of `" + source + "` are known for this network" +
                     core::suggest(source, libraries));
  return chosen;
}

/// Of two modules that differ in how many outputs they have, how many the file's has: the rows of what has
/// another shape in the two; 0 where the file has nothing of the kind.
int64_t outputs_in(const nn::Tensors& given, const nn::Tensors& two, const nn::Tensors& three) {
  for (const auto& [name, values] : two) {
    const auto found = given.find(name);
    if (values.sizes() != three.at(name).sizes() && found != given.end() && found->second.dim() > 0)
      return found->second.size(0);
  }
  return 0;
}

/// How many classes the file's classifier has, 0 without one.
int64_t classes_in(const nn::Tensors& weights, const BuildEncoder& row, const config::Choice& choice,
                   const InputShape& shape, const std::vector<nn::Dialect>& dialects,
                   const std::string& source) {
  const nn::Tensors two = nn::state_of(*row.network(choice, shape, 2));
  const nn::Tensors three = nn::state_of(*row.network(choice, shape, 3));
  const auto nearest = nn::nearest_dialect(weights, two, dialects, source, nn::Classifier::kept);
  return outputs_in(nearest.tensors, two, three);
}

/// Module::to would also convert counts and indices.
void convert(torch::nn::Module& module, at::ScalarType precision) {
  for (auto& [name, values] : nn::state_of(module))
    if (values.is_floating_point()) values.set_data(values.to(precision));
}

/// The decoder of the network's name with what the file has of it; null where there is none, or the file has
/// nothing of it.
std::shared_ptr<Decoder> decoder_in(const nn::Tensors& weights, const Settings& settings,
                                    const config::Choice& encoder, const Features& found,
                                    const at::Tensor& image, const std::string& source) {
  const std::string name = decoder_of_encoder(encoder.name);
  if (!settings.decodes || name != encoder.name) return nullptr;
  std::vector<std::string> options = decoders().find(name)->facts.prediction;
  options.insert(options.end(), settings.decoder.begin(), settings.decoder.end());
  const config::Choice choice = choice_of(decoders().components(), name, options);
  const nn::SkipInit skip;
  const auto build = [&](int64_t outputs) {
    return make_decoder(choice, {.dims = image.dim() - 2,
                                 .channels = image.size(1),
                                 .outputs = outputs,
                                 .image_size = image.sizes().slice(2).vec(),
                                 .stages = stage_shapes(found),
                                 .encoder = encoder});
  };
  const auto two = build(2);
  const nn::Tensors own = nn::state_of(*two);
  const auto dialects = two->dialects();
  const auto nearest = nn::nearest_dialect(weights, own, dialects, source);
  if (std::ranges::none_of(own, [&](const auto& entry) { return nearest.tensors.contains(entry.first); }))
    return nullptr;
  const int64_t outputs = outputs_in(nearest.tensors, own, nn::state_of(*build(3)));
  auto decoder = build(std::max<int64_t>(outputs, 1));
  convert(*decoder, image.scalar_type());
  nn::load_state(*decoder, nearest.tensors, source,
                 {.remedy = "; they are of the decoder `" + name +
                            "`, whose options are decoder.KEY=VALUE (photo51 describe " + name +
                            "); decoder=none leaves it out"});
  decoder->eval();
  return decoder;
}

/// A name whatever layer it is of.
std::string without_numbers(const std::string& name) {
  std::string result;
  for (const char letter : name)
    if (std::isdigit(static_cast<unsigned char>(letter)) == 0)
      result += letter;
    else if (result.empty() || result.back() != '#')
      result += '#';
  return result;
}

std::set<std::string> names_without_numbers(const nn::Tensors& tensors) {
  std::set<std::string> names;
  for (const auto& entry : tensors) names.insert(without_numbers(entry.first));
  return names;
}

double share_of(const std::set<std::string>& a, const std::set<std::string>& b) {
  const auto both = std::ranges::count_if(a, [&](const auto& name) { return b.contains(name); });
  const auto any = static_cast<double>(a.size() + b.size()) - static_cast<double>(both);
  return any > 0 ? static_cast<double>(both) / any : 0;
}

}  // namespace

BuiltNetwork build_named(const NamedNetwork& named, const InputShape& shape, const nn::Tensors& weights,
                         const std::string& source) {
  const BuildEncoder& row = row_of(named.name);
  const Settings settings = settings_of(named);
  if (settings.dims && *settings.dims != shape.dims)
    core::fail_usage("`dims` is " + std::to_string(*settings.dims) + " and the images are " +
                     std::to_string(shape.dims) + "D");
  if (!settings.is_of(shape.size))
    core::fail_usage("`size` is " + c10::str(at::IntArrayRef(settings.size)) + " and the images are " +
                     c10::str(at::IntArrayRef(shape.size)));
  std::vector<std::string> options;
  if (!settings.source.empty())
    for (const auto& library : row.facts.defaults)
      if (is_of_library(library.library, settings.source)) options = library.settings;
  options.insert(options.end(), settings.options.begin(), settings.options.end());
  const config::Choice choice = choice_of(image_encoders().components(), named.name, options);
  const nn::SkipInit skip;
  const auto headless = row.network(choice, shape, 0);
  BuiltNetwork built{.network = headless, .choice = choice, .dialects = headless->dialects()};
  if (!settings.source.empty()) built.dialects = dialects_of(built.dialects, settings.source);
  built.classes = classes_in(weights, row, choice, shape, built.dialects, source);
  if (built.classes > 0) built.network = row.network(choice, shape, built.classes);
  return built;
}

InputShape usual_shape(int64_t dims, int64_t channels) {
  return {.channels = channels,
          .dims = dims,
          .size = std::vector<int64_t>(static_cast<size_t>(dims), dims == 2 ? 224 : 96)};
}

std::shared_ptr<Backbone> default_network(const std::string& name, const InputShape& shape) {
  const BuildEncoder* row = image_encoders().find(name);
  if (row == nullptr || row->network == nullptr) return nullptr;
  const auto& components = image_encoders().components();
  const auto component = std::ranges::find(components, name, &config::Component::name);
  const nn::SkipInit skip;
  try {
    return row->network({name, component->make()}, shape, 0);
  } catch (const core::Error&) {
    return nullptr;
  }
}

InputShape guess_shape(const nn::Tensors& weights, const NamedNetwork& named) {
  const Settings settings = settings_of(named);
  int64_t dims = 2, fewest = 0;
  for (const auto& entry : weights) dims = std::max(dims, std::min<int64_t>(entry.second.dim() - 2, 3));
  if (settings.size.size() > 1) dims = static_cast<int64_t>(settings.size.size());
  if (settings.dims) dims = *settings.dims;
  for (const auto& entry : weights) {
    const at::Tensor& kernel = entry.second;
    if (kernel.dim() != dims + 2 || kernel.size(2) < 2) continue;
    if (fewest == 0 || kernel.size(1) < fewest) fewest = kernel.size(1);
  }
  InputShape shape = usual_shape(dims, fewest > 0 ? fewest : 3);
  for (size_t axis = 0; axis < shape.size.size() && !settings.size.empty(); ++axis)
    shape.size[axis] = settings.size[settings.size.size() > 1 ? axis : 0];
  return shape;
}

at::Tensor forward(const NamedNetwork& named, const std::filesystem::path& weights, const at::Tensor& x,
                   const std::string& entry) {
  if (x.dim() < 4 || x.dim() > 5 || !x.is_floating_point())
    core::fail_data("`x` must be floating images [B, C, H, W] or [B, C, D, H, W] and is " +
                    c10::str(x.sizes()));
  const InputShape shape{.channels = x.size(1), .dims = x.dim() - 2, .size = x.sizes().slice(2).vec()};
  nn::TensorFile file = nn::read_weights(weights, entry);
  const nn::Tensors tensors = file.tensors;
  const BuiltNetwork built = build_named(named, shape, tensors, weights.string());
  const at::ScalarType precision = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  convert(*built.network, precision);
  nn::PretrainedOptions options;
  if (built.classes > 0) options.classifier = nn::Classifier::kept;
  nn::load_pretrained(*built.network, std::move(file), weights.string(), built.dialects, options);
  built.network->eval();
  const at::NoGradGuard no_grad;
  const at::Tensor image = x.to(precision);
  if (built.classes > 0) return built.network->logits(image);
  const Features found = built.network->features(image);
  const auto decoder = decoder_in(tensors, settings_of(named), built.choice, found, image, weights.string());
  return decoder ? decoder->forward(found, image).front() : found.stages.back();
}

std::vector<Recognized> recognize(const nn::Tensors& weights) {
  constexpr double least = 0.1;
  const InputShape shape = guess_shape(weights);
  const nn::Tensors bare = nn::without_wrappers(weights);
  std::vector<Recognized> found;
  for (const auto& component : image_encoders().components()) {
    const auto network = default_network(component.name, shape);
    if (!network) continue;
    const auto own = names_without_numbers(nn::state_of(*network));
    for (const auto& dialect : network->dialects()) {
      double share = 0;
      for (const nn::Tensors* names : {&weights, &bare}) {
        nn::Dialect renames = dialect;
        renames.transforms.clear();  // of values whose shapes may be others
        try {
          share = std::max(share, share_of(names_without_numbers(nn::translate(*names, renames, "")), own));
        } catch (const core::Error&) {  // two of one name: not this dialect
        }
      }
      if (share >= least) found.push_back({component.name, dialect.library, share});
    }
  }
  std::ranges::stable_sort(found, std::greater{}, &Recognized::share);
  return found;
}

}  // namespace photo51::backbones
