#include <torch/nn/module.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nn/weights/file_bytes.hpp"
#include "nn/weights/finite.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/json.hpp"
#include "photo51/nn/weights/safetensors_header.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::nn {
namespace {

struct TypeName {
  const char* name;
  at::ScalarType type;
};
constexpr TypeName type_names[] = {
    {"F64", at::kDouble}, {"F32", at::kFloat}, {"F16", at::kHalf},  {"BF16", at::kBFloat16},
    {"I64", at::kLong},   {"I32", at::kInt},   {"I16", at::kShort}, {"I8", at::kChar},
    {"U8", at::kByte},    {"BOOL", at::kBool},
};

/// What `write_safetensors` adds to the metadata. Either tells that the file has a checksum, so that damage
/// to one of the names is seen, too.
constexpr const char *container_key = "photo51", *checksum_key = "photo51_xxh128";
constexpr const char* container = "1";
constexpr uint64_t most_of_a_header = uint64_t{100} << 20;  ///< the format's own limit
constexpr size_t digits = 32;  ///< of a checksum, which is taken with zeros in its own place

/// Error (data) unless the bytes are those that were written; nothing of a file without a checksum. Takes the
/// two entries out of the metadata, and spoils the header's bytes.
void check_sum(Metadata& metadata, const FileBytes& content, uint64_t header_bytes) {
  const auto mark = metadata.find(container_key), sum = metadata.find(checksum_key);
  if (mark == metadata.end() && sum == metadata.end()) return;
  const std::string remedy = "; copy or export it again";
  if (mark == metadata.end() || sum == metadata.end() || sum->second.size() != digits)
    core::fail_data("its checksum is broken, so the file is damaged" + remedy);
  if (mark->second != container)
    core::fail_data("it is of a newer photo51 (container `" + mark->second + "`), or damaged" + remedy);
  char* const header = content.bytes.get() + 8;
  char* const end = header + header_bytes;
  char* const at = std::search(header, end, sum->second.begin(), sum->second.end());
  if (at != end) std::fill_n(at, digits, '0');
  if (at == end || core::hash_bytes({content.bytes.get(), content.size}) != sum->second)
    core::fail_data("the file is not as it was written: its checksum does not match" + remedy);
  metadata.erase(mark);
  metadata.erase(sum);
}

void require_numbers(const at::Tensor& tensor) {
  if (!tensor.is_floating_point() || tensor.numel() == 0) return;
  const at::Tensor finite = at::isfinite(tensor);
  if (finite.all().item<bool>()) return;
  const int64_t bad = tensor.numel() - finite.sum().item<int64_t>();
  core::fail_data(std::to_string(bad) + " of " + std::to_string(tensor.numel()) +
                  " values are no finite numbers; the file is damaged, or its training failed");
}

/// `begin`: where the tensors begin in a file of `size` bytes.
StoredTensor stored_tensor(const nlohmann::ordered_json& entry, uint64_t size, uint64_t begin) {
  const auto& type_name = entry.at("dtype").get_ref<const std::string&>();
  const auto* type = std::find_if(std::begin(type_names), std::end(type_names),
                                  [&](const TypeName& t) { return type_name == t.name; });
  if (type == std::end(type_names)) core::fail_data("the type " + type_name + " is not supported");
  auto shape = entry.at("shape").get<std::vector<int64_t>>();
  const auto from = entry.at("data_offsets").at(0).get<uint64_t>();
  const auto to = entry.at("data_offsets").at(1).get<uint64_t>();
  // torch multiplies the other edges of a tensor without elements, which the file's size does not bound.
  const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const uint64_t most = is_empty ? uint64_t{1} << 48 : size;
  uint64_t bytes = c10::elementSize(type->type);
  for (const int64_t edge : shape) {
    if (edge < 0 || (edge > 0 && bytes > most / static_cast<uint64_t>(edge) + 1))
      core::fail_data("the shape does not fit into the file");
    if (edge > 0) bytes *= static_cast<uint64_t>(edge);
  }
  if (is_empty) bytes = 0;
  if (to < from || to - from != bytes) core::fail_data("the offsets do not match the shape");
  const uint64_t available = size - begin;
  if (to > available)
    core::fail_data("the file ends after " + std::to_string(available) + " of " + std::to_string(to) +
                    " bytes; copy it again");
  return {type->type, std::move(shape), begin + from, bytes};
}

/// `text`: the header of a file of `size` bytes.
SafetensorsHeader header_of(std::string_view text, uint64_t size, const std::filesystem::path& path) {
  const auto header = core::parse_json(text);
  if (!header || !header->is_object())
    core::fail_data(path.string() + ": the header is not JSON; not a safetensors file?");
  SafetensorsHeader found;
  for (const auto& item : header->items()) {
    const std::string& name = item.key();
    const auto& entry = item.value();
    core::with_context(path.string() + ": " + name, [&] {
      try {
        if (name == "__metadata__")
          found.metadata = entry.get<Metadata>();
        else
          found.tensors.emplace(name, stored_tensor(entry, size, 8 + text.size()));
      } catch (const nlohmann::json::exception&) {  // whose text quotes the file
        core::fail_data("malformed header entry: something is absent or of another type");
      }
    });
  }
  return found;
}

/// Error (data) unless a file of `size` bytes has room for the header's length and the header.
void require_header(uint64_t size, uint64_t length, const std::filesystem::path& path) {
  if (length > size - 8)
    core::fail_data(path.string() + ": the header is cut off (" + std::to_string(size) +
                    " bytes), or this is not a safetensors file");
}
void require_length(uint64_t size, const std::filesystem::path& path) {
  if (size < 8)
    core::fail_data(path.string() + ": not a safetensors file (" + std::to_string(size) + " bytes)");
}

at::Tensor tensor_in(const FileBytes& content, const StoredTensor& stored) {
  if (stored.bytes == 0) return at::empty(stored.shape, stored.type);
  char* data = content.bytes.get() + stored.begin;
  if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(stored.type) != 0) {
    at::Tensor copy = at::empty(stored.shape, stored.type);
    std::memcpy(copy.data_ptr(), data, stored.bytes);
    return copy;
  }
  return at::from_blob(
      data, stored.shape, [bytes = content.bytes](void*) {}, stored.type);
}

}  // namespace

