#include "inference/embed_source.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <optional>

#include "inference/model_files.hpp"
#include "inference/prepared.hpp"
#include "photo51/config/read.hpp"
#include "photo51/config/stored_keys.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/inference/pipeline.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/encoders.hpp"
#include "photo51/model/model.hpp"
#include "photo51/model/options.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::inference {
namespace {

namespace fs = std::filesystem;

/// The part of a config that embedding needs.
struct EmbedConfig {
  struct Model {
    std::vector<std::pair<std::string, config::Choice>> encoders;
    static void describe_to(config::Fields& f, Model& o) {
      f.choice_group("encoders", o.encoders, model::encoders(), "an encoder for each input",
                     {.required = true});
    }
  };
  data::CohortOptions cohort;
  data::Inputs inputs;
  Model model;
};
void describe(config::Fields& f, EmbedConfig::Model& o) {
  EmbedConfig::Model::describe_to(f, o);
}
void describe(config::Fields& f, EmbedConfig& o) {
  f.section("cohort", o.cohort, "who is studied");
  f.choice_group("inputs", o.inputs, data::modalities(), "what is read of each case", {.required = true},
                 data::modality_key);
  f.section("model", o.model, "whose encoders are taken");
}

config::Node keep_keys(const config::Node& map, const std::vector<std::string>& keys) {
  config::Node kept = map;
  std::erase_if(kept.entries,
                [&](const auto& entry) { return std::ranges::find(keys, entry.first) == keys.end(); });
  return kept;
}

EmbedConfig read_config(const EmbedRequest& request) {
  const config::ChoiceKeys keys = config::choice_keys<PipelineOptions>();
  config::Node document = config::load_document(request.source, config::EmptyValues::refuse, keys);
  for (const auto& assignment : request.overrides) config::apply_override(document, assignment, keys);
  document = keep_keys(document, {"cohort", "inputs", "model"});
  if (auto* model = document.find("model")) *model = keep_keys(*model, {"encoders"});
  EmbedConfig read;
  config::read(document, read);
  return read;
}

/// Those of the image inputs that are asked for, each with its encoder's options.
template <class Encoders>
std::vector<std::pair<std::string, config::Choice>> chosen_inputs(const EmbedRequest& request,
                                                                  const data::Inputs& inputs,
                                                                  const Encoders& encoders) {
  std::vector<std::string> images;
  std::vector<std::pair<std::string, config::Choice>> chosen;
  for (const auto& [name, input] : inputs) {
    const auto encoder = std::ranges::find(encoders, name, [](const auto& one) { return one.first; });
    if (encoder == encoders.end() || !data::is_image(input)) continue;
    images.push_back(name);
    if (request.inputs.empty() || std::ranges::find(request.inputs, name) != request.inputs.end())
      chosen.push_back({name, input});
  }
  for (const auto& asked : request.inputs)
    if (std::ranges::find(images, asked) == images.end())
      core::fail_usage("--input " + asked + ": there is no such input of images with an encoder" +
                       core::suggest(asked, images));
  if (chosen.empty())
    core::fail_usage(request.source.string() +
                     ": none of its inputs is of images with an encoder, so there is nothing to embed");
  return chosen;
}

config::Node dumped(const config::Choice& choice) {
  const auto options = choice.options;
  return config::dump_section({[options](config::Fields& f) { options->describe_to(f); }, {}, {}});
}

/// Its parameters and buffers, names, shapes and values: of the network alone where it has one.
std::string weights_hash(const backbones::Encoder& encoder) {
  constexpr const char* network = "backbone.";
  const nn::Tensors state = nn::state_of(encoder);
  const bool has_network =
      std::ranges::any_of(state, [&](const auto& named) { return named.first.starts_with(network); });
  std::string text = encoder.program() + "\n";
  for (const auto& [name, tensor] : state) {
    if (has_network && !name.starts_with(network)) continue;
    const at::Tensor values = tensor.detach().cpu().contiguous();
    text += name + " " + c10::str(values.sizes()) + " " + c10::toString(values.scalar_type()) + " " +
            core::hash_bytes({static_cast<const char*>(values.const_data_ptr()), values.nbytes()}) + "\n";
  }
  return core::hash_bytes(text);
}

/// What the numbers depend on, and what a reader wants to know of it.
void describe_features(FrozenEncoder& frozen, const config::Choice& encoder_options,
                       const data::FittedTransforms& fitted) {
  config::Node network = dumped(encoder_options), input = dumped(frozen.options);
  // Of weights the values count; the others come after the features.
  for (const char* key :
       {"weights", "weights_entry", "adapt", "dropout", "file", "bag_pool", "view_embedding", "bag_chunk"})
    network.erase(key);
  for (const char* key : {"augment", "train_instances"}) input.erase(key);
  if (const fs::path* reference = data::named_files(frozen.options).reference;
      reference && !reference->empty())
    if (auto* stain = input.find("stain"))
      stain->set("reference", config::Node::scalar(core::hash_file(*reference)));
  for (const auto& program : data::named_files(frozen.options).programs)
    if (auto* section = input.find(program.key.substr(0, program.key.find('.'))))
      section->set(program.key.substr(program.key.find('.') + 1),
                   config::Node::scalar(core::hash_file(*program.file)));
  std::string preparation = frozen.options.name + "\n" + config::to_yaml(input);
  if (const auto learned = fitted.inputs.find(frozen.input); learned != fitted.inputs.end()) {
    data::FittedTransforms own;
    own.inputs["input"] = learned->second;
    preparation += data::to_json(own) + "\n";
  }
  const std::string weights = weights_hash(*frozen.encoder);
  frozen.hash =
      core::hash_bytes(encoder_options.name + "\n" + config::to_yaml(network) + weights + "\n" + preparation);
  auto& made = frozen.made;
  made["format"] = "photo51 features 1";
  made["photo51"] = core::version();
  made["input"] = frozen.input;
  made["encoder"] = frozen.hash;
  made["network"] = encoder_options.name;
  made["weights"] = weights;
  if (const auto from = frozen.encoder->pretrained()) made["weights_file"] = from->file;
  if (const auto* tile = input.find("tile"); tile && tile->kind == config::Node::Kind::map) {
    const int64_t size = core::parse_int(tile->find("size")->text).value();
    const int64_t stride = core::parse_int(tile->find("stride")->text).value();
    made["tile_size"] = size;
    made["overlap"] = stride > 0 ? size - stride : 0;
    made["mpp"] = core::parse_double(tile->find("mpp")->text).value();
  }
  made["preprocessing"] = preparation;
}

FrozenEncoders of_model(const EmbedRequest& request) {
  const ModelFiles files = find_model(request.source, request.allow_unfinished);
  const PipelineOptions pipeline = read_pipeline(load_config(files), request.overrides);
  std::optional<TrainedModel> member;
  for (const auto& file : files.weights) {
    if (!request.fold && files.weights.size() > 1)
      core::fail_usage(request.source.string() + ": has " + std::to_string(files.weights.size()) +
                       " models, whose encoders differ; choose one by --fold");
    TrainedModel loaded = TrainedModel::load(file, pipeline);
    if (!request.fold || loaded.info.fold == *request.fold) {
      member.emplace(std::move(loaded));
      break;
    }
  }
  if (!member) core::fail_usage("--fold " + std::to_string(*request.fold) + ": the model has no such fold");
  FrozenEncoders found{pipeline.cohort, member->info.fitted, member->info.trained_in_bf16, {}};
  for (auto& [name, input] : chosen_inputs(request, pipeline.inputs, pipeline.model.encoders)) {
    FrozenEncoder frozen{name, input, member->inputs.at(name), model::encoder_of(*member->model, name),
                         "",   {}};
    describe_features(
        frozen,
        std::ranges::find(pipeline.model.encoders, name, [](const auto& one) { return one.first; })->second,
        found.fitted);
    found.encoders.push_back(std::move(frozen));
  }
  return found;
}

FrozenEncoders of_config(const EmbedRequest& request) {
  const EmbedConfig read = read_config(request);
  if (request.fold) core::fail_usage("--fold: is for a run with several models, and this is a config");
  FrozenEncoders found{read.cohort, {}, false, {}};
  for (auto& [name, input] : chosen_inputs(request, read.inputs, read.model.encoders)) {
    const auto choice =
        std::ranges::find(read.model.encoders, name, [](const auto& one) { return one.first; })->second;
    core::with_context("model.encoders." + name, [&, &name = name, &input = input] {
      const auto info = data::input_info({{name, input}}, {}).at(name);
      FrozenEncoder frozen{name, input, info, model::make_encoder(choice, info), "", {}};
      if (!frozen.encoder->pretrained())
        core::fail_usage(
            "has no weights of its own, so its features would be noise; name a file in `weights`, or embed "
            "by a "
            "run or a published model");
      for (const auto& difference : unlike(nn::made_for(frozen.encoder->pretrained()->metadata), name, input))
        core::log_warning(difference + " (" + frozen.encoder->pretrained()->file + ")");
      describe_features(frozen, choice, found.fitted);
      found.encoders.push_back(std::move(frozen));
    });
  }
  return found;
}

}  // namespace

FrozenEncoders open_encoders(const EmbedRequest& request) {
  return fs::is_directory(request.source) ? of_model(request) : of_config(request);
}

}  // namespace photo51::inference
