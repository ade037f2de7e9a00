#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

std::string shape_text(at::IntArrayRef shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + core::join(sizes, ", ") + "]";
}

/// The shape that every case of the batch has.
std::vector<int64_t> shape_of(const std::vector<Case>& cases, const std::string& name,
                              const InputInfo& info) {
  std::vector<int64_t> shape{info.channels};
  if (info.image && info.size.empty())
    shape.insert(shape.end(), static_cast<size_t>(info.dims), 1);  // when nobody has the input
  else if (info.image)
    shape.insert(shape.end(), info.size.begin(), info.size.end());
  const Case* first = nullptr;
  for (const auto& one : cases) {
    const auto found = one.inputs.find(name);
    if (found == one.inputs.end() || !found->second.values.defined()) continue;
    auto here = found->second.values.sizes();
    if (info.bag) here = here.slice(1);  // any number of instances
    if (first == nullptr && info.image && info.size.empty()) shape = here.vec();
    if (first == nullptr) first = &one;
    if (here != at::IntArrayRef(shape))
      core::fail_usage("input " + name + ": case " + one.id + " has the shape " + shape_text(here) +
                       ", but " + (first == &one ? "the model takes " : "case " + first->id + " has ") +
                       shape_text(shape) + "; set preprocess.size, or batch_size: 1");
  }
  return shape;
}

InputBatch stack(const std::vector<Case>& cases, const std::string& name, const InputInfo& info) {
  const auto count = static_cast<int64_t>(cases.size());
  auto shape = shape_of(cases, name, info);
  shape.insert(shape.begin(), count);
  InputBatch batch;
  batch.values = at::zeros(shape, at::kFloat);
  batch.present = at::zeros({count}, at::kBool);
  if (info.image) batch.channel_present = at::zeros({count, info.channels}, at::kBool);
  for (int64_t i = 0; i < count; ++i) {
    const auto found = cases[static_cast<size_t>(i)].inputs.find(name);
    if (found == cases[static_cast<size_t>(i)].inputs.end() || !found->second.values.defined()) continue;
    batch.values.select(0, i).copy_(found->second.values);
    batch.present.data_ptr<bool>()[i] = true;
    if (info.image) batch.channel_present.select(0, i).copy_(found->second.channel_present);
  }
  return batch;
}

/// Bags one after the other.
InputBatch chain(const std::vector<Case>& cases, const std::string& name, const InputInfo& info) {
  const auto count = static_cast<int64_t>(cases.size());
  auto shape = shape_of(cases, name, info);
  std::vector<at::Tensor> values, views;
  InputBatch batch;
  batch.present = at::zeros({count}, at::kBool);
  batch.channel_present = at::zeros({count, info.views}, at::kBool);
  batch.offsets = at::zeros({count + 1}, at::kLong);
  auto* offsets = batch.offsets.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < count; ++i) {
    const auto& inputs = cases[static_cast<size_t>(i)].inputs;
    const auto found = inputs.find(name);
    const bool present = found != inputs.end() && found->second.values.defined();
    offsets[i + 1] = offsets[i] + (present ? found->second.values.size(0) : 0);
    if (!present) continue;
    batch.present.mutable_data_ptr<bool>()[i] = true;
    batch.channel_present.select(0, i).copy_(found->second.channel_present);
    values.push_back(found->second.values);
    views.push_back(found->second.view);
  }
  shape.insert(shape.begin(), 0);
  // One bag alone is the batch: it may be most of what memory holds.
  batch.values = values.empty()       ? at::zeros(shape, at::kFloat)
                 : values.size() == 1 ? values[0]
                                      : at::cat(values);
  batch.view = views.empty() ? at::zeros({0}, at::kLong) : at::cat(views);
  return batch;
}

Targets stack_labels(const std::vector<Case>& cases, const TaskSpec& spec) {
  std::vector<const Case::Label*> labels;
  for (const auto& one : cases) {
    const auto found = one.labels.find(spec.head);
    labels.push_back(found == one.labels.end() ? nullptr : &found->second);
  }
  return task_of(spec).collate(spec, labels);
}

}  // namespace

Batch collate(const std::vector<Case>& cases, const std::map<std::string, InputInfo>& info,
              const std::vector<TaskSpec>& labels) {
  Batch batch;
  for (const auto& one : cases) batch.cases.push_back(one.id);
  for (const auto& [name, of] : info)
    batch.inputs[name] = of.bag ? chain(cases, name, of) : stack(cases, name, of);
  for (const auto& spec : labels) batch.labels[spec.head] = stack_labels(cases, spec);
  return batch;
}

}  // namespace photo51::data
