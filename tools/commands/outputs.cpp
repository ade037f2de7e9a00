#include "commands/outputs.hpp"

#include "photo51/core/error.hpp"

namespace photo51::commands {
namespace {

namespace fs = std::filesystem;

/// Whether two paths lead to one file, which need not be there yet.
bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code code;
  if (fs::equivalent(a, b, code)) return true;
  const auto whole = [](const fs::path& path) {
    std::error_code none;
    return fs::weakly_canonical(fs::absolute(path, none), none);
  };
  return whole(a) == whole(b);
}

bool same_input(const fs::path& input, const fs::path& file) {
  const std::string text = input.string();
  const size_t choice = text.rfind('#');
  return same_file(input, file) || (choice != std::string::npos && same_file(text.substr(0, choice), file));
}

}  // namespace

Outputs::Outputs(std::vector<fs::path> inputs) : inputs_(std::move(inputs)) {}

void Outputs::add(const fs::path& file) {
  if (file.empty()) return;
  for (const fs::path& input : inputs_)
    if (!input.empty() && same_input(input, file))
      core::fail_usage(file.string() + " would be written over, and is read: give --out another name");
  for (const fs::path& output : outputs_)
    if (same_file(output, file))
      core::fail_usage(
          file.string() +
          " would be written twice: the table, and beside it FILE.json that says what from; give "
          "--out a name that ends with .csv");
  outputs_.push_back(file);
}

}  // namespace photo51::commands
