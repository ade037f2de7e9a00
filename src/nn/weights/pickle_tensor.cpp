#include "nn/weights/pickle_tensor.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>

#include "nn/weights/pickle_bytes.hpp"

namespace photo51::nn {
namespace {

constexpr uint64_t most_edge = uint64_t{1} << 48;

std::vector<int64_t> whole_numbers(const PickleValue& value) {
  if (value.kind != PickleValue::Kind::tuple) fail_pickle("a shape that is no tuple");
  if (value.items.size() > 64) fail_pickle("a tensor of more than 64 dimensions");
  std::vector<int64_t> numbers;
  for (const PickleValue* item : value.items) {
    if (item->kind != PickleValue::Kind::integer || item->integer < 0 ||
        static_cast<uint64_t>(item->integer) > most_edge)
      fail_pickle("a shape of impossible numbers");
    numbers.push_back(item->integer);
  }
  return numbers;
}

/// Whether torch can multiply the edges that are not 0, which no storage bounds.
bool has_a_product(const std::vector<int64_t>& edges) {
  uint64_t product = 1;
  for (const int64_t edge : edges) {
    if (edge == 0) continue;
    if (product > most_edge / static_cast<uint64_t>(edge)) return false;
    product *= static_cast<uint64_t>(edge);
  }
  return true;
}

/// Numbers are at most 2^48 and what they add up to stays within `capacity`, so nothing overflows.
bool lies_within(const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides, uint64_t offset,
                 uint64_t capacity) {
  uint64_t count = 1, last = offset;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const auto edge = static_cast<uint64_t>(sizes[i]), stride = static_cast<uint64_t>(strides[i]);
    if (count > capacity / edge) return false;
    count *= edge;
    if (edge > 1 && stride > capacity / (edge - 1)) return false;
    last += (edge - 1) * stride;
    if (last >= capacity) return false;
  }
  return last < capacity;
}

}  // namespace

at::Tensor pickled_tensor(const PickleStorage& storage, size_t bytes, at::ScalarType type, int64_t offset,
                          const PickleValue& sizes_given, const PickleValue& strides_given) {
  const size_t element = c10::elementSize(type);
  const uint64_t capacity = bytes / element;
  const auto sizes = whole_numbers(sizes_given), strides = whole_numbers(strides_given);
  if (sizes.size() != strides.size()) fail_pickle("a tensor with other strides than edges");
  const bool is_empty = std::ranges::find(sizes, 0) != sizes.end();
  const auto begin = static_cast<uint64_t>(offset);  // one below 0 is far beyond
  if (begin > capacity || (is_empty ? !has_a_product(sizes) : !lies_within(sizes, strides, begin, capacity)))
    core::fail_data(
        "a tensor of shape " + c10::str(at::IntArrayRef(sizes)) + " reaches beyond its storage of " +
        std::to_string(capacity) +
        " elements, or has more values than that; the file is damaged, or a tensor was expanded: save it "
        "as a copy (.clone())");
  if (is_empty) return at::empty(sizes, type);
  return at::from_blob(
      storage.data + begin * element, sizes, strides, [owner = storage.owner](void*) {}, type);
}

}  // namespace photo51::nn
