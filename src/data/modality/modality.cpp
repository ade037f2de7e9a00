#include "data/modality/modality.hpp"

#include <algorithm>
#include <typeinfo>

#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {

const std::vector<const Modality*>& all_modalities() {
  static const std::vector<const Modality*> all{&rows::mri,         &rows::ct,         &rows::pet,
                                                &rows::mammography, &rows::ultrasound, &rows::histopathology,
                                                &rows::omics,       &rows::clinical,   &rows::lesion,
                                                &rows::body_lesion, &rows::radiomics,  &rows::features};
  return all;
}

const config::Components& modalities() {
  static const config::Components components = [] {
    config::Components all;
    for (const Modality* row : all_modalities()) all.push_back(row->component);
    return all;
  }();
  return components;
}

const Modality& modality_of(const config::Choice& input) {
  std::vector<std::string> names;
  for (const Modality* row : all_modalities()) {
    names.push_back(row->component.name);
    if (row->component.name != input.name) continue;
    const auto own = row->component.make();
    const config::Options* given = input.options.get();
    if (given == nullptr || typeid(*given) != typeid(*own))
      core::fail_usage("the options are not those of the modality `" + input.name +
                       "`; fill its own struct (photo51/data/modality) and pass it to data::input");
    return *row;
  }
  core::fail_usage("there is no modality `" + input.name + "`" + core::suggest(input.name, names));
}

bool is_image(const config::Choice& input) {
  return modality_of(input).image.has_value();
}

bool is_bag(const config::Choice& input) {
  return columns_of(input).bag;
}

InputColumns columns_of(const config::Choice& input) {
  return modality_of(input).columns(input);
}

NamedFiles named_files(config::Choice& input) {
  const Modality& row = modality_of(input);
  return row.named_files != nullptr ? row.named_files(input) : NamedFiles{};
}

std::map<std::string, std::string> program_hashes(const Inputs& inputs) {
  std::map<std::string, std::string> hashes;
  for (const auto& [name, input] : inputs) {
    config::Choice choice = input;
    for (const NamedProgram& program : named_files(choice).programs)
      hashes[name + "." + program.key] =
          core::with_context("inputs." + name + "." + program.key, [&, &file = *program.file] {
            if (!std::filesystem::exists(file))
              core::fail_data(file.string() +
                              ": is missing; put the program there that the input runs, or name it");
            return core::hash_file(file);
          });
  }
  return hashes;
}

}  // namespace photo51::data
