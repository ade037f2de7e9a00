#include <cstdlib>
#include <string>

#include "fuzz/targets/target.hpp"
#include "imaging/dicom/date_time.hpp"

/// A time that is taken lies within its day.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  const std::string text(fuzz::text_of(bytes, count));
  return fuzz::checked([&] {
    const auto time = imaging::parse_time(text);
    if (time && !(*time >= 0 && *time < 86402)) std::abort();
    imaging::parse_date(text);
    imaging::parse_date_time(text, "+0130");
    imaging::parse_date_time("20200101120000+0200", text);
  });
}
