#include "photo51/data/features/feature_file.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "data/features/h5py_file.hpp"
#include "data/features/hdf5_file.hpp"
#include "photo51/core/files.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class FeatureFiles : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& name, const nn::Tensors& tensors) const {
    nn::write_safetensors(folder_ / name, tensors);
    return folder_ / name;
  }
  std::filesystem::path write(const std::string& name, const std::string& bytes) const {
    core::write_file_atomic(folder_ / name, bytes);
    return folder_ / name;
  }
  static FeatureBag bag() {
    FeatureBag made;
    made.features = at::arange(60, at::kFloat).view({10, 6}) / 8;
    made.coordinates = at::arange(20, at::kLong).view({10, 2}) * 256;
    made.encoder = "abc";
    made.tiles = {{"patch_size", 224}};
    made.mpp = 0.5;
    return made;
  }
  test::TemporaryFolder folder_;
};

TEST_F(FeatureFiles, SayWhatTheirTilesAre) {
  FeatureBag made = bag();
  made.tiles = {{"patch_size", 224}, {"patch_size_level0", 448}};
  made.file = at::arange(10, at::kLong).remainder(2);
  made.files = {"a.svs", "b.svs"};
  for (const FeatureFormat format : {FeatureFormat::safetensors, FeatureFormat::h5}) {
    const auto path = folder_ / ("t." + std::string(enum_names(format)[static_cast<size_t>(format)]));
    write_features(path, format, made);
    const FeatureTiles tiles = FeatureFile::open(path)->tiles();
    EXPECT_EQ(tiles.extent, 448);
    EXPECT_EQ(tiles.size, 224);
    EXPECT_TRUE(at::equal(tiles.file, made.file));
    EXPECT_THAT(tiles.files, ::testing::ElementsAre("a.svs", "b.svs"));
  }
  write("none.safetensors", {{"features", at::ones({2, 3})}});
  const FeatureTiles none = FeatureFile::open(folder_ / "none.safetensors")->tiles();
  EXPECT_EQ(none.extent, 0);
  EXPECT_FALSE(none.file.defined());
}

TEST_F(FeatureFiles, BrokenTilesAreTold) {
  FeatureBag made = bag();
  for (const FeatureFormat format : {FeatureFormat::safetensors, FeatureFormat::h5}) {
    const auto path = folder_ / ("t." + std::string(enum_names(format)[static_cast<size_t>(format)]));
    made.tiles = {{"patch_size_level0", -1}};
    write_features(path, format, made);
    PHOTO51_EXPECT_ERROR(FeatureFile::open(path)->tiles(), data,
                         AllOf(HasSubstr(path.string()), HasSubstr("`patch_size_level0` is no number")));
    made.tiles = {};
    made.file = at::full({10}, 2, at::kLong);
    made.files = {"a.svs", "b.svs"};
    write_features(path, format, made);
    PHOTO51_EXPECT_ERROR(FeatureFile::open(path)->tiles(), data,
                         AllOf(HasSubstr(path.string()), HasSubstr("the number of its slide, below 2")));
    made.file = at::Tensor();
  }
}

TEST_F(FeatureFiles, AreWrittenAndReadInBothFormats) {
  for (const FeatureFormat format : {FeatureFormat::safetensors, FeatureFormat::h5}) {
    const auto path = folder_ / ("a." + std::string(enum_names(format)[static_cast<size_t>(format)]));
    const FeatureBag made = bag();
    write_features(path, format, made);
    const auto file = FeatureFile::open(path);
    EXPECT_EQ(file->count(), 10);
    EXPECT_EQ(file->width(), 6);
    EXPECT_EQ(file->encoder(), "abc");
    EXPECT_TRUE(at::equal(file->rows(0, 10), made.features));
    EXPECT_TRUE(at::equal(file->rows(7, 3), made.features.narrow(0, 7, 3)));
    EXPECT_EQ(file->rows(3, 0).size(0), 0);
    EXPECT_TRUE(at::equal(file->rows({0, 3, 4, 9}), made.features.index_select(0, at::tensor({0, 3, 4, 9}))));
    EXPECT_TRUE(at::equal(file->coordinates(), made.coordinates));
  }
  const auto coords = Hdf5File(folder_ / "a.h5").matrix("coords");
  EXPECT_EQ(std::get<int64_t>(coords->attribute("patch_size").value()), 224);
  EXPECT_EQ(std::get<double>(coords->attribute("mpp").value()), 0.5);
  EXPECT_FALSE(coords->attribute("level"));
  const auto metadata = nn::read_safetensors(folder_ / "a.safetensors").metadata;
  EXPECT_EQ(metadata.at("patch_size"), "224");
}

/// Rows are chosen by pieces: those of one chunk, and neighbours, are read at once.
TEST_F(FeatureFiles, OfOtherProgramsAreUnpacked) {
  const auto file = FeatureFile::open(write("clam.h5", test::h5py_file()));
  const at::Tensor all = at::arange(72, at::kFloat).view({12, 6}) / 8;
  EXPECT_TRUE(at::equal(file->rows(0, 12), all));
  EXPECT_TRUE(at::equal(file->rows({0, 4, 5, 11}), all.index_select(0, at::tensor({0, 4, 5, 11}))));
  EXPECT_EQ(file->encoder(), "");
  EXPECT_EQ(file->coordinates()[11][0].item<int64_t>(), 11 * 256);
  const auto coords = Hdf5File(folder_ / "clam.h5").matrix("coords");
  EXPECT_EQ(std::get<int64_t>(coords->attribute("patch_size").value()), 256);
  EXPECT_EQ(std::get<std::string>(coords->attribute("name").value()), "slide");
  EXPECT_EQ(Hdf5File(folder_ / "clam.h5").matrix("features")->rows_together(), 5);
}

