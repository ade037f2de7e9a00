#include "nn/programs/torch_script_code.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "photo51/core/error.hpp"

namespace photo51::nn {
namespace {

constexpr std::array<std::string_view, 2> refused_words{"save", "from_file"};
/// Of operators: those of tensors and of the language.
constexpr std::array<std::string_view, 3> known_libraries{"aten", "prim", "quantized"};

bool is_word_letter(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

/// The words of a text, and every other letter but white space for itself. Comments and texts are not told
/// apart: a word in one of these is refused as well.
std::vector<std::string_view> words_of(std::string_view code) {
  std::vector<std::string_view> words;
  for (size_t at = 0; at < code.size();) {
    size_t end = at + 1;
    if (is_word_letter(code[at])) {
      while (end < code.size() && is_word_letter(code[end])) ++end;
    } else if (std::isspace(static_cast<unsigned char>(code[at])) != 0) {
      at = end;
      continue;
    }
    words.push_back(code.substr(at, end - at));
    at = end;
  }
  return words;
}

template <class List>
bool is_among(const List& list, std::string_view word) {
  return std::ranges::find(list, word) != list.end();
}

/// Whether the arguments from `at` on spell a name by escapes, where no word shows it.
bool has_escapes(const std::vector<std::string_view>& words, size_t at) {
  int64_t depth = 0;
  for (; at < words.size(); ++at) {
    if (words[at] == "\\") return true;
    if (words[at] == "(") ++depth;
    if (words[at] == ")" && --depth <= 0) return false;
  }
  return false;
}

[[noreturn]] void refuse_word(const std::string& record, std::string_view word) {
  core::fail_data("its code (" + record + ") names `" + std::string(word) +
                  "`, by which it could reach files or native code of other libraries; save it without, or "
                  "under another name if it is one of its own");
}

void check_code(const std::string& record, std::string_view code) {
  const auto words = words_of(code);
  const auto word = [&](size_t at) { return at < words.size() ? words[at] : std::string_view(); };
  for (size_t i = 0; i < words.size(); ++i) {
    const bool is_member = i > 0 && words[i - 1] == ".";
    if (is_among(refused_words, words[i]) || words[i].starts_with("rpc_")) refuse_word(record, words[i]);
    if (words[i] == "getattr" && has_escapes(words, i + 1)) refuse_word(record, words[i]);
    if (words[i] == "ops" && !is_member && (word(i + 1) != "." || !is_among(known_libraries, word(i + 2))))
      refuse_word(record, "ops." + std::string(word(i + 2)));
    if (words[i] == "classes" && is_member && i > 1 && words[i - 2] == "torch")
      refuse_word(record, "torch.classes");
  }
}

}  // namespace

void require_confined(const Archive& archive) {
  for (const auto& record : archive.records()) {
    if (record.starts_with("code/") && record.ends_with(".py")) {
      check_code(record, archive.read(record));
    } else if (record.ends_with(".pkl")) {
      const std::string objects = archive.read(record);
      for (const char* named : {"torch.classes", "torch\nclasses"})
        if (objects.find(named) != std::string::npos) refuse_word(record, "torch.classes");
    }
  }
}

}  // namespace photo51::nn
