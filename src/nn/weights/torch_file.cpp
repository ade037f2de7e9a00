#include "photo51/nn/weights/torch_file.hpp"

#include <ATen/core/Tensor.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/utf8.hpp"
#include "nn/weights/file_bytes.hpp"
#include "nn/weights/finite.hpp"
#include "nn/weights/pickle.hpp"
#include "nn/weights/zip_directory.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/shown.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view zip_mark = "PK\x03\x04";
/// Of torch before 1.6: protocol 2 and the number 0x1950a86a20f9469cfc6c.
constexpr std::string_view early_mark = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
constexpr std::string_view tar_mark = "ustar";  ///< of torch before 0.2, at byte 257

/// What trainers call the state dict in a checkpoint.
constexpr std::string_view usual_names[] = {
    "state_dict",       "model",       "network_weights",  // nnU-Net
    "teacher",          "student",                         // DINO
    "model_state_dict", "model_state", "state_dict_ema",  "model_ema", "ema", "net", "network", "encoder"};

std::string_view text_of(const PickleValue& value) {
  return value.kind == Kind::text ? value.text : std::string_view();
}

bool holds_tensors(const PickleValue& dict) {
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2)
    if (dict.items[i]->kind == Kind::text && dict.items[i + 1]->kind == Kind::tensor) return true;
  return false;
}

struct StateDict {
  std::string path;  ///< keys joined by `/`; empty: the file's own
  const PickleValue* dict;
};

/// Every dict of tensors at most three keys deep. A program may name one dict many times, so that their
/// number is bounded.
void find_state_dicts(const PickleValue& value, const std::string& path, int depth,
                      std::vector<StateDict>& found, size_t& visits) {
  constexpr size_t most_visits = 100'000;
  if (value.kind != Kind::dict || ++visits > most_visits) return;
  if (holds_tensors(value)) {
    found.push_back({path, &value});
    return;
  }
  if (depth == 3) return;
  for (size_t i = 0; i + 1 < value.items.size(); i += 2)
    if (const auto key = text_of(*value.items[i]); !key.empty())
      find_state_dicts(*value.items[i + 1], (path.empty() ? "" : path + "/") + std::string(key), depth + 1,
                       found, visits);
}

bool is_usual(const StateDict& state) {
  const auto first = state.path.substr(0, state.path.find('/'));
  return std::ranges::find(usual_names, first) != std::end(usual_names);
}

std::string listed_paths(const std::vector<StateDict>& states) {
  constexpr size_t shown = 12;
  std::vector<std::string> names;
  for (const auto& state : states)
    if (names.size() < shown) names.push_back("`" + core::shown(state.path, 100) + "`");
  return core::join(names, ", ") +
         (states.size() > shown ? " and " + std::to_string(states.size() - shown) + " more" : "");
}

const PickleValue& state_dict_of(const PickleValue& root, const std::string& entry) {
  std::vector<StateDict> found;
  size_t visits = 0;
  find_state_dicts(root, "", 0, found, visits);
  if (found.empty()) core::fail_data("it holds no state dict (names and their tensors)");
  if (!entry.empty()) {
    for (const auto& state : found)
      if (state.path == entry) return *state.dict;
    core::fail_data(found.front().path.empty()
                        ? "it is one state dict and has none at `" + entry + "`; leave the name out"
                        : "it has no state dict `" + entry + "`, but " + listed_paths(found));
  }
  std::vector<StateDict> usual;
  std::ranges::copy_if(found, std::back_inserter(usual), is_usual);
  const auto& candidates = usual.empty() ? found : usual;
  if (candidates.size() > 1)
    core::fail_data("it holds several state dicts: " + listed_paths(candidates) +
                    "; say which (config: `weights_entry`, command line: --entry)");
  return *candidates.front().dict;
}

/// Tied weights stand under several names; a program that names one tensor endlessly would fill the memory of
/// whoever copies them.
void require_bounded(const Tensors& tensors, size_t file_bytes) {
  constexpr size_t most_times = 64;
  size_t bytes = 0;
  for (const auto& entry : tensors) bytes += entry.second.nbytes();
  if (bytes / most_times > file_bytes)
    core::fail_data("its tensors together are " + std::to_string(bytes / file_bytes) +
                    " times as large as the file, since they share memory; save copies of them");
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const core::Character character = core::first_of(text);
    if (!character.valid) return false;
    text.remove_prefix(character.bytes);
  }
  return true;
}

