#include "inference/programs.hpp"

#include "photo51/backbones/catalogue.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::inference {

std::string ProgramFile::name() const {
  return run::program_name(input);
}

std::vector<ProgramFile> program_files(model::ModelOptions& model) {
  std::vector<ProgramFile> found;
  for (auto& [input, encoder] : model.encoders)
    if (auto* file = backbones::program_of(encoder); file != nullptr && !file->empty())
      found.push_back({input, file});
  return found;
}

}  // namespace photo51::inference
