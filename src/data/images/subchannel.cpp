#include "data/images/subchannel.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/dicom/diffusion.hpp"

namespace photo51::data {

std::string column_of(const std::string& channel) {
  return channel.substr(0, channel.find('@'));
}

std::string part_of(const std::string& channel) {
  const size_t at = channel.find('@');
  return at == std::string::npos ? "" : channel.substr(at + 1);
}

imaging::Volume take_part(const imaging::Volume& volume, const std::string& part) {
  if (part == "adc" && !volume.b_values.empty()) return imaging::adc_map(volume);
  const auto named = std::find(volume.channels.begin(), volume.channels.end(), part);
  int64_t index = named - volume.channels.begin();
  if (named == volume.channels.end()) {
    const auto number = core::parse_int(part);
    if (!number || *number < 0 || *number >= volume.channel_count()) {
      std::string there = volume.channels.empty() ? "" : core::join(volume.channels, ", ") + ", or ";
      if (!volume.b_values.empty()) there = "adc, " + there;
      core::fail_data(volume.source + ": has no channel `" + part + "`; there is " + there + "0 to " +
                      std::to_string(volume.channel_count() - 1));
    }
    index = *number;
  }
  imaging::Volume one = volume;
  one.data = volume.data.narrow(0, index, 1);
  one.channels.clear();
  one.seconds.clear();
  one.b_values.clear();
  return one;
}

}  // namespace photo51::data