Tensors tensors_of(const PickleValue& dict) {
  Tensors tensors;
  for (size_t i = 0; i + 1 < dict.items.size(); i += 2) {
    const PickleValue &key = *dict.items[i], &value = *dict.items[i + 1];
    if (key.kind != Kind::text || value.kind != Kind::tensor) continue;
    if (!is_utf8(key.text))
      core::fail_data("`" + core::shown(key.text, 100) + "` is no name of a tensor: it is not UTF-8");
    tensors[std::string(key.text)] = value.tensor;  // of two of one name the last, as in Python
  }
  return tensors;
}

/// The folder of the archive that holds all, with its slash.
std::string root_of(const ZipDirectory& directory) {
  constexpr std::string_view program = "data.pkl";
  const std::string name = directory.name_ending(std::string("/") + std::string(program));
  if (name.empty())
    core::fail_data(
        "a zip archive without `data.pkl`; not a file of torch.save, or a `.pt2` or other program");
  const std::string root = name.substr(0, name.size() - program.size());
  if (directory.contains(root + "constants.pkl"))
    core::fail_data(
        "a TorchScript module, which holds code beside its weights; save its state dict: "
        "torch.save(torch.jit.load(FILE).state_dict(), …)");
  if (directory.contains(root + "byteorder") && directory.stored(root + "byteorder") != "little")
    core::fail_data("written on a big-endian machine; save it again on a little-endian one");
  return root;
}

PickleStorage storage_in(const FileBytes& content, std::string_view stored) {
  char* const data = content.bytes.get() + (stored.data() - content.bytes.get());
  constexpr size_t widest = 8;
  if (reinterpret_cast<uintptr_t>(data) % widest == 0) return {content.bytes, data, stored.size()};
  const std::shared_ptr<char> copy = core::memory_for(stored.size());
  std::memcpy(copy.get(), stored.data(), stored.size());
  return {copy, copy.get(), stored.size()};
}

void require_torch_file(const FileBytes& content) {
  const std::string_view bytes = content.view();
  if (bytes.starts_with(zip_mark)) return;
  const std::string remedy = "; save it again with a torch of today: torch.save(torch.load(FILE), …)";
  if (bytes.starts_with(early_mark) || (bytes.size() > 262 && bytes.substr(257, 5) == tar_mark))
    core::fail_data("it is of the format of torch before 1.6" + remedy);
  if (bytes.starts_with('\x80')) core::fail_data("a bare pickle, not a file of torch.save" + remedy);
  core::fail_data("not a file of torch.save (" + std::to_string(bytes.size()) + " bytes)");
}

}  // namespace

TensorFile read_torch_file(const std::filesystem::path& path, const std::string& entry, Values values) {
  const FileBytes content(path);
  return core::with_context(path.string(), [&] {
    require_torch_file(content);
    const ZipDirectory directory(content.view());
    const std::string root = root_of(directory);
    PickleMachine machine(directory.stored(root + "data.pkl"), [&](const std::string& key) {
      return storage_in(content, directory.stored(root + "data/" + key));
    });
    TensorFile file{tensors_of(state_dict_of(machine.run(), entry)), {}};
    require_bounded(file.tensors, content.size);
    if (values == Values::finite) require_finite(file.tensors);
    return file;
  });
}

TensorFile read_weights(const std::filesystem::path& path, const std::string& entry, Values values) {
  std::array<char, early_mark.size()> begin{};
  const size_t got = core::RegularFile(path).read(begin.data(), begin.size());
  const std::string_view bytes(begin.data(), got);
  // The length of a safetensors header stands in 8 bytes, the last of which are 0.
  if (bytes.starts_with(zip_mark) || (bytes.starts_with('\x80') && got == begin.size() && begin[7] != 0))
    return read_torch_file(path, entry, values);
  if (!entry.empty())
    core::fail_data(path.string() + ": a safetensors file is one state dict and has none at `" + entry +
                    "`; leave the name out");
  return read_safetensors(path, values);
}

}  // namespace photo51::nn
