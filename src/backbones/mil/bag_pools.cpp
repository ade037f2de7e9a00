#include "photo51/backbones/mil/bag_pools.hpp"

#include <string>
#include <vector>

#include "backbones/mil/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {

config::Catalogue<BuildBagPool>& bag_pools() {
  static config::Catalogue<BuildBagPool> table = {mean_row(), max_row(), attention_row(), none_row()};
  return table;
}

std::shared_ptr<BagPool> make_bag_pool(const BagPoolOptions& options, int64_t width, int64_t views) {
  const auto* build = bag_pools().find(options.pool);
  if (build == nullptr)
    core::fail_usage("bag_pool: there is no `" + options.pool + "`" +
                     core::suggest(options.pool, names_of(bag_pools().components())));
  return (*build)(options, width, views);
}

}  // namespace photo51::backbones
