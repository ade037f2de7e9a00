#include "imaging/masks/label_values.hpp"

#include <ATen/Dispatch.h>

#include <cmath>
#include <vector>

#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

template <class Value>
void count(const Value* values, int64_t size, LabelValues& found) {
  // Masks hold long runs of one value.
  for (int64_t i = 0; i < size;) {
    const Value value = values[i];
    int64_t end = i + 1;
    while (end < size && values[end] == value) ++end;
    const auto number = static_cast<double>(value);
    const int64_t run = end - i;
    i = end;
    if (std::isnan(number)) {
      found.nan += run;
    } else if (std::isinf(number)) {
      found.infinite += run;
    } else if (found.counts.size() < LabelValues::kMost || found.counts.contains(number)) {
      found.counts[number] += run;
    } else {
      found.more = true;
    }
  }
}

}  // namespace

std::string LabelValues::list() const {
  std::vector<std::string> names;
  for (const auto& [value, count] : counts) {
    if (names.size() == 20) break;
    names.push_back(core::format_number(value));
  }
  return core::join(names, ", ") + (counts.size() > names.size() || more ? ", …" : "");
}

LabelValues label_values(const at::Tensor& data) {
  LabelValues found;
  const at::Tensor whole = data.contiguous();
  AT_DISPATCH_ALL_TYPES(whole.scalar_type(), "label_values",
                        [&] { count(whole.const_data_ptr<scalar_t>(), whole.numel(), found); });
  return found;
}

}  // namespace photo51::imaging
