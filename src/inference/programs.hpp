#pragma once
/// Programs of other libraries that encoders run: a run and a published model hold copies of their files.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/model/options.hpp"

namespace photo51::inference {

struct ProgramFile {
  std::string input;
  std::filesystem::path* file;  ///< in the options
  std::string name() const;     ///< of the copy
};
/// Of encoders whose option names a file; the options must live as long.
std::vector<ProgramFile> program_files(model::ModelOptions& model);

}  // namespace photo51::inference
