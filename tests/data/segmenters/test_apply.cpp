// What is done with a region.
#include "data/segmenters/segmented.hpp"
#include "photo51/data/modality/mri.hpp"

namespace photo51::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class ApplySegmenter : public SegmentedCases {
 protected:
  /// A block of ones in zeros, and 7s everywhere.
  ApplySegmenter() {
    block_.slice(0, 1, 3).slice(1, 1, 4).slice(2, 2, 5).fill_(1);
    image("a.nii", block_);
    image("b.nii", at::full({4, 6, 8}, 7));
    program(threshold_net);
  }
  static constexpr const char* both = "patient,a,b\nP1,a.nii,b.nii\n";
  at::Tensor block_ = at::zeros({4, 6, 8});
};

TEST_F(ApplySegmenter, StripsEveryChannel) {
  const at::Tensor stripped = values(segmented("{name: torchscript, program: NET}"), both);
  EXPECT_TRUE(at::equal(stripped[0], block_));
  EXPECT_TRUE(at::equal(stripped[1], 7 * block_));
  const at::Tensor black = values(segmented("{name: torchscript, program: NET, background: -1000}"), both);
  EXPECT_TRUE(at::equal(black[1], at::where(block_ > 0, 7.0, -1000.0).to(at::kFloat)));
  // Without a segmenter they are as they were.
  EXPECT_TRUE(
      at::equal(values(read_input("modality: mri\nchannels: [a, b]\n"), both)[1], at::full({4, 6, 8}, 7.0)));
}

/// A channel of half the size, whose voxels lie between those of the other.
TEST_F(ApplySegmenter, ChannelsOnOtherGridsAreStrippedAtTheSamePlace) {
  image("b.nii", at::full({4, 3, 4}, 7), {2, 2, 1}, {0.5, 0.5, 0});
  const at::Tensor stripped =
      values(segmented("{name: torchscript, program: NET}", "preprocess: {spacing: [1, 1, 1]}\n"), both);
  // Centres at x 0.5, 2.5, 4.5, 6.5 and y 0.5, 2.5, 4.5; a tie goes to the upper voxel.
  at::Tensor kept = at::zeros({4, 3, 4});
  kept.slice(0, 1, 3).slice(1, 0, 2).slice(2, 1, 2).fill_(7);
  image("b.nii", kept, {2, 2, 1}, {0.5, 0.5, 0});
  const auto plain = read_input("modality: mri\nchannels: [a, b]\npreprocess: {spacing: [1, 1, 1]}\n");
  EXPECT_TRUE(at::equal(stripped[1], values(plain, both)[1]));
}

/// The channel b lies 2 mm further along x in its own world.
TEST_F(ApplySegmenter, RegistrationsAreFollowed) {
  write("move.txt", "1 0 0 2\n0 1 0 0\n0 0 1 0\n");
  const std::string manifest = "patient,a,b,b.registration\nP1,a.nii,b.nii,move.txt\n";
  image("b.nii", at::full({4, 6, 8}, 7), {1, 1, 1}, {2, 0, 0});
  EXPECT_TRUE(at::equal(values(segmented("{name: torchscript, program: NET}"), manifest)[1], 7 * block_));
  // Found in b, and brought to a.
  image("a.nii", at::full({4, 6, 8}, 5));
  image("b.nii", block_, {1, 1, 1}, {2, 0, 0});
  EXPECT_TRUE(at::equal(values(segmented("{name: torchscript, program: NET, channels: b}"), manifest)[0],
                        5 * block_));
}

TEST_F(ApplySegmenter, CropsToTheBoxOfTheRegion) {
  const auto cut = [&](const std::string& options) {
    return values(segmented("{name: torchscript, program: NET, " + options + "}"), both);
  };
  const at::Tensor box = cut("use: crop");
  EXPECT_EQ(box.sizes(), (std::vector<int64_t>{2, 2, 3, 3}));
  EXPECT_TRUE((box[0] == 1).all().item<bool>());
  EXPECT_TRUE((box[1] == 7).all().item<bool>());
  // As far as the scan reaches.
  const at::Tensor wide = cut("use: [strip, crop], margin: 2");
  EXPECT_EQ(wide.sizes(), (std::vector<int64_t>{2, 4, 6, 7}));
  EXPECT_EQ(wide[1].sum().item<double>(), 7 * 18);
}

