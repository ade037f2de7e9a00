#pragma once
/// One file of a case, or one part of it, as modalities read it.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "data/cohort/cohort_impl.hpp"
#include "data/images/instances.hpp"
#include "photo51/imaging/volume.hpp"

namespace photo51::data {

struct ImageFile {
  const Cohort::Impl& cohort;
  size_t input, row;
  Instance instance;

  const config::Choice& choice() const { return cohort.choice(input); }
  const std::string& channel() const { return cohort.channel_of(input, row, instance.file); }
  const std::filesystem::path& path() const { return cohort.files[input][row].channels[instance.file]; }

  using Read = std::function<imaging::Volume()>;
  /// The file as a volume of that kind; unknown accepts any.
  imaging::Volume read_volume(imaging::Modality kind, bool keep_double = false) const;
  /// What `read` gives, kept while its parts are asked for.
  std::shared_ptr<const imaging::Volume> shared(const Read& read) const;
  /// What the channel names of it: `dwi@adc`, or the whole.
  imaging::Volume part(const Read& read) const;
};

}  // namespace photo51::data
