#include "data/images/prepared_image.hpp"

#include "data/cache/disk_cache.hpp"
#include "data/images/color_channels.hpp"
#include "data/images/instances.hpp"
#include "data/images/read_input.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"

namespace photo51::data {
namespace {

/// To be raised with every change that gives prepared images other values, within one version of photo51.
constexpr int preparation = 3;

/// Whatever the prepared values depend on: the files' content and all options but those that come after.
std::string key_of(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance) {
  InputOptions options = cohort.inputs[input].second;
  const auto& files = cohort.files[input][row];
  std::string text =
      "prepared image " + std::to_string(preparation) + "\n" + std::string(core::version()) + "\n";
  const auto add = [&](const std::string& name, const std::filesystem::path& file) {
    text += name + " " + (file.empty() ? "absent" : cohort.hash_of(file)) + "\n";
  };
  const Instance one = is_bag(options) ? instance_at(cohort, input, row, instance) : Instance{};
  if (is_bag(options))
    add(options.channels[files.views[one.file]], files.channels[one.file]);
  else
    for (size_t i = 0; i < files.channels.size(); ++i) add(options.channels[i], files.channels[i]);
  for (size_t i = 0; i < files.registrations.size(); ++i)
    add(options.channels[i] + ".registration", files.registrations[i]);
  add("mask", files.mask);
  text += "part " + std::to_string(one.part) + "\n";
  if (options.tile) {
    const preprocess::Tile tile = tile_of(cohort, input, row, one);
    for (const double number : {tile.x, tile.y, slide_file(cohort, input, row, one.file).mpp})
      text += core::format_number(number) + "\n";
    if (!options.stain.reference.empty()) add("stain", options.stain.reference);
  }
  options.augment = {};
  options.train_instances = 0;
  return core::hash_bytes(text + config::to_yaml(config::dump(options)));
}

PreparedImage made(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance) {
  const auto& options = cohort.inputs[input].second;
  const auto modality = imaging::modality_from(options.modality);
  const InputVolumes study = is_bag(options) ? read_instance(cohort, input, row, instance, modality)
                                             : read_study(cohort, input, row, modality);
  PreparedImage image;
  image.prepared =
      preprocess::prepare(study.channels, study.mask, !options.mask.empty() && options.mask_channel,
                          options.preprocess, nullptr, study.names, nullptr, study.registrations);
  image.present = study.present;
  image.mask_present = study.mask.has_value();
  image.warnings = study.warnings;
  take_warnings(image.warnings, image.prepared, static_cast<int64_t>(plane_suffixes(options).size()));
  return image;
}

}  // namespace

std::shared_ptr<const PreparedImage> prepare_image(const Cohort::Impl& cohort, size_t input, size_t row,
                                                   size_t instance) {
  const auto make = [&] { return made(cohort, input, row, instance); };
  auto image = std::make_shared<PreparedImage>(
      cohort.disk ? cohort.disk->fetch(key_of(cohort, input, row, instance), make) : make());
  cohort.report(input, row, instance, image->warnings);
  cohort.report_regions(input, image->prepared.regions);
  return image;
}

void leave_out_tile(const Cohort::Impl& cohort, size_t input, size_t row, size_t instance,
                    const core::Error& why) {
  const auto& [name, options] = cohort.inputs[input];
  if (!options.tile || !is_bag(options) || why.fault() != core::Fault::data) throw core::Error(why);
  const Instance which = instance_at(cohort, input, row, instance);
  const SlideFile file = slide_file(cohort, input, row, which.file);
  cohort.report(input, row, instance,
                {{0, cohort.slides->leave_out(name, options, file, which.part, why.what())}});
}

}  // namespace photo51::data
