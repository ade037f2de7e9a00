/// A class for every place of an image, from a mask file a case.

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <filesystem>

#include "data/cohort/manifest.hpp"
#include "data/task/rows.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/task/label_reader.hpp"

namespace photo51::data {
namespace {

std::vector<Case::Label> read_masks(const LabelSource& source, TaskSpec& spec) {
  const LabelReader reader(source, spec);
  const auto column = reader.find(spec.column);
  if (!column) return reader.unknown();
  return reader.read(*column, {}, [&](size_t row) -> Case::Label {
    const std::string& cell = source.cell(row, *column);
    if (is_unknown(cell, {})) return {};
    const std::filesystem::path path = source.resolve(cell);
    std::error_code code;
    if (!std::filesystem::exists(split_series(path).first, code))
      reader.fail(row, *column, "a mask file that is there (" + path.string() + ")");
    Case::Label label;
    label.known = true;
    label.file = path.string();
    return label;
  });
}

/// The maps of a batch, -1 where a case has none.
at::Tensor stack_maps(const TaskSpec& spec, const std::vector<const Case::Label*>& labels) {
  const Case::Label* first = nullptr;
  for (const auto* label : labels)
    if (first == nullptr && label != nullptr && label->map.defined()) first = label;
  if (first == nullptr) return {};
  std::vector<int64_t> sizes = first->map.sizes().vec();
  sizes.insert(sizes.begin(), static_cast<int64_t>(labels.size()));
  at::Tensor maps = at::full(sizes, -1, at::kLong);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == nullptr || !labels[i]->map.defined()) continue;
    if (labels[i]->map.sizes() != first->map.sizes())
      core::fail_usage("head " + spec.head +
                       ": the cases of a batch have maps of different sizes; set preprocess.size or patch of "
                       "input " +
                       spec.input + ", or batch_size: 1");
    at::Tensor map = maps.select(0, static_cast<int64_t>(i));
    map.copy_(labels[i]->map).masked_fill_(labels[i]->map.eq(unknown_class), -1);
  }
  return maps;
}

Targets collate_maps(const TaskSpec& spec, const std::vector<const Case::Label*>& labels) {
  const auto count = static_cast<int64_t>(labels.size());
  Targets targets{at::zeros({count}, at::kFloat), {}, at::zeros({count}, at::kBool)};
  targets.map = stack_maps(spec, labels);
  for (size_t i = 0; i < labels.size(); ++i)
    targets.known.data_ptr<bool>()[i] =
        labels[i] != nullptr && labels[i]->known && (!targets.map.defined() || labels[i]->map.defined());
  return targets;
}

}  // namespace

Task segmentation_task() {
  return {.name = "segmentation",
          .help = "a class for every place of an image",
          .output = Output::values,
          .names_outputs = true,
          .is_dense = true,
          .columns = label_column,
          .read = read_masks,
          .collate = collate_maps,
          .counts = known_count,
          .output_names = [](const TaskSpec& spec) { return spec.classes; }};
}

}  // namespace photo51::data
