#include <cstdlib>

#include "config/kitchen.hpp"
#include "fuzz/targets/target.hpp"
#include "photo51/config/read.hpp"

/// A document that is taken can be written and reads back to the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t count) {
  using namespace photo51;
  fuzz::checked([&] {
    config::Node document = config::parse_yaml("count: 3\nwindow: {low: 0}\nnames: [a, b]\n", "base");
    config::apply_override(document, std::string(fuzz::text_of(bytes, count)));
  });
  return fuzz::checked([&] {
    const config::Node document = config::parse_yaml(fuzz::text_of(bytes, count), "input");
    config::Kitchen kitchen, again;
    config::read(document, kitchen);
    const std::string text = config::to_yaml(config::dump(kitchen));
    try {
      config::read(config::parse_yaml(text, "dump"), again);
    } catch (const core::Error&) {
      std::abort();
    }
    if (config::to_yaml(config::dump(again)) != text) std::abort();
  });
}
