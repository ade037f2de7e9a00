#include "photo51/model/encoders.hpp"

#include <torch/nn/module.h>

#include <vector>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/model/model.hpp"
#include "photo51/radiogenomics/encoders/table_encoders.hpp"

namespace photo51::model {

namespace {

/// The heads with classes.
std::vector<backbones::LabelShape> label_shapes(const std::vector<data::TaskSpec>& labels) {
  std::vector<backbones::LabelShape> shapes;
  for (const auto& label : labels)
    if (const data::Task& task = data::task_of(label); task.has_classes())
      shapes.push_back(
          {label.head, task.has_named_classes() ? static_cast<int64_t>(label.classes.size()) : 2});
  return shapes;
}

}  // namespace

std::shared_ptr<backbones::Encoder> make_encoder(const config::Choice& choice, const data::InputInfo& info,
                                                 const std::vector<data::TaskSpec>& labels) {
  const backbones::InputShape shape{.image = info.image,
                                    .channels = info.channels,
                                    .dims = info.dims,
                                    .size = info.size,
                                    .bag = info.bag,
                                    .views = info.views,
                                    .labels = label_shapes(labels)};
  const auto* build = backbones::image_encoders().find(choice.name);
  if (build == nullptr) build = radiogenomics::table_encoders().find(choice.name);
  return (*build)(choice, shape);
}

std::shared_ptr<backbones::Encoder> encoder_of(const Model& model, const std::string& input) {
  std::vector<std::string> names;
  for (const auto& group : model.named_children()) {
    if (group.key() != "encoders") continue;
    for (const auto& encoder : group.value()->named_children()) {
      names.push_back(encoder.key());
      if (encoder.key() == input) return std::dynamic_pointer_cast<backbones::Encoder>(encoder.value());
    }
  }
  core::fail_usage("the model has no encoder of an input `" + input + "`" + core::suggest(input, names));
}

}  // namespace photo51::model
