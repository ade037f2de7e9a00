#pragma once
/// The shape that the cases of a batch share.

#include <c10/util/ArrayRef.h>

#include <cstdint>
#include <string>
#include <vector>

namespace photo51::data {

struct SharedShape {
  std::vector<int64_t> sizes;             ///< of an instance where the cases are bags
  std::string whose = "the model takes";  ///< or "case P1 has"
};

/// Error (usage): the case's images have another shape.
void require_shape(const std::string& input, const std::string& case_id, c10::IntArrayRef here,
                   const SharedShape& shared);

}  // namespace photo51::data
