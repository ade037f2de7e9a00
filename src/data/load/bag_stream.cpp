#include "photo51/data/load/bag_stream.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "data/load/shape.hpp"
#include "data/load/wait.hpp"
#include "photo51/core/thread_pool.hpp"

namespace photo51::data {

BagStream::BagStream(std::vector<Bag> bags, Options options)
    : bags_(std::move(bags)),
      options_(std::move(options)),
      lengths_(bags_.size(), 0),
      present_(bags_.size(), std::vector<bool>(static_cast<size_t>(options_.views), false)) {}

BagStream::~BagStream() {
  for (auto& instance : ahead_) instance.wait();
}

bool BagStream::settle(Place& place) const {
  for (; place.bag < bags_.size(); ++place.bag, place.index = 0)
    if (const auto& source = bags_[place.bag].source; source && place.index < source->count()) return true;
  return false;
}

int64_t BagStream::left() const {
  int64_t count = 0;
  for (size_t bag = taken_.bag; bag < bags_.size(); ++bag)
    if (const auto& source = bags_[bag].source)
      count += source->count() - (bag == taken_.bag ? taken_.index : 0);
  return count;
}

void BagStream::ask(int64_t ahead) {
  for (; static_cast<int64_t>(ahead_.size()) < ahead && settle(asked_); ++asked_.index)
    ahead_.push_back(options_.pool->submit(
        [source = bags_[asked_.bag].source, index = asked_.index] { return source->read(index); }));
}

BagSource::Instance BagStream::read(const Place& place, int64_t ahead) {
  if (!options_.pool) return bags_[place.bag].source->read(place.index);
  ask(ahead);
  auto next = std::move(ahead_.front());
  ahead_.pop_front();
  try {
    return wait_for(next);
  } catch (...) {
    if (next.valid()) ahead_.push_front(std::move(next));  // interrupted: it still loads
    throw;
  }
}

template <class Body>
auto BagStream::in_context(const Bag& bag, const Body& body) {
  try {
    return body();
  } catch (core::Error& error) {
    if (!options_.input.empty() && error.fault() != core::Fault::interrupted)
      error.add_context("case " + bag.case_id + ": input " + options_.input);
    throw;
  }
}

void BagStream::require_same_shape(const Place& place, at::IntArrayRef shape) {
  const Bag& bag = bags_[place.bag];
  if (options_.shape.empty()) {
    options_.shape = shape.vec();
    shape_of_ = bag.case_id;
  }
  if (shape != at::IntArrayRef(options_.shape)) {
    if (lengths_[place.bag] > 0)
      in_context(bag, [&] {
        core::fail_data(bag.source->file(place.index) +
                        ": has another size than the case's other images; set preprocess.size");
      });
    require_shape(options_.input, bag.case_id, shape,
                  {options_.shape, shape_of_.empty() ? "the model takes" : "case " + shape_of_ + " has"});
  }
}

void BagStream::add(const Place& place, const BagSource::Instance& instance) {
  require_same_shape(place, instance.values.sizes());
  ++lengths_[place.bag];
  numbers_.push_back(place.index);
  view_.push_back(instance.view);
  present_[place.bag][static_cast<size_t>(instance.view)] = true;
}

std::optional<BagSource::Instance> BagStream::read_or_leave_out(const Place& place, int64_t ahead) {
  const auto& source = bags_[place.bag].source;
  try {
    return read(place, ahead);
  } catch (const core::Error& error) {
    // Without the last one there would be no bag.
    const bool last = lengths_[place.bag] == 0 && place.index + 1 == source->count();
    if (last || error.fault() == core::Fault::interrupted) throw;
    source->leave_out(place.index, error);
    return std::nullopt;
  }
}

std::optional<BagSource::Instance> BagStream::take(int64_t ahead) {
  while (settle(taken_)) {
    const Place place = taken_;
    ++taken_.index;
    try {
      auto instance = in_context(bags_[place.bag], [&] { return read_or_leave_out(place, ahead); });
      if (!instance) continue;
      add(place, *instance);
      return instance;
    } catch (const core::Error& error) {
      failure_ = Failure{place.bag, error};
      throw;
    }
  }
  return std::nullopt;
}

std::optional<at::Tensor> BagStream::take_block(int64_t most) {
  if (!settle(taken_)) return std::nullopt;
  const Place place = taken_;
  const Bag& bag = bags_[place.bag];
  try {
    const auto block = in_context(bag, [&] {
      return bag.source->read_block(place.index, std::min(most, bag.source->count() - place.index));
    });
    if (!block) return std::nullopt;
    require_same_shape(place, block->values.sizes().slice(1));
    in_blocks_ = true;
    const int64_t count = block->values.size(0);
    for (int64_t i = 0; i < count; ++i) numbers_.push_back(place.index + i);
    taken_.index += count;
    lengths_[place.bag] += count;
    const auto* view = block->view.const_data_ptr<int64_t>();
    view_.insert(view_.end(), view, view + count);
    for (int64_t i = 0; i < count; ++i) present_[place.bag][static_cast<size_t>(view[i])] = true;
    return block->values;
  } catch (const core::Error& error) {
    failure_ = Failure{place.bag, error};
    throw;
  }
}

at::Tensor BagStream::next(int64_t count) {
  at::Tensor values;  // filled as they come: a large bag is not held twice
  const int64_t most = std::min(count, left());
  int64_t filled = 0;
  const auto make_room = [&](const at::Tensor& like) {
    if (values.defined()) return;
    auto shape = options_.shape;
    shape.insert(shape.begin(), most);
    values = at::empty(shape, like.options());
  };
  while (filled < most) {
    if (const auto block = take_block(most - filled)) {
      const int64_t size = block->size(0);
      if (size == most) return *block;
      make_room(*block);
      // Files may hold different types; the wider one keeps what each holds.
      if (values.scalar_type() != block->scalar_type()) values = values.to(at::kFloat);
      values.narrow(0, filled, size).copy_(*block);
      filled += size;
      continue;
    }
    const auto instance = take(most);
    if (!instance) break;
    make_room(instance->values);
    values.select(0, filled++).copy_(instance->values);
  }
  if (options_.pool && !in_blocks_) ask(count);  // the threads go on while the caller computes
  return values.defined() ? values.narrow(0, 0, filled) : values;
}

at::Tensor BagStream::offsets() const {
  at::Tensor offsets = at::zeros({static_cast<int64_t>(lengths_.size()) + 1}, at::kLong);
  auto* to = offsets.mutable_data_ptr<int64_t>();
  for (size_t bag = 0; bag < lengths_.size(); ++bag) to[bag + 1] = to[bag] + lengths_[bag];
  return offsets;
}

at::Tensor BagStream::view() const {
  return at::tensor(view_, at::kLong);
}

at::Tensor BagStream::channel_present() const {
  at::Tensor known = at::zeros({static_cast<int64_t>(present_.size()), options_.views}, at::kBool);
  bool* to = known.mutable_data_ptr<bool>();
  for (const auto& bag : present_) to = std::copy(bag.begin(), bag.end(), to);
  return known;
}

}  // namespace photo51::data
