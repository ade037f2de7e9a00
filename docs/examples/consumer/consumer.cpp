// Makes a small cohort, trains a fusion of MRI and expression on it, and asks the result about its patients.
#include <photo51/backbones/cnn/conv_net.hpp>
#include <photo51/core/error.hpp>
#include <photo51/data/modality/mri.hpp>
#include <photo51/data/modality/omics.hpp>
#include <photo51/fusion/options.hpp>
#include <photo51/inference/predictor.hpp>
#include <photo51/phantom/phantom.hpp>
#include <photo51/radiogenomics/heads/options.hpp>
#include <photo51/radiogenomics/options.hpp>
#include <photo51/training/run/run.hpp>

#include <cstdio>

using namespace photo51;

int main() try {
  const auto folder = std::filesystem::temp_directory_path() / "photo51_consumer";
  std::filesystem::remove_all(folder);
  phantom::write_phantom({.patients = 24, .seed = 1}, folder / "cohort");

  data::MriOptions mri;
  mri.channels = {"flair"};
  mri.mask = "seg";
  mri.preprocess.spacing = {6, 6, 6};
  mri.preprocess.crop = {.around = preprocess::CropAround::mask, .margin = 12};
  mri.preprocess.size = {12, 12, 12};
  mri.preprocess.normalize.method = preprocess::NormalizeMethod::zscore;
  data::OmicsOptions genes;
  genes.table = "expression";

  training::ExperimentOptions experiment;
  experiment.pipeline.cohort.manifest = folder / "cohort" / "cohort.csv";
  experiment.pipeline.cohort.split.test_fraction = 0.25;
  experiment.pipeline.inputs = {{"mri", data::input(mri)}, {"genes", data::input(genes)}};
  backbones::ConvNetOptions network;
  network.widths = {4, 8};
  experiment.pipeline.model.encoders = {
      {"mri", config::choose("conv_net", network)},
      {"genes", config::choose<radiogenomics::SnnOptions>("snn", {.hidden = {8}})}};
  experiment.pipeline.model.fusion = config::choose<fusion::GatedOptions>("gated", {.width = 8});
  experiment.pipeline.model.heads = {{"genotype", radiogenomics::head(radiogenomics::BinaryHeadOptions{})}};
  experiment.train.epochs = 3;
  training::RunRequest request;
  request.folder = folder / "run";
  training::train(experiment, request);

  const inference::Predictor predictor(folder / "run");
  const data::Cohort cohort(experiment.pipeline.cohort, experiment.pipeline.inputs, predictor.labels(),
                            false);
  for (const auto& prediction : predictor.predict(cohort, {0, 1, 2}))
    if (prediction.class_name == "1")
      std::printf("%s: P(genotype = 1) = %.2f\n", prediction.case_id.c_str(), prediction.value);
  return 0;
} catch (const core::Error& error) {
  std::fprintf(stderr, "consumer: %s\n", error.what());
  return 1;
}
