#include <cstdlib>

#include "fuzz/targets/target.hpp"
#include "imaging/slide/backend.hpp"
#include "imaging/tiff/file.hpp"
#include "photo51/imaging/slide/slide.hpp"

/// Directories, and a first and a last piece of each image.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  using namespace photo51::imaging;
  const fuzz::MemoryFile memory(bytes, count);
  fuzz::checked([&] {
    TiffFile file(memory.path());
    for (const TiffImage& image : file.images()) {
      const PieceGrid& grid = image.grid;
      if (grid.piece_width * grid.piece_height > 1 << 22) continue;  // would only be slow
      const auto decode = [&](int64_t column, int64_t row) {
        fuzz::checked([&] {
          const Piece piece = file.decode(image, column, row);
          if (!piece.empty() && piece.size() != static_cast<size_t>(3 * grid.piece_width * grid.piece_height))
            std::abort();
        });
      };
      decode(0, 0);
      decode(grid.columns() - 1, grid.rows() - 1);
    }
  });
  return fuzz::checked([&] { open_with_tiff(memory.path(), {}); });
}
