/// Files of features beside h5py and safetensors: theirs as CLAM and TRIDENT write them, and ours read by
/// them.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "parity/peer.hpp"
#include "photo51/core/error.hpp"
#include "photo51/data/features/feature_file.hpp"
#include "photo51/nn/weights/weights.hpp"
#include "support/shared_data.hpp"

namespace photo51::data {
namespace {

class Features : public test::PeerSuite<Features> {
 public:
  static constexpr const char* kScript = "features.py";
};

TEST_F(Features, OfOtherProgramsAreRead) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(peer_->ask({"write", folder.path().string()}));
  const nn::Tensors values = nn::read_safetensors(folder / "values.safetensors").tensors;
  for (const std::string kind : {"clam", "trident", "packed", "big_endian"}) {
    const auto file = FeatureFile::open(folder / (kind + ".h5"));
    const at::Tensor expected = values.at(kind + ".features");
    EXPECT_TRUE(at::equal(file->rows(0, file->count()).to(at::kFloat), expected)) << kind;
    EXPECT_TRUE(at::equal(file->coordinates(), values.at(kind + ".coords"))) << kind;
    for (const int64_t step : {1, 7, 60, 350}) {
      std::vector<int64_t> rows;
      for (int64_t row = 3; row < 700; row += step) rows.push_back(row);
      EXPECT_TRUE(
          at::equal(file->rows(rows).to(at::kFloat), expected.index_select(0, at::tensor(rows, at::kLong))))
          << kind << " " << step;
    }
  }
  for (const char* elsewhere : {"odd.h5", "virtual.h5"})
    EXPECT_THROW(FeatureFile::open(folder / elsewhere), core::Error) << elsewhere;
}

TEST_F(Features, OfOursAreReadByOthers) {
  const test::TemporaryFolder folder;
  FeatureBag bag;
  bag.features = at::arange(60, at::kFloat).view({10, 6}) / 8;
  bag.coordinates = at::arange(20, at::kLong).view({10, 2});
  bag.encoder = "abc";
  bag.tiles = {{"patch_size", 224}};
  bag.mpp = 0.5;
  write_features(folder / "ours.h5", FeatureFormat::h5, bag);
  write_features(folder / "ours.safetensors", FeatureFormat::safetensors, bag);
  EXPECT_TRUE(peer_->ask({"read", folder.path().string()}));
}

}  // namespace
}  // namespace photo51::data
