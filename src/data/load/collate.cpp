#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "data/load/shape.hpp"
#include "photo51/data/load/bag_stream.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/task/task.hpp"

namespace photo51::data {
namespace {

/// The shape that every case of the batch has; of bags that are streams it is not known yet.
SharedShape shape_of(const std::vector<Case>& cases, const std::string& name, const InputInfo& info) {
  SharedShape shared{{info.channels}};
  auto& shape = shared.sizes;
  const bool any_size = info.image && (info.size.empty() || !info.window.empty());
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
    if (first == nullptr && any_size) shape = here.vec();
    if (first == nullptr) first = &one;
    require_shape(name, one.id, here, shared);
    shared.whose = "case " + first->id + " has";
  }
  return shared;
}

/// Of the input's values: those of a case that has it; float32 when nobody does.
at::Tensor lookup_of(const std::vector<Case>& cases, const std::string& name) {
  for (const auto& one : cases)
    if (const auto found = one.inputs.find(name); found != one.inputs.end() && found->second.is_present())
      return found->second.lookup;
  return {};
}

InputBatch stack(const std::vector<Case>& cases, const std::string& name, const InputInfo& info) {
  const auto count = static_cast<int64_t>(cases.size());
  auto shape = shape_of(cases, name, info).sizes;
  shape.insert(shape.begin(), count);
  InputBatch batch;
  batch.lookup = lookup_of(cases, name);
  batch.values = at::zeros(shape, batch.lookup.defined() ? at::kByte : at::kFloat);
  batch.present = at::zeros({count}, at::kBool);
  if (info.image) batch.channel_present = at::zeros({count, info.channels}, at::kBool);
  for (int64_t i = 0; i < count; ++i) {
    const auto found = cases[static_cast<size_t>(i)].inputs.find(name);
    if (found == cases[static_cast<size_t>(i)].inputs.end() || !found->second.values.defined()) continue;
    batch.values.select(0, i).copy_(found->second.values);
    batch.present.data_ptr<bool>()[i] = true;
    if (info.image) batch.channel_present.select(0, i).copy_(found->second.channel_present);
    if (found->second.grids) {
      batch.grids.resize(cases.size());
      batch.grids[static_cast<size_t>(i)] = found->second.grids;
    }
  }
  return batch;
}

/// Bags one after the other.
InputBatch chain(const std::vector<Case>& cases, const std::string& name, const InputInfo& info) {
  const auto count = static_cast<int64_t>(cases.size());
  auto shape = shape_of(cases, name, info).sizes;
  std::vector<at::Tensor> values, views;
  InputBatch batch;
  batch.lookup = lookup_of(cases, name);
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

/// An instance of a bag that lies in memory.
class WholeBag final : public BagSource {
 public:
  explicit WholeBag(Case::Input bag) : bag_(std::move(bag)) {}
  int64_t count() const override { return bag_.values.size(0); }
  Instance read(int64_t index) const override {
    return {bag_.values.select(0, index), bag_.view.const_data_ptr<int64_t>()[index]};
  }
  void leave_out(int64_t, const core::Error& why) const override { throw core::Error(why); }
  std::string file(int64_t) const override { return "a bag in memory"; }

 private:
  Case::Input bag_;
};

/// Bags of which at least one is not decoded yet.
InputBatch stream(const std::vector<Case>& cases, const std::string& name, const InputInfo& info,
                  const std::shared_ptr<core::ThreadPool>& decoders) {
  InputBatch batch;
  batch.lookup = lookup_of(cases, name);
  batch.present = at::zeros({static_cast<int64_t>(cases.size())}, at::kBool);
  bool* present = batch.present.mutable_data_ptr<bool>();
  std::vector<BagStream::Bag> bags;
  for (const auto& one : cases) {
    const auto found = one.inputs.find(name);
    const bool here = found != one.inputs.end() && found->second.is_present();
    *present++ = here;
    auto source = here ? found->second.source : nullptr;
    if (here && !source) source = std::make_shared<WholeBag>(found->second);
    bags.push_back({one.id, std::move(source)});
  }
  BagStream::Options options{.input = name, .views = info.views, .shape = {}, .pool = decoders};
  if (!info.image || !info.size.empty()) options.shape = shape_of(cases, name, info).sizes;
  batch.stream = std::make_shared<BagStream>(std::move(bags), std::move(options));
  return batch;
}

bool has_source(const std::vector<Case>& cases, const std::string& name) {
  return std::any_of(cases.begin(), cases.end(), [&](const Case& one) {
    const auto found = one.inputs.find(name);
    return found != one.inputs.end() && found->second.source != nullptr;
  });
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
              const std::vector<TaskSpec>& labels, const std::shared_ptr<core::ThreadPool>& decoders) {
  Batch batch;
  for (const auto& one : cases) batch.cases.push_back(one.id);
  for (const auto& [name, of] : info)
    batch.inputs[name] = has_source(cases, name) ? stream(cases, name, of, decoders)
                         : of.bag                ? chain(cases, name, of)
                                                 : stack(cases, name, of);
  for (const auto& spec : labels) batch.labels[spec.head] = stack_labels(cases, spec);
  return batch;
}

}  // namespace photo51::data
