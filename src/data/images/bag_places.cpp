#include "photo51/data/images/bag_places.hpp"

#include "data/cohort/cohort_impl.hpp"
#include "data/images/instances.hpp"
#include "photo51/core/error.hpp"

namespace photo51::data {
namespace {

/// Files of pictures, slices or frames, which lie nowhere.
BagPlaces places_of_files(const Cohort::Impl& cohort, size_t input, size_t row) {
  BagPlaces found;
  const RowFiles& files = cohort.files[input][row];
  for (size_t file = 0; file < files.channels.size(); ++file)
    found.instances.insert(found.instances.end(), part_count(cohort, input, row, file),
                           {.view = static_cast<int64_t>(files.channel_of(file))});
  return found;
}

}  // namespace

BagPlaces bag_places(const Cohort& cohort, int64_t row, const std::string& input) {
  const auto& impl = cohort.impl();
  const size_t in = impl.input_index(input), at = static_cast<size_t>(row);
  if (!impl.names[in].bag) core::fail_usage("input " + input + ": its cases are no bags");
  const auto places = impl.modality(in).places;
  BagPlaces found = core::with_context(
      [&] { return "case " + impl.ids.at(at) + ": input " + input; },
      [&] { return places == nullptr ? places_of_files(impl, in, at) : places(impl, in, at); });
  found.views = impl.names[in].channels;
  return found;
}

}  // namespace photo51::data
