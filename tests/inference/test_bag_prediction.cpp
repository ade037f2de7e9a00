// Predictions of slides whose tiles are never in memory together.
#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gmock/gmock.h>

#include "photo51/config/read.hpp"
#include "photo51/core/files.hpp"
#include "photo51/data/load/for_each_batch.hpp"
#include "photo51/imaging/picture/picture.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::inference {
namespace {

/// Two slides of 60 tiles of stained tissue, one of 6, and a case without any.
class BagPrediction : public ::testing::Test {
 protected:
  BagPrediction() {
    at::manual_seed(5);
    write_tissue("a.png", 10);
    write_tissue("b.png", 10);
    write_tissue("c.png", 1);
    core::write_file_atomic(folder_ / "cohort.csv",
                            "patient,slide,age,idh\nP1,a.png,1,1\nP2,,2,0\nP3,c.png,3,0\nP4,b.png,4,1\n");
    config::read(config::parse_yaml(R"(
cohort: {manifest: cohort.csv}
inputs:
  he:
    modality: histopathology
    channels: [slide]
    dims: 2
    tile: {mpp: 1, size: 32, tissue: {mpp: 4, min_area: 0.0001}, slide: {mpp: 1}}
    preprocess: {normalize: {method: fixed, mean: [0.5], std: [0.25], full_scale: 255}}
  table: {modality: clinical, columns: [age]}
model:
  encoders:
    he: {name: conv_net, widths: [4, 8], bag_pool: gated_abmil, bag_chunk: 16}
    table: {name: identity}
  heads: {idh: {task: binary}}
)",
                                    "bags.yaml"),
                 pipeline_);
    pipeline_.cohort.manifest = folder_ / "cohort.csv";
    cohort_ = std::make_unique<data::Cohort>(pipeline_.cohort, pipeline_.inputs,
                                             model::label_specs(pipeline_.model));
    TrainedModelInfo info;
    info.fitted = data::fit(*cohort_, rows_);
    info.labels = cohort_->labels();
    at::manual_seed(1);
    member_ = std::make_unique<TrainedModel>(pipeline_, info);
    member_->model->fit_heads(*cohort_, rows_);
    member_->model->eval();
  }
  void write_tissue(const std::string& name, int64_t columns) const {
    at::Tensor picture = at::full({8 * 32, (columns + 2) * 32, 3}, 250, at::kByte);
    auto tissue = picture.narrow(0, 32, 6 * 32).narrow(1, 32, columns * 32);
    tissue.copy_(at::stack({at::randint(150, 200, tissue.sizes().slice(0, 2), at::kLong),
                            at::randint(60, 110, tissue.sizes().slice(0, 2), at::kLong),
                            at::randint(120, 180, tissue.sizes().slice(0, 2), at::kLong)},
                           2));
    core::write_file_atomic(folder_ / name, imaging::encode_png(picture));
  }
  /// Of whole bags, which all lie in memory.
  std::vector<double> of_whole_bags(int64_t batch_size, const std::vector<preprocess::Axis>& flip) {
    const c10::InferenceMode mode;
    const data::CaseLoader cases(*cohort_, member_->info.fitted);
    data::BatchPass pass;
    pass.rows = rows_;
    pass.loading.flip = flip;
    pass.loading.batch_size = batch_size;
    std::vector<double> values;
    data::for_each_batch(*cohort_, cases, member_->info.fitted, pass, [&](const data::Batch& batch) {
      EXPECT_TRUE(batch.inputs.at("he").values.defined());
      const at::Tensor said = member_->model->predict(member_->model->forward(batch)).at("idh");
      for (int64_t i = 0; i < said.numel(); ++i)
        values.push_back(static_cast<double>(said.view({-1})[i].item<float>()));
      return true;
    });
    return values;
  }

  test::TemporaryFolder folder_;
  PipelineOptions pipeline_;
  std::unique_ptr<data::Cohort> cohort_;
  std::unique_ptr<TrainedModel> member_;
  const std::vector<int64_t> rows_{0, 1, 2, 3};
};

TEST_F(BagPrediction, StreamedTilesSayTheSameToTheLastBit) {
  for (const int64_t batch_size : {1, 3, 4})
    for (const int64_t workers : {0, 2})
      for (const std::vector<preprocess::Axis>& flip :
           {std::vector<preprocess::Axis>{}, std::vector<preprocess::Axis>{preprocess::Axis::x}}) {
        InferenceOptions options;
        options.batch_size = batch_size;
        options.workers = workers;
        options.flip = flip;
        int64_t tiles = 0;
        options.on_outputs = [&](const data::Batch& batch, const model::Outputs& outputs, const auto&) {
          const auto& input = batch.inputs.at("he");
          EXPECT_FALSE(input.stream);
          const bool large = batch.size() > 1 || batch.cases[0] == "P1" || batch.cases[0] == "P4";
          EXPECT_EQ(input.features.defined(), large);
          EXPECT_NE(input.values.defined(), large);
          tiles += input.offsets[-1].item<int64_t>();
          const bool any = input.present.any().item<bool>();  // P2 alone has nothing to attend to
          ASSERT_EQ(outputs.attention.contains("encoders.he"), any);
          if (any) {
            EXPECT_EQ(outputs.attention.at("encoders.he").at("bag").size(0),
                      input.offsets[-1].item<int64_t>());
          }
        };
        std::vector<double> values;
        const data::CaseLoader cases(*cohort_, member_->info.fitted, 0);
        for (const auto& prediction : predict(*member_, *cohort_, cases, rows_, options))
          values.push_back(prediction.value);
        EXPECT_EQ(values, of_whole_bags(batch_size, flip));
        EXPECT_EQ(tiles, 60 + 6 + 60);
      }
}

/// With gradients the bags lie in memory, as the float32 numbers that are differentiated by.
TEST_F(BagPrediction, GradientsNeedWholeBags) {
  InferenceOptions options;
  options.batch_size = 1;
  options.gradients = true;
  int64_t leaves = 0;
  options.on_outputs = [&](const data::Batch& batch, const auto&, const auto&) {
    const auto& input = batch.inputs.at("he");
    EXPECT_EQ(input.values.scalar_type(), at::kFloat);
    EXPECT_FALSE(input.lookup.defined());
    leaves += input.values.requires_grad() ? 1 : 0;
  };
  const data::CaseLoader cases(*cohort_, member_->info.fitted);
  predict(*member_, *cohort_, cases, rows_, options);
  EXPECT_EQ(leaves, 4);
}

TEST_F(BagPrediction, AStreamIsNotForForward) {
  const data::CaseLoader cases(*cohort_, member_->info.fitted);
  const data::Batch batch =
      data::collate({cases.load(0, {}, {}, 32)}, data::input_info(pipeline_.inputs, member_->info.fitted),
                    cohort_->labels());
  PHOTO51_EXPECT_ERROR(member_->model->forward(batch), usage,
                       ::testing::HasSubstr("input he: its bags are a stream"));
}

/// What passes share in memory is bounded where a case has no bound.
TEST(SharedImages, AreFewerOfBags) {
  EXPECT_EQ(shared_images_mib(1, true), 0);
  EXPECT_EQ(shared_images_mib(1, false), 0);
  EXPECT_EQ(shared_images_mib(2, true), 1024);
  EXPECT_EQ(shared_images_mib(10, false), 4096);
}

}  // namespace
}  // namespace photo51::inference
