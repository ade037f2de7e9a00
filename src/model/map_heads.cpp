#include "model/map_heads.hpp"

#include <ATen/ATen.h>
#include <torch/nn/module.h>

#include "photo51/backbones/backbone.hpp"
#include "photo51/backbones/decoder/decoders.hpp"
#include "photo51/core/text.hpp"

namespace photo51::model {
namespace {

const config::Choice& encoder_choice(const ModelOptions& options, const std::string& input) {
  std::vector<std::string> names;
  for (const auto& [name, choice] : options.encoders) {
    if (name == input) return choice;
    names.push_back(name);
  }
  core::fail_usage("input: there is no encoder `" + input + "`" + core::suggest(input, names));
}

}  // namespace

std::shared_ptr<radiogenomics::Head> make_map_head_of(const MapHeadSource& source,
                                                      backbones::Encoder* encoder, const config::Choice& head,
                                                      const data::TaskSpec& label) {
  const std::string& input = radiogenomics::input_of(head);
  const config::Choice& choice = encoder_choice(source.options, input);
  core::with_context("input " + input, [&] { encoder->keep_features(); });
  const data::InputInfo& info = source.inputs.at(input);
  if (info.size.empty())
    core::fail_usage("input " + input +
                     ": its images keep their own size, and a map needs one that is known; set the input's "
                     "`patch`, or its preprocess.size");
  const auto network = backbones::decoder_input(*encoder->network(), choice, info.dims, info.channels,
                                                radiogenomics::map_outputs(label), info.size);
  return radiogenomics::make_map_head(head, label, network);
}

void draw_maps(radiogenomics::Head& head, const std::string& name, const backbones::Tokens& tokens,
               const at::Tensor& present, Outputs& outputs) {
  if (!tokens.features) return;
  auto maps = head.forward_maps(*tokens.features, tokens.image);
  if (maps.front().size(0) < present.size(0)) {
    const at::Tensor rows = present.nonzero().squeeze(1).to(maps.front().device());
    for (at::Tensor& map : maps) {
      std::vector<int64_t> sizes = map.sizes().vec();
      sizes[0] = present.size(0);
      map = at::zeros(sizes, map.options().requires_grad(false)).index_copy(0, rows, map);
    }
  }
  outputs.drawn[name] = present;
  outputs.logits[name] = maps.front();
  if (maps.size() > 1) outputs.coarser[name] = {maps.begin() + 1, maps.end()};
}

std::vector<at::Tensor> all_maps(const Outputs& outputs, const std::string& head) {
  std::vector<at::Tensor> maps{outputs.logits.at(head)};
  if (const auto coarser = outputs.coarser.find(head); coarser != outputs.coarser.end())
    maps.insert(maps.end(), coarser->second.begin(), coarser->second.end());
  return maps;
}

data::Targets drawn_labels(const Outputs& outputs, const std::string& head, const data::Targets& labels) {
  data::Targets known = labels;
  if (const auto drawn = outputs.drawn.find(head); drawn != outputs.drawn.end())
    known.known = labels.known & drawn->second;
  return known;
}

}  // namespace photo51::model
