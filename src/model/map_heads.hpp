#pragma once
/// The heads of a model that outline: how they are built, and what they draw.

#include <memory>
#include <string>
#include <vector>

#include "model/parts.hpp"

namespace photo51::model {

struct MapHeadSource {
  const ModelOptions& options;
  const std::map<std::string, data::InputInfo>& inputs;
};
/// Behind the network of `input`, whose encoder then keeps its features. Errors (usage): no encoder of this
/// input, one that has no image's network, images that keep their own size.
std::shared_ptr<radiogenomics::Head> make_map_head_of(const MapHeadSource& source,
                                                      backbones::Encoder* encoder, const config::Choice& head,
                                                      const data::TaskSpec& label);
/// Adds the maps of the head `name` for all rows of the batch, of which `present` [B] have the input; those
/// of the others are zeros. Nothing where no row has it.
void draw_maps(radiogenomics::Head& head, const std::string& name, const backbones::Tokens& tokens,
               const at::Tensor& present, Outputs& outputs);

/// All of a head's maps, the finest first.
std::vector<at::Tensor> all_maps(const Outputs& outputs, const std::string& head);
/// The labels without those of rows that had no image to be outlined.
data::Targets drawn_labels(const Outputs& outputs, const std::string& head, const data::Targets& labels);

}  // namespace photo51::model
