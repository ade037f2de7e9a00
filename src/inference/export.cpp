#include "inference/model_files.hpp"
#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/inference/member.hpp"
#include "photo51/inference/predictor.hpp"

namespace photo51::inference {

void export_model(const std::filesystem::path& run, const std::filesystem::path& folder) {
  const ModelFiles files = find_model(run);
  if (files.config.filename() != "config.yaml")
    core::fail_usage(run.string() + ": is a published model already; give the folder of a run");
  if (std::filesystem::exists(folder / "model.yaml"))
    core::fail_usage(folder.string() + ": holds a model.yaml already; choose another folder or remove it");
  PipelineOptions pipeline = read_pipeline(load_config(files));
  // Whom it was trained on is the run's affair.
  const auto cohort = pipeline.cohort;
  pipeline.cohort = {};
  pipeline.cohort.id = cohort.id;
  pipeline.cohort.site = cohort.site;
  config::Node document = config::dump(pipeline);
  document.find("cohort")->erase("split");
  document.find("cohort")->erase("cache");

  core::make_directories(folder);
  for (size_t i = 0; i < files.weights.size(); ++i) {
    const Member member = Member::load(files.weights[i], pipeline);
    const std::string number = files.weights.size() == 1 ? "" : "_" + std::to_string(i);
    member.save(folder / ("weights" + number + ".safetensors"));
  }
  core::write_file_atomic(folder / "model.yaml", config::to_yaml(document));
}

}  // namespace photo51::inference
