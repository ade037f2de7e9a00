#include "fuzz/targets/target.hpp"
#include "imaging/picture/files.hpp"

/// The decoders of PNG and JPEG, on the same bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  const std::string file(reinterpret_cast<const char*>(bytes), count);
  fuzz::checked([&] { imaging::decode_png(file); });
  return fuzz::checked([&] { imaging::decode_jpeg_picture(file); });
}