void require_finite(const Tensors& tensors) {
  for (const auto& [name, tensor] : tensors)
    core::with_context(name, [&, &value = tensor] { require_numbers(value); });
}

SafetensorsHeader read_safetensors_header(const core::RegularFile& file, const std::filesystem::path& path) {
  require_length(file.size(), path);
  const auto read = [&](char* to, size_t bytes, size_t at) {
    if (!core::read_all(file.descriptor(), to, bytes, at))
      core::fail_data(path.string() + ": reading the header failed; copy it again");
  };
  uint64_t length = 0;
  read(reinterpret_cast<char*>(&length), 8, 0);
  require_header(file.size(), length, path);
  if (length > most_of_a_header)
    core::fail_data(path.string() + ": its header would take " + std::to_string(length) +
                    " bytes; not a safetensors file?");
  std::string text(length, '\0');
  read(text.data(), length, 8);
  return header_of(text, file.size(), path);
}

TensorFile read_safetensors(const std::filesystem::path& path, Values values) {
  const FileBytes content(path);
  require_length(content.size, path);
  uint64_t length = 0;
  std::memcpy(&length, content.bytes.get(), 8);
  require_header(content.size, length, path);
  SafetensorsHeader header = header_of({content.bytes.get() + 8, length}, content.size, path);
  TensorFile file{{}, std::move(header.metadata)};
  for (const auto& [name, stored] : header.tensors) file.tensors.emplace(name, tensor_in(content, stored));
  core::with_context(path.string(), [&] {
    check_sum(file.metadata, content, length);
    if (values == Values::finite) require_finite(file.tensors);
  });
  return file;
}

void write_safetensors(const std::filesystem::path& path, const Tensors& tensors, const Metadata& metadata) {
  // Wide types first, so that every tensor is aligned to its element.
  std::vector<std::pair<std::string, at::Tensor>> order;
  for (const auto& [name, tensor] : tensors) order.emplace_back(name, tensor.detach().cpu().contiguous());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  Metadata told = metadata;
  const std::string zeros(digits, '0');
  told[container_key] = container;
  told[checksum_key] = zeros;
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  header["__metadata__"] = told;
  size_t end = 0;
  for (const auto& [name, tensor] : order) {
    const auto* type =
        std::find_if(std::begin(type_names), std::end(type_names),
                     [&, kind = tensor.scalar_type()](const TypeName& t) { return t.type == kind; });
    if (type == std::end(type_names))
      core::fail_run(path.string() + ": " + name + ": the type " + c10::toString(tensor.scalar_type()) +
                     " cannot be stored");
    const size_t begin = end;
    end += tensor.nbytes();
    header[name] = {{"dtype", type->name}, {"shape", tensor.sizes().vec()}, {"data_offsets", {begin, end}}};
  }
  std::string content(8, '\0');
  content += header.dump();
  content.resize((content.size() + 63) / 64 * 64, ' ');  // the tensors begin at a cache line
  const uint64_t length = content.size() - 8;
  std::memcpy(content.data(), &length, 8);
  content.reserve(content.size() + end);
  for (const auto& [name, tensor] : order)
    content.append(static_cast<const char*>(tensor.data_ptr()), tensor.nbytes());
  const std::string sum = core::hash_bytes(content);
  // No text in JSON can look like this: its quotes would be escaped.
  const std::string place = std::string("\"") + checksum_key + "\":\"";
  content.replace(content.find(place + zeros) + place.size(), digits, sum);
  core::write_file_atomic(path, content);
}

}  // namespace photo51::nn
