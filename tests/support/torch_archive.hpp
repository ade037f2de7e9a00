#pragma once
/// Files as torch.save writes them, piece by piece, so that each piece can be wrong.

#include <zlib.h>

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace photo51::test {

template <class T>
std::string little(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

struct ZipPiece {
  std::string name, bytes;
  uint16_t method = 0, flags = 0;
  bool checksum = true;
};

struct ZipLayout {
  bool wide = false;    ///< 64-bit numbers for everything
  size_t aligned = 64;  ///< of the bytes, by padding before them
  std::string comment{};
};

inline std::string zip_archive(const std::vector<ZipPiece>& pieces, const ZipLayout& layout = {}) {
  std::string file, directory;
  const uint32_t none = 0xffffffff;
  for (const auto& piece : pieces) {
    const uint32_t sum = piece.checksum
                             ? static_cast<uint32_t>(crc32_z(
                                   0, reinterpret_cast<const Bytef*>(piece.bytes.data()), piece.bytes.size()))
                             : 0;
    const auto bytes = static_cast<uint32_t>(piece.bytes.size());
    const auto name = little(static_cast<uint16_t>(piece.name.size()));
    const std::string kind = little(piece.flags) + little(piece.method) + std::string(4, '\0') + little(sum);
    const uint64_t header = file.size();
    const size_t begin = file.size() + 30 + piece.name.size() + 4;
    const size_t padding = (layout.aligned - begin % layout.aligned) % layout.aligned;
    file += "PK\x03\x04" + std::string(2, '\0') + kind + little(bytes) + little(bytes) + name +
            little(static_cast<uint16_t>(padding + 4)) + piece.name + "FB" +
            little(static_cast<uint16_t>(padding)) + std::string(padding, 'Z') + piece.bytes;
    std::string extra;
    if (layout.wide)
      extra = little(uint16_t{0x9999}) + little(uint16_t{1}) + "x" + little(uint16_t{1}) +
              little(uint16_t{24}) + little(uint64_t{bytes}) + little(uint64_t{bytes}) + little(header);
    const uint32_t packed = layout.wide ? none : bytes;
    directory += "PK\x01\x02" + std::string(4, '\0') + kind + little(packed) + little(packed) + name +
                 little(static_cast<uint16_t>(extra.size())) + std::string(10, '\0') +
                 little(layout.wide ? none : static_cast<uint32_t>(header)) + piece.name + extra;
  }
  const uint64_t at = file.size(), count = pieces.size();
  file += directory;
  if (layout.wide) {
    const uint64_t record = file.size();
    file += "PK\x06\x06" + little(uint64_t{44}) + std::string(12, '\0') + little(count) + little(count) +
            little(uint64_t{directory.size()}) + little(at);
    file += "PK\x06\x07" + std::string(4, '\0') + little(record) + little(uint32_t{1});
  }
  const auto few = static_cast<uint16_t>(count);
  return file + "PK\x05\x06" + std::string(4, '\0') + little(few) + little(few) +
         little(static_cast<uint32_t>(directory.size())) +
         little(layout.wide ? none : static_cast<uint32_t>(at)) +
         little(static_cast<uint16_t>(layout.comment.size())) + layout.comment;
}

/// Instructions that leave a value on the stack.
namespace pickle {

inline std::string text(const std::string& value) {
  return "X" + little(static_cast<uint32_t>(value.size())) + value;
}
inline std::string whole(int64_t value) {
  return "\x8a\x08" + little(value);
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string code = "(";
  for (const auto& item : items) code += item;
  return code + "t";
}
inline std::string wholes(const std::vector<int64_t>& values) {
  std::vector<std::string> items;
  for (const int64_t value : values) items.push_back(whole(value));
  return tuple(items);
}
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string call(const std::string& function, const std::vector<std::string>& arguments) {
  return function + tuple(arguments) + "R";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string code = "}(";
  for (const auto& [key, value] : entries) code += text(key) + value;
  return code + "u";
}
inline std::string storage(const std::string& type, const std::string& key, int64_t count) {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), whole(count)}) + "Q";
}
inline std::string tensor(const std::string& of, int64_t offset, const std::vector<int64_t>& sizes,
                          const std::vector<int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {of, whole(offset), wholes(sizes), wholes(strides), "\x89",
               call(global("collections", "OrderedDict"), {})});
}
inline std::string program(const std::string& code) {
  return "\x80\x02" + code + ".";
}

}  // namespace pickle

/// As torch.save lays them out.
inline std::string torch_archive(const std::string& program,
                                 const std::map<std::string, std::string>& storages = {},
                                 const ZipLayout& layout = {}) {
  std::vector<ZipPiece> pieces{{"net/data.pkl", program}, {"net/byteorder", "little"}};
  for (const auto& [key, bytes] : storages) pieces.push_back({"net/data/" + key, bytes});
  pieces.push_back({"net/version", "3\n"});
  return zip_archive(pieces, layout);
}

}  // namespace photo51::test
