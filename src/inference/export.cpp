#include "inference/model_files.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/inference/member.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/run/layout.hpp"

namespace photo51::inference {

namespace fs = std::filesystem;

void export_model(const fs::path& run, const fs::path& folder, bool allow_unfinished) {
  const ModelFiles files = find_model(run, allow_unfinished);
  if (files.config.filename() != run::name::config)
    core::fail_usage(run.string() + ": is a published model already; give the folder of a run");
  run::refuse_output_folder(folder, "--out");
  std::error_code code;
  if (fs::is_directory(folder, code))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".safetensors")
        core::fail_usage(folder.string() + ": holds " + entry.path().filename().string() +
                         " already, which would be replaced or taken for a part of the model; choose another "
                         "folder");
  PipelineOptions pipeline = read_pipeline(load_config(files));
  // Whom it was trained on is the run's affair.
  const auto cohort = pipeline.cohort;
  pipeline.cohort = {};
  pipeline.cohort.id = cohort.id;
  pipeline.cohort.site = cohort.site;
  config::Node document = config::dump(pipeline);
  document.find("cohort")->erase("split");
  document.find("cohort")->erase("cache");
  if (!files.unfinished.empty()) document.set(unfinished_key, config::Node::scalar(files.unfinished, true));

  core::make_directories(folder);
  for (size_t i = 0; i < files.weights.size(); ++i) {
    const Member member = Member::load(files.weights[i], pipeline);
    const std::string number = files.weights.size() == 1 ? "" : "_" + std::to_string(i);
    member.save(folder / ("weights" + number + ".safetensors"));
  }
  core::write_file_atomic(folder / run::name::published, config::to_yaml(document));
}

}  // namespace photo51::inference
