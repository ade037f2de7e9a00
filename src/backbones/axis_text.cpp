#include "backbones/axis_text.hpp"

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::backbones {

std::vector<int64_t> axis_sizes(const std::string& text) {
  std::vector<int64_t> sizes;
  for (const auto& part : core::split(text, 'x')) {
    const auto size = core::parse_int(core::trim(part));
    if (!size || *size < 1) return {};
    sizes.push_back(*size);
  }
  return sizes.size() > 3 ? std::vector<int64_t>{} : sizes;
}

std::vector<std::vector<int64_t>> axis_sizes(const std::vector<std::string>& texts, int64_t dims,
                                             const std::string& what) {
  std::vector<std::vector<int64_t>> all;
  for (const auto& text : texts) {
    std::vector<int64_t> sizes = axis_sizes(text);
    if (sizes.size() == 1) sizes.resize(static_cast<size_t>(dims), sizes.front());
    if (sizes.size() != static_cast<size_t>(dims))
      core::fail_usage("`" + what + "`: `" + text + "` is no size in " + std::to_string(dims) +
                       "D; write one number, such as 3, or one an axis, " + (dims == 2 ? "3x3" : "1x3x3"));
    all.push_back(std::move(sizes));
  }
  return all;
}

void check_axis_texts(config::Fields& f, const std::vector<std::string>& texts, const char* name, bool odd) {
  const auto is_size = [](const std::string& text) { return !axis_sizes(text).empty(); };
  const auto is_odd = [](const std::string& text) {
    return std::ranges::all_of(axis_sizes(text), [](int64_t size) { return size % 2 == 1; });
  };
  f.check(std::ranges::all_of(texts, is_size), name,
          "each must be a whole number above 0, or one an axis such as 1x3x3");
  f.check(!odd || std::ranges::all_of(texts, is_odd), name, "must be odd, so that maps keep their size");
}

}  // namespace photo51::backbones
