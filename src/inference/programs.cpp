#include "inference/programs.hpp"

#include "photo51/backbones/catalogue.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::inference {

std::string ProgramFile::name() const {
  return run::program_name(key.empty() ? input : input + "." + key);
}

std::string ProgramFile::user() const {
  return key.empty() ? "encoder" : key.substr(0, key.find('.'));
}

std::vector<ProgramFile> program_files(PipelineOptions& pipeline) {
  std::vector<ProgramFile> found;
  for (auto& [input, encoder] : pipeline.model.encoders)
    if (auto* file = backbones::program_of(encoder); file != nullptr && !file->empty())
      found.push_back({input, "", file});
  for (auto& [input, options] : pipeline.inputs)
    for (const auto& program : data::named_files(options).programs)
      found.push_back({input, program.key, program.file});
  return found;
}

}  // namespace photo51::inference