TEST_F(ApplySegmenter, TheRegionIsTheMask) {
  const auto input = segmented("{name: torchscript, program: NET, use: mask}", "preprocess: {crop: mask}\n");
  const Case loaded = load(input, both);
  const auto& found = loaded.inputs.at("in");
  EXPECT_EQ(found.values.sizes(), (std::vector<int64_t>{3, 2, 3, 3}));
  EXPECT_TRUE((found.values[2] == 1).all().item<bool>());
  EXPECT_TRUE(found.channel_present.all().item<bool>());
  EXPECT_EQ(found.channel_present.numel(), 3);
  EXPECT_EQ(input_info({{"in", input}}, {}).at("in").channels, 3);
  const auto hidden = segmented("{name: torchscript, program: NET, use: mask}",
                                "mask_channel: false\npreprocess: {crop: mask}\n");
  EXPECT_EQ(values(hidden, both).sizes(), (std::vector<int64_t>{2, 2, 3, 3}));
  EXPECT_EQ(input_info({{"in", hidden}}, {}).at("in").channels, 2);
}

TEST_F(ApplySegmenter, TheFirstChannelThatIsThere) {
  const auto input = segmented("{name: torchscript, program: NET, channels: [b, a]}");
  EXPECT_EQ(values(input, both)[0].sum().item<double>(), 18);  // all of b is above the threshold
  EXPECT_TRUE(at::equal(values(input)[0], block_));            // there is no b
  EXPECT_THAT(failure(core::Fault::data,
                      [&] { values(segmented("{name: torchscript, program: NET, channels: b}")); }),
              AllOf(HasSubstr("case P1: input in: segmenter: "), HasSubstr("has none of the channels b")));
}

TEST_F(ApplySegmenter, NothingFoundIsAnError) {
  image("a.nii", block_ / 4);
  EXPECT_THAT(failure(core::Fault::data, [&] { values(segmented("{name: torchscript, program: NET}")); }),
              AllOf(HasSubstr("a.nii: nothing is found in it"), HasSubstr("lower `threshold` (0.5)")));
}

/// The frame lies elsewhere than the channel that the region is found in.
TEST_F(ApplySegmenter, ACropThatLeavesNothingIsAnError) {
  image("b.nii", at::full({4, 6, 8}, 7), {1, 1, 1}, {100, 0, 0});
  config::Choice turned =
      read_input("modality: mri\nchannels: [b, a]\nsegmenter: {name: torchscript, program: " +
                 (folder_ / "net.pt").string() + ", channels: a, use: crop}\n");
  EXPECT_THAT(failure(core::Fault::data, [&] { values(turned, both); }),
              HasSubstr("b.nii: holds nothing of the region that was found"));
}

/// A key of the cache holds what the program is, not where it lies.
TEST_F(ApplySegmenter, TheCacheKnowsThePrograms) {
  CohortOptions cached;
  cached.cache.folder = folder_ / "cache";
  const auto input = segmented("{name: torchscript, program: NET}");
  const auto first = [&](const config::Choice& one) {
    return load(one, both, cached).inputs.at("in").values[1].clone();
  };
  const auto entries = [&] {
    int64_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "cache"))
      if (entry.path().extension() == ".p51") ++count;
    return count;
  };
  EXPECT_TRUE(at::equal(first(input), 7 * block_));
  EXPECT_EQ(entries(), 1);
  std::filesystem::copy_file(folder_ / "net.pt", folder_ / "copy.pt");
  const auto moved = read_input("modality: mri\nchannels: [a, b]\nsegmenter: {name: torchscript, program: " +
                                (folder_ / "copy.pt").string() + "}\n");
  EXPECT_TRUE(at::equal(first(moved), 7 * block_));
  EXPECT_EQ(entries(), 1);
  program("def forward(self, x):\n  return torch.ones_like(x) * (x < 0.5)\n");
  EXPECT_TRUE(at::equal(first(input), 7 * (1 - block_)));
  EXPECT_EQ(entries(), 2);
  first(segmented("{name: torchscript, program: NET, dilate: 1}"));
  EXPECT_EQ(entries(), 3);
}

