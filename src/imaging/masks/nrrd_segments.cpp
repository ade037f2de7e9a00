#include "imaging/masks/nrrd_segments.hpp"

#include <map>

#include "core/byte_source.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

constexpr size_t kMostHeader = size_t{1} << 22;

std::string header_of(const std::filesystem::path& path) {
  core::ByteSource source(path);
  std::string text;
  while (text.size() < kMostHeader) {
    const size_t before = text.size();
    text.resize(before + 65536);
    text.resize(before + source.read(text.data() + before, 65536));
    std::erase(text, '\r');
    const size_t end = text.find("\n\n");
    if (end != std::string::npos) return text.substr(0, end);
    if (text.size() == before) break;
  }
  return text;
}

}  // namespace

std::vector<NrrdSegment> nrrd_segments(const std::filesystem::path& path) {
  std::map<int64_t, NrrdSegment> found;
  for (const std::string& line : core::split(header_of(path), '\n')) {
    const size_t equals = line.find(":="), mark = line.find('_');
    if (!line.starts_with("Segment") || equals == std::string::npos || mark >= equals) continue;
    const auto number = core::parse_int(std::string_view(line).substr(7, mark - 7));
    if (!number) continue;
    const std::string key = line.substr(mark + 1, equals - mark - 1);
    const std::string value(core::trim(std::string_view(line).substr(equals + 2)));
    NrrdSegment& segment = found[*number];
    if (key == "ID") segment.id = value;
    if (key == "Name") segment.name = value;
    if (key == "LabelValue") segment.value = core::parse_int(value).value_or(1);
    if (key == "Layer") segment.layer = core::parse_int(value).value_or(0);
  }
  std::vector<NrrdSegment> segments;
  for (auto& [number, segment] : found) {
    if (segment.name.empty()) segment.name = segment.id;
    segments.push_back(std::move(segment));
  }
  return segments;
}

}  // namespace photo51::imaging
