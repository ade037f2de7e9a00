#include "data/modality/region.hpp"

#include "data/modality/suv.hpp"
#include "photo51/config/read.hpp"
#include "photo51/data/modality/pet.hpp"

namespace photo51::data {

void describe_region(config::Fields& f, RegionOptions& o) {
  describe_channels(f, o);
  describe_files(f, o);
  describe_suv(f, o.suv);
  describe_clip(f, o);
}

void describe(config::Fields& f, FilterOptions& o) {
  f("variance", o.variance,
    "keeps features whose deviation over the training part, after harmonisation, is more than this times the "
    "mean of their magnitudes; 0 = off (what does not vary goes with any of the filters)",
    {.min = 0});
  f("correlation", o.correlation,
    "of features whose |Spearman rho| over the training part is above this, keeps the one with most such "
    "partners and drops these, until none is left; 0 = off",
    {.min = 0, .max = 1});
}

InputColumns columns_of_region(const RegionOptions& options) {
  InputColumns columns;
  columns.channels = options.channels;
  columns.mask = options.mask;
  return columns;
}

imaging::Volume read_region_file(const ImageFile& file, const RegionOptions& options, bool keep_double) {
  return file.part(
      [&] { return in_suv(file.read_volume(imaging::Modality::unknown, keep_double), options.suv); });
}

std::string description_options(const config::Choice& input, const std::vector<std::string>& without) {
  config::Node node = config::dump_section(
      config::Section{[&](config::Fields& f) { input.options->describe_to(f); }, {}, {}});
  for (const char* key : {"harmonize", "clip"}) node.erase(key);
  for (const auto& key : without) node.erase(key);
  return config::to_yaml(node);
}

}  // namespace photo51::data
