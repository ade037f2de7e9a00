#include "photo51/run/format.hpp"

#include <nlohmann/json.hpp>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/core/version.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::run {

void check_format(const std::filesystem::path& folder) {
  const auto file = folder / name::environment;
  if (!std::filesystem::exists(file)) return;
  const auto json = core::parse_json(core::read_file(file));
  if (!json || !json->is_object()) return;  // who needs what stands in it says that it is broken
  const auto found = json->find(format_key);
  if (found == json->end()) return;
  if (!found->is_number_integer() || found->get<int64_t>() < 1)
    core::fail_data(file.string() + ": `" + format_key + "` is not the number of a version");
  const auto said = found->get<int64_t>();
  if (said > format_version)
    core::fail_data(folder.string() + ": is a run of format " + std::to_string(said) + ", and this photo51 " +
                    core::version() + " knows formats up to " + std::to_string(format_version) +
                    "; use a newer photo51");
}

}  // namespace photo51::run