TEST_F(ApplySegmenter, OptionsOfTheInputAreHeldAgainstIt) {
  const auto refused = [&](const std::string& options, const std::string& more = "") {
    return failure(core::Fault::usage,
                   [&] { segmented("{name: torchscript, program: NET, " + options + "}", more); });
  };
  EXPECT_THAT(refused("channels: c"), HasSubstr("there is no channel `c`"));
  EXPECT_THAT(refused("use: strip", "bag: always\n"), HasSubstr("one scan a case; set bag: never"));
  EXPECT_THAT(refused("use: strip", "color: rgb\n"), HasSubstr("leave out color"));
  EXPECT_THAT(refused("use: mask", "mask: seg\n"), HasSubstr("both say what the region is"));
  EXPECT_THAT(refused("use: []"), HasSubstr("say what the region is for"));
  EXPECT_THAT(refused("use: crop, background: 3"), HasSubstr("is for use: strip"));
  EXPECT_THAT(refused("margin: 3"), HasSubstr("is for use: crop"));
  EXPECT_THAT(failure(core::Fault::usage, [&] { segmented("{name: deepbets}"); }), HasSubstr("deepbet"));
  MriOptions strange;
  strange.channels = {"a"};
  strange.segmenter = {"nobody", std::make_shared<config::OptionsOf<config::NoOptions>>()};
  EXPECT_THAT(failure(core::Fault::usage,
                      [&] {
                        read("patient,a\nP1,a.nii\n", {{"in", input(strange)}});
                      }),
              HasSubstr("nobody"));
}

TEST_F(ApplySegmenter, NamedFilesAreItsPrograms) {
  auto input = segmented("{name: torchscript, program: NET}");
  const auto programs = named_files(input).programs;
  ASSERT_EQ(programs.size(), 1U);
  EXPECT_EQ(programs[0].key, "segmenter.program");
  EXPECT_EQ(*programs[0].file, folder_ / "net.pt");
  EXPECT_EQ(program_hashes({{"in", input}}).at("in.segmenter.program"), core::hash_file(folder_ / "net.pt"));
  std::filesystem::remove(folder_ / "net.pt");
  EXPECT_THAT(
      failure(core::Fault::data,
              [&] {
                program_hashes({{"in", input}});
              }),
      AllOf(HasSubstr("inputs.in.segmenter.program: "), HasSubstr("net.pt: is missing; put the program")));
}

/// Not in this library: a row of another one.
class LeftHalf final : public Segmenter {
 public:
  imaging::Volume find(const SegmenterImages& images) const override {
    imaging::Volume region = *images.channels[images.frame()];
    region.data = at::zeros_like(region.data, at::kByte);
    region.data.slice(3, 0, 4).fill_(1);
    return region;
  }
};
struct LeftHalfOptions : SegmenterOptions {};
void describe(config::Fields& f, LeftHalfOptions& o) {
  describe_segmenter(f, o);
}

TEST_F(ApplySegmenter, OthersAddRows) {
  segmenters().add(config::component<LeftHalfOptions>("left_half", "for a test"),
                   {.make = [](const config::Choice&) -> std::shared_ptr<const Segmenter> {
                      return std::make_shared<LeftHalf>();
                    },
                    .options = [](const config::Choice& choice) -> const SegmenterOptions& {
                      return choice.as<LeftHalfOptions>();
                    },
                    .programs = [](config::Choice&) { return std::vector<NamedProgram>{}; }});
  EXPECT_EQ(values(segmented("left_half"), both)[1].sum().item<double>(), 7 * 4 * 6 * 4);
}

}  // namespace
}  // namespace photo51::data
