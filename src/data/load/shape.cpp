#include "data/load/shape.hpp"

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

std::string shape_text(c10::IntArrayRef shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + core::join(sizes, ", ") + "]";
}

}  // namespace

void require_shape(const std::string& input, const std::string& case_id, c10::IntArrayRef here,
                   const SharedShape& shared) {
  if (here != c10::IntArrayRef(shared.sizes))
    core::fail_usage("input " + input + ": case " + case_id + " has the shape " + shape_text(here) +
                     ", but " + shared.whose + " " + shape_text(shared.sizes) +
                     "; set preprocess.size, or batch_size: 1");
}

}  // namespace photo51::data