TEST_F(FeatureFiles, MayBeHalfAndHaveALeadingAxis) {
  const at::Tensor values = at::arange(12, at::kFloat).view({1, 3, 4}) / 8;
  for (const at::ScalarType type : {at::kHalf, at::kBFloat16}) {
    const auto file = FeatureFile::open(write("a.safetensors", {{"features", values.to(type)}}));
    EXPECT_EQ(file->rows(0, 3).scalar_type(), type);
    EXPECT_TRUE(at::equal(file->rows({1})[0].to(at::kFloat), values[0][1]));
  }
  const auto file = FeatureFile::open(write("a.safetensors", {{"features", values.to(at::kDouble)}}));
  EXPECT_EQ(file->rows(0, 3).scalar_type(), at::kFloat);
  EXPECT_FALSE(file->coordinates().defined());
  const at::Tensor half = values[0].to(at::kHalf).contiguous();
  write_hdf5(
      folder_ / "half.h5",
      {{"features", {.type = Hdf5Type::f16, .rows = 3, .columns = 4, .values = half.const_data_ptr()}}});
  const auto stored = FeatureFile::open(folder_ / "half.h5");
  EXPECT_TRUE(at::equal(stored->rows(0, 3), half));
}

TEST_F(FeatureFiles, SayWhatIsWrong) {
  const auto refuse = [](const std::filesystem::path& path, const std::string& why) {
    PHOTO51_EXPECT_ERROR(FeatureFile::open(path), data, AllOf(HasSubstr(path.string()), HasSubstr(why)));
  };
  refuse(folder_ / "nowhere.h5", "nowhere.h5");
  refuse(write("a.pt", std::string("PK\3\4 and more of it")), "file of torch.save");
  refuse(write("a.safetensors", std::string("words")), "not a safetensors file");
  refuse(write("a.safetensors", {{"feats", at::zeros({2, 3})}}), "has no `features`");
  refuse(write("a.safetensors", {{"features", at::zeros({2, 2, 3})}}), "[2, 2, 3]; needs [N, D]");
  refuse(write("a.safetensors", {{"features", at::zeros({2, 3}, at::kLong)}}), "no floating numbers");
  refuse(write("a.safetensors", {{"features", at::zeros({0, 3})}}), "no instance");
  refuse(write("a.safetensors", {{"features", at::zeros({2, 0})}}), "no elements");
  refuse(write("a.h5", test::h5py_file().substr(0, 3000)), "damaged");
  const at::Tensor whole = at::zeros({2, 3}, at::kLong);
  const Hdf5Data matrix{.type = Hdf5Type::i64, .rows = 2, .columns = 3, .values = whole.const_data_ptr()};
  write_hdf5(folder_ / "b.h5", {{"coords", matrix}});
  refuse(folder_ / "b.h5", "has no `features`");
  write_hdf5(folder_ / "c.h5", {{"features", matrix}});
  refuse(folder_ / "c.h5", "whole numbers");
}

TEST_F(FeatureFiles, AreReadOnlyWhereTheyAreSound) {
  at::Tensor values = at::zeros({4, 3});
  values[2][1] = NAN;
  write_hdf5(
      folder_ / "nan.h5",
      {{"features", {.type = Hdf5Type::f32, .rows = 4, .columns = 3, .values = values.const_data_ptr()}}});
  const auto file = FeatureFile::open(folder_ / "nan.h5");
  EXPECT_EQ(file->rows(0, 2).size(0), 2);
  PHOTO51_EXPECT_ERROR(file->rows(1, 3), data, HasSubstr("row 2 holds a value that is no finite number"));
  PHOTO51_EXPECT_ERROR(file->rows({0, 2}), data, HasSubstr("row 2 holds"));
  FeatureBag made = bag();
  made.coordinates = at::zeros({9, 2}, at::kLong);
  for (const FeatureFormat format : {FeatureFormat::safetensors, FeatureFormat::h5}) {
    write_features(folder_ / "a", format, made);
    PHOTO51_EXPECT_ERROR(FeatureFile::open(folder_ / "a")->coordinates(), data,
                         HasSubstr("needs an x and a y for each of the 10 features"));
  }
  // It becomes shorter while it is open.
  const auto path = write("short.safetensors", {{"features", at::zeros({1000, 8})}});
  const auto open = FeatureFile::open(path);
  std::filesystem::resize_file(path, 1000);
  PHOTO51_EXPECT_ERROR(open->rows(900, 100), data, HasSubstr("reading failed, or it became shorter"));
}

TEST_F(FeatureFiles, CannotBeWrittenWhereThereIsNoFolder) {
  for (const FeatureFormat format : {FeatureFormat::safetensors, FeatureFormat::h5})
    PHOTO51_EXPECT_ERROR(write_features(folder_ / "nowhere/a", format, bag()), run, HasSubstr("nowhere"));
}

}  // namespace
}  // namespace photo51::data
