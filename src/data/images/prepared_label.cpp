#include "data/images/prepared_label.hpp"

#include <algorithm>

#include "data/cache/disk_cache.hpp"
#include "data/images/read_input.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/core/version.hpp"
#include "photo51/data/images/label_map.hpp"
#include "photo51/data/task/task.hpp"
#include "photo51/imaging/masks/classes.hpp"

namespace photo51::data {
namespace {

/// To be raised with every change that gives prepared labels other values, within one version of photo51.
constexpr int label_preparation = 1;

/// The channel whose file gave the frame. Error (data): the case has none.
size_t frame_channel(const Cohort::Impl& cohort, size_t input, size_t row) {
  const RowFiles& files = cohort.files[input][row];
  for (size_t i = 0; i < files.channels.size(); ++i)
    if (!files.channels[i].empty() && files.registrations[i].empty()) return i;
  core::fail_data("input " + cohort.name(input) +
                  " has no image without a registration, on which the mask could lie");
}

/// The classes on their own grid, where they lie on the image, and that image.
struct Labelled {
  imaging::Volume classes, image;
};
Labelled read_labelled(const Cohort::Impl& cohort, const TaskSpec& spec, size_t input, size_t row) {
  InputVolumes study = read_channel(cohort, input, row, frame_channel(cohort, input, row));
  const Case::Label& label = cohort.label_values.at(spec.head)[row];
  return core::with_context("label " + spec.column, [&] {
    imaging::Volume image = std::move(*study.channels.front());
    imaging::Volume classes = imaging::read_classes(label.file, {&image}, spec.values);
    return Labelled{imaging::classes_on(std::move(classes), image), image};
  });
}

std::string label_key(const Cohort::Impl& cohort, const TaskSpec& spec, size_t input, size_t row,
                      const imaging::Geometry& grid) {
  std::string text =
      "prepared label " + std::to_string(label_preparation) + "\n" + std::string(core::version()) + "\n";
  text += cohort.files.hash_of(cohort.label_values.at(spec.head)[row].file) + "\n" +
          cohort.files.hash_of(cohort.files[input][row].channels[frame_channel(cohort, input, row)]) + "\n";
  for (const int64_t value : spec.values) text += std::to_string(value) + " ";
  const auto add = [&](const auto& numbers) {
    for (const auto number : numbers) text += core::format_number(static_cast<double>(number)) + " ";
  };
  add(grid.size);
  add(grid.spacing);
  add(grid.origin);
  add(grid.direction);
  return core::hash_bytes(text);
}

}  // namespace

std::shared_ptr<const PreparedImage> prepare_label(const Cohort::Impl& cohort, const TaskSpec& spec,
                                                   size_t input, size_t row, const PreparedImage& image) {
  const Case::Label& label = cohort.label_values.at(spec.head)[row];
  if (!label.known) return nullptr;
  const imaging::Geometry& grid = image.prepared.geometry;
  const auto make = [&] {
    const Labelled found = read_labelled(cohort, spec, input, row);
    PreparedImage made;
    made.prepared.values = imaging::classes_on_grid(found.classes, grid).data.to(at::kByte).contiguous();
    made.prepared.geometry = grid;
    made.prepared.frame = found.image.geometry;
    made.present = {true};
    take_warnings(made.warnings, found.classes, 0);
    return made;
  };
  const auto& disk = cohort.stores.disk;
  auto made = std::make_shared<PreparedImage>(
      disk ? disk->fetch(label_key(cohort, spec, input, row, grid), make, c10::ScalarType::Byte) : make());
  for (const auto& warning : made->warnings)
    cohort.warnings->add({cohort.ids[row], cohort.name(input), label.file, warning.text});
  return made;
}

LabelMap original_label(const Cohort& cohort, int64_t row, const std::string& head) {
  const Cohort::Impl& impl = cohort.impl();
  const auto found = std::ranges::find_if(impl.labels, [&](const auto& one) { return one.head == head; });
  if (found == impl.labels.end() || !task_of(*found).is_dense)
    core::fail_usage("there is no head `" + head + "` whose labels are masks");
  if (!cohort.label(row, head).known) return {};
  return core::with_context("case " + cohort.id(row), [&]() -> LabelMap {
    const Labelled label =
        read_labelled(impl, *found, impl.input_index(found->input), static_cast<size_t>(row));
    return {imaging::classes_on_grid(label.classes, label.image.geometry).data[0].to(at::kByte).contiguous(),
            label.image.geometry};
  });
}

}  // namespace photo51::data
