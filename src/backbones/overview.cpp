#include "photo51/backbones/overview.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "photo51/backbones/catalogue.hpp"
#include "photo51/backbones/named_network.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {
namespace {

std::optional<int64_t> parameters_of(const std::shared_ptr<Backbone>& network) {
  if (!network) return std::nullopt;
  int64_t count = 0;
  for (const auto& parameter : network->parameters()) count += parameter.numel();
  return count;
}

}  // namespace

std::vector<EncoderOverview> overview() {
  std::vector<EncoderOverview> all;
  for (const auto& component : image_encoders().components()) {
    const std::string& name = component.name;
    EncoderOverview row{name, component.help, image_encoders().find(name)->facts};
    const auto of_pictures = default_network(name, usual_shape(2, 3));
    const auto of_volumes = default_network(name, usual_shape(3, 1));
    row.parameters_2d = parameters_of(of_pictures);
    row.parameters_3d = parameters_of(of_volumes);
    if (const auto& network = of_pictures ? of_pictures : of_volumes)
      for (const auto& dialect : network->dialects()) {
        row.dialects.push_back(dialect.library);
        const std::string library = dialect.library.substr(0, dialect.library.find(' '));
        if (std::ranges::find(row.libraries, library) == row.libraries.end())
          row.libraries.push_back(library);
      }
    all.push_back(std::move(row));
  }
  return all;
}

std::string short_count(int64_t parameters) {
  const auto count = static_cast<double>(parameters);
  return count < 1e6 ? core::format_fixed(count / 1e3, 1) + " k" : core::format_fixed(count / 1e6, 1) + " M";
}

}  // namespace photo51::backbones
