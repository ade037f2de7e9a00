#include "data/images/prepared_image.hpp"

#include <algorithm>

#include "data/cache/disk_cache.hpp"
#include "data/images/instances.hpp"
#include "data/images/read_input.hpp"
#include "data/images/stored_bytes.hpp"
#include "data/modality/image.hpp"
#include "data/segmenters/apply.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/preprocess/bytes.hpp"

namespace photo51::data {
namespace {

/// To be raised with every change that gives prepared images other values, within one version of photo51.
constexpr int preparation = 5;

/// The options as YAML, without those that come after the preparation.
std::string options_text(const Cohort::Impl& cohort, size_t input) {
  const config::Choice& choice = cohort.choice(input);
  config::Node node = config::dump_section(
      config::Section{[&](config::Fields& f) { choice.options->describe_to(f); }, {}, {}});
  node.erase("augment");
  node.erase("patch");
  node.erase("train_instances");
  leave_out_programs(choice, node);
  return choice.name + "\n" + config::to_yaml(node);
}

/// Whatever the prepared values depend on: the files' content and all options but those that come after.
std::string key_of(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance) {
  const RowFiles& files = cohort.files[input][row];
  const auto& channels = cohort.names[input].channels;
  std::string text =
      "prepared image " + std::to_string(preparation) + "\n" + std::string(core::version()) + "\n";
  const auto add = [&](const std::string& name, const std::filesystem::path& file) {
    text += name + " " + (file.empty() ? "absent" : cohort.files.hash_of(file)) + "\n";
  };
  const bool bag = cohort.names[input].bag;
  const Instance one = bag ? instance_at(cohort, input, row, instance) : Instance{};
  if (bag)
    add(channels[files.views[one.file]], files.channels[one.file]);
  else
    for (size_t i = 0; i < files.channels.size(); ++i) add(channels[i], files.channels[i]);
  for (size_t i = 0; i < files.registrations.size(); ++i)
    add(channels[i] + ".registration", files.registrations[i]);
  add("mask", files.mask);
  text += program_texts(cohort, input);
  text += "part " + std::to_string(one.part) + "\n";
  if (const auto more = cohort.modality(input).image->cache_key) text += more(cohort, input, row, one);
  return core::hash_bytes(text + options_text(cohort, input));
}

PreparedImage made(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance) {
  const ImageOptions& options = cohort.image_options(input);
  InputVolumes study =
      cohort.names[input].bag ? read_instance(cohort, input, row, instance) : read_study(cohort, input, row);
  const auto whole = apply_segmenter(cohort, input, study);
  PreparedImage image;
  // A tile that is registered has nothing that it is registered to: the preparation says so.
  const bool registered = std::any_of(study.registrations.begin(), study.registrations.end(),
                                      [](const auto& one) { return one.has_value(); });
  image.prepared =
      stays_bytes(cohort, input) && !registered
          ? preprocess::prepare_bytes(study.channels, options.preprocess)
          : preprocess::prepare(study.channels, study.mask, has_mask_channel(options), options.preprocess,
                                nullptr, study.names, nullptr, study.registrations);
  if (whole) image.prepared.frame = *whole;
  image.present = study.present;
  image.mask_present = study.mask.has_value();
  image.warnings = study.warnings;
  const auto planes = cohort.modality(input).files->planes(cohort.choice(input)).size();
  take_warnings(image.warnings, image.prepared, static_cast<int64_t>(planes));
  return image;
}

}  // namespace

std::shared_ptr<const PreparedImage> prepare_image(const Cohort::Impl& cohort, size_t input, size_t row,
                                                   size_t instance) {
  const auto make = [&] { return made(cohort, input, row, instance); };
  const auto& disk = cohort.stores.disk;
  const auto type = stays_bytes(cohort, input) ? c10::ScalarType::Byte : c10::ScalarType::Float;
  auto image = std::make_shared<PreparedImage>(
      disk ? disk->fetch(key_of(cohort, input, row, instance), make, type) : make());
  cohort.report(input, row, instance, image->warnings);
  cohort.report_regions(input, image->prepared.regions);
  return image;
}

void leave_out_instance(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance,
                        const core::Error& why) {
  const auto leave_out = cohort.modality(input).image->leave_out;
  if (leave_out == nullptr || !cohort.names[input].bag || why.fault() != core::Fault::data)
    throw core::Error(why);
  const auto warning = leave_out(cohort, input, row, instance_at(cohort, input, row, instance), why.what());
  if (!warning) throw core::Error(why);
  cohort.report(input, row, instance, {{0, *warning}});
}

}  // namespace photo51::data
