#include "photo51/ops/memory.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <sys/mman.h>

namespace photo51::ops {

at::Tensor empty_image(at::IntArrayRef sizes, at::ScalarType type) {
  size_t bytes = c10::elementSize(type);
  bool fits = true;
  for (const int64_t size : sizes)
    fits = !__builtin_mul_overflow(bytes, static_cast<size_t>(size), &bytes) && size >= 0 && fits;
  void* memory = MAP_FAILED;
  if (fits && bytes >= (size_t{4} << 20))
    memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  // Small, or more than there is: the allocator's to give or to refuse.
  if (memory == MAP_FAILED) return at::empty(sizes, type);
  ::madvise(memory, bytes, MADV_HUGEPAGE);
  return at::from_blob(
      memory, sizes, [bytes](void* freed) { ::munmap(freed, bytes); }, type);
}

}  // namespace photo51::ops
