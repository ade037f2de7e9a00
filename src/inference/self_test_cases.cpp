#include "inference/self_test_cases.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/core/random.hpp"
#include "photo51/data/load/case.hpp"
#include "photo51/data/load/loader.hpp"

namespace photo51::inference {
namespace {

constexpr int64_t most_bytes = int64_t{96} << 10;  ///< of all cells
constexpr int64_t usual_size = 64;                 ///< an axis of images that keep their own size
/// Of a file, which may be a stranger's.
constexpr int64_t largest_size = 256, most_instances = 64;
constexpr int zero_byte = 128, bytes_a_unit = 32;

/// Before the axes that a coarser grid has less of: instances and channels.
int64_t leading_axes(const data::InputInfo& info) {
  return (info.bag ? 1 : 0) + (info.image ? 1 : 0);
}

std::vector<int64_t> network_size(const data::InputInfo& info) {
  if (!info.image) return {info.channels};
  if (!info.size.empty()) return info.size;
  return std::vector<int64_t>(static_cast<size_t>(info.dims), usual_size);
}

std::vector<int64_t> cells_shape(const data::InputInfo& info, size_t which, int64_t coarser) {
  std::vector<int64_t> shape;
  if (info.bag) shape.push_back(which == 0 ? 3 : 2);
  if (info.image) shape.push_back(info.channels);
  for (const int64_t size : network_size(info)) shape.push_back((size + coarser - 1) / coarser);
  return shape;
}

size_t count_of_cases(size_t inputs) {
  return inputs > 1 ? 4 : 2;
}

/// Number `input` of the inputs.
bool case_has(size_t which, size_t input) {
  return which < 2 || which % 2 == input % 2;
}

int64_t cell_bytes(const InputInfos& inputs, int64_t coarser) {
  int64_t sum = 0;
  for (size_t which = 0; which < count_of_cases(inputs.size()); ++which) {
    size_t number = 0;
    for (const auto& [name, info] : inputs) {
      if (!case_has(which, number++)) continue;
      int64_t bytes = 1;
      for (const int64_t size : cells_shape(info, which, coarser)) bytes *= size;
      sum += bytes;
    }
  }
  return sum;
}

/// The finest grid for all inputs that fits.
int64_t coarseness(const InputInfos& inputs) {
  int64_t largest = 1, coarser = 1;
  for (const auto& [name, info] : inputs)
    for (const int64_t size : network_size(info)) largest = std::max(largest, size);
  while (coarser < largest && cell_bytes(inputs, coarser) > most_bytes) ++coarser;
  return coarser;
}

at::Tensor draw_cells(const std::vector<int64_t>& shape, int64_t leading, core::Random& random) {
  at::Tensor cells = at::empty(shape, at::kByte);
  auto* cell = cells.mutable_data_ptr<uint8_t>();
  for (int64_t i = 0; i < cells.numel(); ++i) {
    const uint32_t bits = random.next_u32();
    // The sum of four bytes is nearly normal, around 510 with a deviation of 148, which is 37 * 4.
    const auto sum =
        static_cast<int>((bits & 255) + ((bits >> 8) & 255) + ((bits >> 16) & 255) + (bits >> 24));
    cell[i] = static_cast<uint8_t>(zero_byte + (sum - 510) * (bytes_a_unit / 4) / 37);
  }
  at::Tensor block = cells;
  for (int64_t axis = leading; axis < cells.dim(); ++axis) {
    const int64_t size = cells.size(axis), width = (size + 1) / 2;
    const auto begin = static_cast<int64_t>(random.below(static_cast<uint64_t>(size - width + 1)));
    block = block.narrow(axis, begin, width);
  }
  block.copy_(block.to(at::kInt).add_(bytes_a_unit * 3 / 2).clamp_max_(255));
  return cells;
}

TestInput draw_input(const data::InputInfo& info, size_t which, int64_t coarser, core::Random& random) {
  TestInput drawn{draw_cells(cells_shape(info, which, coarser), leading_axes(info), random)};
  if (info.bag) {
    drawn.view = at::arange(drawn.cells.size(0), at::kLong).remainder_(info.views);
    drawn.channel_present = at::arange(info.views, at::kLong).lt(drawn.cells.size(0));
  } else if (info.image) {
    drawn.channel_present = at::ones({info.channels}, at::kBool);
    if (which == 1 && info.channels > 1) {
      drawn.cells.select(0, info.channels - 1).fill_(zero_byte);
      drawn.channel_present.select(0, info.channels - 1).fill_(false);
    }
  }
  return drawn;
}

/// Whole numbers alone say which cell a place repeats.
at::Tensor test_values(at::Tensor cells, int64_t leading, const std::vector<int64_t>& size) {
  for (size_t i = 0; i < size.size(); ++i) {
    const int64_t axis = leading + static_cast<int64_t>(i), coarse = cells.size(axis);
    if (coarse != size[i])
      cells = cells.index_select(axis, at::arange(size[i], at::kLong).mul_(coarse).floor_divide_(size[i]));
  }
  return cells.to(at::kFloat).sub_(zero_byte).div_(bytes_a_unit);
}

std::string size_key(const std::string& input) {
  return "sizes." + input;
}
std::string case_key(size_t which, const std::string& input, const char* of) {
  return "cases." + std::to_string(which) + "." + input + "." + of;
}

/// The tensor of this name, type and number of axes for which `fits` holds.
template <class Fits>
at::Tensor stored_tensor(const nn::Tensors& tensors, const std::string& name, at::ScalarType type,
                         int64_t axes, const Fits& fits) {
  const auto found = tensors.find(name);
  if (found != tensors.end() && found->second.scalar_type() == type && found->second.dim() == axes &&
      fits(found->second))
    return found->second.contiguous();
  core::fail_data("`" + name + "` is missing or does not fit the model's input" + self_test_remedy);
}

std::vector<int64_t> whole_numbers(const at::Tensor& whole) {
  const at::Tensor numbers = whole.contiguous();
  return {numbers.const_data_ptr<int64_t>(), numbers.const_data_ptr<int64_t>() + numbers.numel()};
}

std::vector<int64_t> stored_size(const nn::Tensors& tensors, const std::string& input,
                                 const data::InputInfo& info) {
  return whole_numbers(stored_tensor(tensors, size_key(input), at::kLong, 1, [&](const at::Tensor& kept) {
    const auto size = whole_numbers(kept);
    if (!info.image || !info.size.empty()) return size == network_size(info);
    return static_cast<int64_t>(size.size()) == info.dims &&
           std::ranges::all_of(size, [](int64_t axis) { return axis >= 1 && axis <= largest_size; });
  }));
}

TestInput stored_input(const nn::Tensors& tensors, size_t which, const std::string& input,
                       const data::InputInfo& info, const std::vector<int64_t>& size) {
  const int64_t leading = leading_axes(info);
  const auto fit = [&](const at::Tensor& cells) {
    if (info.bag && (cells.size(0) < 1 || cells.size(0) > most_instances)) return false;
    if (info.image && cells.size(leading - 1) != info.channels) return false;
    for (size_t i = 0; i < size.size(); ++i) {
      const int64_t coarse = cells.size(leading + static_cast<int64_t>(i));
      if (coarse < 1 || coarse > size[i]) return false;
    }
    return true;
  };
  TestInput kept{stored_tensor(tensors, case_key(which, input, "cells"), at::kByte,
                               leading + static_cast<int64_t>(size.size()), fit)};
  if (info.image || info.bag) {
    const int64_t channels = info.bag ? info.views : info.channels;
    kept.channel_present =
        stored_tensor(tensors, case_key(which, input, "channel_present"), at::kBool, 1,
                      [&](const at::Tensor& present) { return present.numel() == channels; });
  }
  if (info.bag)
    kept.view =
        stored_tensor(tensors, case_key(which, input, "view"), at::kLong, 1, [&](const at::Tensor& view) {
          return view.numel() == kept.cells.size(0) &&
                 std::ranges::all_of(whole_numbers(view),
                                     [&](int64_t of) { return of >= 0 && of < info.views; });
        });
  return kept;
}

}  // namespace

TestCases draw_cases(const InputInfos& inputs) {
  TestCases drawn;
  const int64_t coarser = coarseness(inputs);
  for (const auto& [name, info] : inputs) drawn.sizes[name] = network_size(info);
  for (size_t which = 0; which < count_of_cases(inputs.size()); ++which) {
    auto& one = drawn.cases.emplace_back();
    size_t number = 0;
    for (const auto& [name, info] : inputs) {
      if (!case_has(which, number++)) continue;
      core::Random random({core::hash_key("self-test"), core::hash_key(name), which});
      one.emplace(name, draw_input(info, which, coarser, random));
    }
  }
  return drawn;
}

data::Batch batch_of(const TestCases& cases, size_t which, const InputInfos& member) {
  data::Case one;
  one.id = "test " + std::to_string(which);
  for (const auto& [name, kept] : cases.cases.at(which)) {
    const auto& info = member.at(name);
    auto& input = one.inputs[name];
    input.values = test_values(kept.cells, leading_axes(info), cases.sizes.at(name));
    if (!info.image && !info.bag) input.values = input.values.narrow(0, 0, info.channels);
    input.channel_present = kept.channel_present;
    input.view = kept.view;
  }
  return data::collate({one}, member, {});
}

void add_cases(const TestCases& cases, nn::Tensors& tensors) {
  for (const auto& [name, size] : cases.sizes) {
    at::Tensor kept = at::empty({static_cast<int64_t>(size.size())}, at::kLong);
    std::ranges::copy(size, kept.mutable_data_ptr<int64_t>());
    tensors[size_key(name)] = kept;
  }
  for (size_t which = 0; which < cases.cases.size(); ++which)
    for (const auto& [name, kept] : cases.cases[which]) {
      tensors[case_key(which, name, "cells")] = kept.cells;
      if (kept.channel_present.defined())
        tensors[case_key(which, name, "channel_present")] = kept.channel_present;
      if (kept.view.defined()) tensors[case_key(which, name, "view")] = kept.view;
    }
}

TestCases cases_from(const nn::Tensors& tensors, const InputInfos& inputs) {
  TestCases read;
  for (const auto& [name, info] : inputs) read.sizes[name] = stored_size(tensors, name, info);
  for (size_t which = 0;; ++which) {
    std::map<std::string, TestInput> one;
    for (const auto& [name, info] : inputs)
      if (tensors.contains(case_key(which, name, "cells")))
        one.emplace(name, stored_input(tensors, which, name, info, read.sizes.at(name)));
    if (one.empty()) break;
    read.cases.push_back(std::move(one));
  }
  if (read.cases.empty()) core::fail_data(std::string("it holds no case") + self_test_remedy);
  return read;
}

}  // namespace photo51::inference
