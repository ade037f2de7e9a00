#include "photo51/backbones/mil/bag_pools.hpp"

#include <array>
#include <string>
#include <vector>

#include "backbones/mil/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {

std::span<const std::string_view> enum_names(MilTest) {
  static constexpr std::array<std::string_view, 3> names{"single_concept", "multi_concept",
                                                         "false_frequency"};
  return names;
}

config::Catalogue<BuildBagPool>& bag_pools() {
  static config::Catalogue<BuildBagPool> table = {
      mean_row(),    max_row(),   mi_net_row(),   abmil_row(), gated_abmil_row(), clam_sb_row(),
      clam_mb_row(), dsmil_row(), transmil_row(), dtfd_row(),  transformer_row(), none_row()};
  return table;
}

std::vector<std::string> pools_with_attention() {
  std::vector<std::string> names;
  for (const auto& pool : bag_pools().components())
    if (bag_pools().find(pool.name)->facts.attention) names.push_back(pool.name);
  return names;
}

std::shared_ptr<BagPool> make_bag_pool(const BagPoolOptions& options, int64_t width, int64_t views,
                                       const std::vector<LabelShape>& labels) {
  const auto* build = bag_pools().find(options.pool.name);
  if (build == nullptr)
    core::fail_usage("bag_pool: there is no `" + options.pool.name + "`" +
                     core::suggest(options.pool.name, names_of(bag_pools().components())));
  return build->build(
      options.pool,
      {.width = width, .views = views, .view_embedding = options.view_embedding, .labels = labels});
}

}  // namespace photo51::backbones
