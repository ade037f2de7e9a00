#include <sys/mman.h>
#include <torch/torch.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>

#include "photo51/backbones/weights.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/regular_file.hpp"

namespace photo51::backbones {
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

class Mapping {
 public:
  explicit Mapping(const std::filesystem::path& path) {
    const core::RegularFile file(path);
    size = file.size();
    if (size > 0)
      bytes = static_cast<char*>(
          ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, file.descriptor(), 0));
    if (size < 8 || bytes == MAP_FAILED)
      core::fail_data(path.string() + ": not a safetensors file (" + std::to_string(size) + " bytes)");
  }
  ~Mapping() {
    if (bytes != nullptr && bytes != MAP_FAILED) ::munmap(bytes, size);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  char* bytes = nullptr;
  size_t size = 0;
};

at::Tensor tensor_of(const nlohmann::json& entry, const std::shared_ptr<Mapping>& mapping, size_t begin) {
  const auto& type_name = entry.at("dtype").get_ref<const std::string&>();
  const auto* type = std::find_if(std::begin(type_names), std::end(type_names),
                                  [&](const TypeName& t) { return type_name == t.name; });
  if (type == std::end(type_names)) core::fail_data("the type " + type_name + " is not supported");
  const auto shape = entry.at("shape").get<std::vector<int64_t>>();
  const auto from = entry.at("data_offsets").at(0).get<uint64_t>();
  const auto to = entry.at("data_offsets").at(1).get<uint64_t>();
  // torch multiplies the other edges of a tensor without elements, which the file's size does not bound.
  const bool is_empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  const uint64_t most = is_empty ? uint64_t{1} << 48 : mapping->size;
  uint64_t bytes = c10::elementSize(type->type);
  for (const int64_t edge : shape) {
    if (edge < 0 || (edge > 0 && bytes > most / static_cast<uint64_t>(edge) + 1))
      core::fail_data("the shape does not fit into the file");
    if (edge > 0) bytes *= static_cast<uint64_t>(edge);
  }
  if (is_empty) bytes = 0;
  if (to < from || to - from != bytes) core::fail_data("the offsets do not match the shape");
  const uint64_t available = mapping->size - begin;
  if (to > available)
    core::fail_data("the file ends after " + std::to_string(available) + " of " + std::to_string(to) +
                    " bytes; copy it again");
  if (bytes == 0) return at::empty(shape, type->type);
  char* data = mapping->bytes + begin + from;
  if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(type->type) != 0) {
    at::Tensor copy = at::empty(shape, type->type);
    std::memcpy(copy.data_ptr(), data, bytes);
    return copy;
  }
  return at::from_blob(
      data, shape, [mapping](void*) {}, type->type);
}

}  // namespace

TensorFile read_safetensors(const std::filesystem::path& path) {
  const auto mapping = std::make_shared<Mapping>(path);
  uint64_t length = 0;
  std::memcpy(&length, mapping->bytes, 8);
  if (length > mapping->size - 8)
    core::fail_data(path.string() + ": the header is cut off (" + std::to_string(mapping->size) +
                    " bytes), or this is not a safetensors file");
  const auto header = nlohmann::json::parse(mapping->bytes + 8, mapping->bytes + 8 + length, nullptr,
                                            /*allow_exceptions=*/false);
  if (!header.is_object())
    core::fail_data(path.string() + ": the header is not JSON; not a safetensors file?");
  TensorFile file;
  for (const auto& item : header.items()) {
    const std::string& name = item.key();
    const auto& entry = item.value();
    core::with_context(path.string() + ": " + name, [&] {
      try {
        if (name == "__metadata__")
          file.metadata = entry.get<Metadata>();
        else
          file.tensors.emplace(name, tensor_of(entry, mapping, 8 + length));
      } catch (const nlohmann::json::exception&) {  // whose text quotes the file
        core::fail_data("malformed header entry: something is absent or of another type");
      }
    });
  }
  return file;
}

void write_safetensors(const std::filesystem::path& path, const Tensors& tensors, const Metadata& metadata) {
  // Wide types first, so that every tensor is aligned to its element.
  std::vector<std::pair<std::string, at::Tensor>> order;
  for (const auto& [name, tensor] : tensors) order.emplace_back(name, tensor.detach().cpu().contiguous());
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) {
    return a.second.element_size() > b.second.element_size();
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
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
  core::write_file_atomic(path, content);
}

}  // namespace photo51::backbones
