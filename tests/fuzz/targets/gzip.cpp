#include <cstdlib>
#include <vector>

#include "core/byte_source.hpp"
#include "fuzz/targets/target.hpp"
#include "photo51/core/files.hpp"

/// What comes out is no more than was foretold, whatever the pieces in which it is asked for.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  const fuzz::MemoryFile file(bytes, count);
  fuzz::checked([&] {
    core::ByteSource source(file.path());
    std::vector<char> piece(1 + count % 5000);
    uint64_t total = 0;
    if (count % 3 == 0 && source.skip(count % 700)) total += count % 700;
    for (size_t got = 1; got > 0; total += got) got = source.read(piece.data(), piece.size());
    if (total > source.most_bytes()) std::abort();
    source.finish();
  });
  return fuzz::checked([&] { core::read_text(file.path()); });
}
