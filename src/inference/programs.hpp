#pragma once
/// Programs of other libraries that encoders and segmenters run: a run and a published model hold copies of
/// their files.

#include <filesystem>
#include <string>
#include <vector>

#include "photo51/inference/pipeline.hpp"

namespace photo51::inference {

struct ProgramFile {
  std::string input;
  std::string key;              ///< of the input's options: "segmenter.program"; empty: its encoder's
  std::filesystem::path* file;  ///< in the options
  std::string name() const;     ///< of the copy
  /// "encoder", "segmenter"
  std::string user() const;
};
/// Of encoders and inputs whose options name files; the options must live as long.
std::vector<ProgramFile> program_files(PipelineOptions& pipeline);

}  // namespace photo51::inference
