#pragma once
/// The `inputs:` section of a config: each a choice by `modality:`. The modalities' options stand in
/// data/modality/, one header each.

#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "photo51/config/fields.hpp"
#include "photo51/config/node.hpp"
#include "photo51/data/modality/columns.hpp"

namespace photo51::data {

using Inputs = std::vector<std::pair<std::string, config::Choice>>;

/// The key that chooses.
inline constexpr const char* modality_key = "modality";
/// The table of modalities.
const config::Components& modalities();

/// An input from C++: `{{"mri", input(MriOptions{})}}`.
template <class Options>
config::Choice input(Options options) {
  return config::choose(Options::modality, std::move(options));
}

/// Errors (usage) of these functions: a modality that there is not, options that are not its own.
///
/// Whether it is read as images (mri, ct, …) rather than as a row of numbers.
bool is_image(const config::Choice& input);
/// Whether a case of this input is a bag (modality/image.hpp). `bag: auto`: mammography with several
/// channels, slides in tiles, several frames with dims: 2.
bool is_bag(const config::Choice& input);
InputColumns columns_of(const config::Choice& input);

/// A program that an input runs before a model sees it.
struct NamedProgram {
  std::string key;              ///< in the input's options: "segmenter.program"
  std::filesystem::path* file;  ///< in place
};
/// What the options of an input name that prediction needs too, to be changed in place when a model leaves
/// the folder that it was made in.
struct NamedFiles {
  std::string* table = nullptr;                ///< beside the manifest; may be a column's name as well
  std::filesystem::path* reference = nullptr;  ///< of stain normalisation
  std::vector<NamedProgram> programs{};        ///< with a file
};
NamedFiles named_files(config::Choice& input);
/// Hashes of the programs of all inputs, by `<input>.<key>`. Error (data) that names the key: one is missing.
std::map<std::string, std::string> program_hashes(const Inputs& inputs);

/// Takes away what the inputs name for training alone, such as gene sets: what was learned replaces it.
void drop_keys_of_training(config::Node& document);

}  // namespace photo51::data
