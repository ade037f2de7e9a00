#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <numbers>

#include "phantom/abdomen_scan.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/phantom/lesions.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::phantom {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct WrittenLesions {
  test::TemporaryFolder folder;
  LesionSummary summary = write_lesion_phantom({.patients = 24, .seed = 5, .threads = 2}, folder.path());
};
const WrittenLesions& written_lesions() {
  static const WrittenLesions instance;
  return instance;
}

/// The lesion's voxels.
at::Tensor voxels_of(const imaging::Volume& mask, int64_t lesion) {
  return (mask.data[0] == lesion).nonzero();
}

TEST(LesionPhantom, TableAndMaskSayTheSame) {
  const fs::path& folder = written_lesions().folder.path();
  const core::Table cohort = core::read_table(folder / "cohort.csv");
  const core::Table table = core::read_table(folder / "lesions.csv");
  ASSERT_EQ(cohort.rows.size(), 24U);
  std::set<int64_t> counts;
  size_t row = 0;
  for (const auto& patient : cohort.rows) {
    const imaging::Volume mask = imaging::read_volume(folder / patient[cohort.require("seg")]);
    const imaging::Volume ct = imaging::read_volume(folder / patient[cohort.require("ct")]);
    EXPECT_EQ(ct.units, imaging::Units::hounsfield);
    const int64_t count = std::stoll(patient[cohort.require("lesions")]);
    counts.insert(count);
    EXPECT_EQ(mask.data.max().item<int64_t>(), count) << patient[0];
    bool malignant = false;
    for (int64_t k = 1; k <= count; ++k, ++row) {
      ASSERT_LT(row, table.rows.size());
      const auto number = [&](const char* column) {
        return std::stod(table.rows[row][table.require(column)]);
      };
      EXPECT_EQ(table.rows[row][0], patient[0]);
      EXPECT_EQ(number("lesion"), k);
      malignant |= table.rows[row][table.require("class")] == "malignant";
      const at::Tensor voxels = voxels_of(mask, k);
      ASSERT_GT(voxels.size(0), 0) << patient[0] << " " << k;
      const at::Tensor middle = voxels.to(at::kDouble).mean(0);
      const auto at = mask.geometry.to_world(
          {middle[2].item<double>(), middle[1].item<double>(), middle[0].item<double>()});
      const Point centre{number("x"), number("y"), number("z")};
      const double radius = number("radius");
      for (size_t a = 0; a < 3; ++a)
        EXPECT_NEAR(at[a], centre[a], 2.5 + 0.2 * radius) << patient[0] << " " << k;
      const auto& spacing = mask.geometry.spacing;
      const double volume = static_cast<double>(voxels.size(0)) * spacing[0] * spacing[1] * spacing[2];
      const double ball = 4.0 / 3 * std::numbers::pi * std::pow(radius, 3);
      if (radius > 6) {
        EXPECT_NEAR(volume / ball, 1, 0.5) << patient[0] << " " << k;
      }
    }
    EXPECT_EQ(patient[cohort.require("malignant")], malignant ? "1" : "0");
  }
  EXPECT_EQ(row, table.rows.size());
  EXPECT_THAT(counts, testing::ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(written_lesions().summary.lesions, static_cast<int64_t>(row));
  EXPECT_GT(written_lesions().summary.malignant, 0);
  EXPECT_GT(written_lesions().summary.healthy, 0);
}

/// The files as they are read, less the abdomen, along what a lesion adds: the matched filter has the mean
/// that is said, and a standard deviation of 1.
TEST(LesionPhantom, AMatchedFilterSeesWhatIsSaid) {
  const fs::path& folder = written_lesions().folder.path();
  const core::Table cohort = core::read_table(folder / "cohort.csv");
  const core::Table hidden = core::read_table(folder / "hidden.csv");
  double sum = 0, square = 0;
  size_t row = 0;
  for (int64_t i = 0; i < 24; ++i) {
    const auto& patient = cohort.rows[static_cast<size_t>(i)];
    const imaging::Volume ct =
        imaging::to_float(imaging::read_volume(folder / patient[cohort.require("ct")]));
    const auto* value = ct.data.const_data_ptr<float>();
    const Abdomen abdomen({.seed = 5}, i);
    for (const Lesion& lesion : abdomen.lesions()) {
      double filtered = 0, length = 0;
      for_each_voxel(ct.geometry, [&](int64_t voxel, const Point& point) {
        const Point& c = lesion.centre;
        if (std::hypot(point[0] - c[0], point[1] - c[1], point[2] - c[2]) > lesion.reach() + 8) return;
        const double share = share_of(lesion, ct.geometry, ct.geometry.to_index(point));
        const double without = abdomen.ct(point);
        const double adds = share * (abdomen.liver_density() + lesion.contrast - without);
        filtered += adds * (value[voxel] - without);
        length += adds * adds;
      });
      const double noise = abdomen_sites()[static_cast<size_t>(i) % 3].noise;
      const double away = filtered / std::sqrt(length) / noise -
                          std::stod(hidden.rows.at(row++)[hidden.require("distinctness")]);
      sum += away;
      square += away * away;
    }
  }
  const auto count = static_cast<double>(row);
  ASSERT_GT(count, 20);
  EXPECT_NEAR(sum / count, 0, 4 / std::sqrt(count));
  EXPECT_NEAR(square / count, 1, 4 * std::sqrt(2 / count));
}

/// A plain ball of known volume: its length in the image is contrast times the root of its voxels.
TEST(LesionPhantom, DistinctnessIsContrastTimesTheRootOfTheVolume) {
  int64_t count = 0;
  for (int64_t i = 0; i < 30; ++i) {
    const Abdomen abdomen({.seed = 9, .least = 3, .most = 3}, i);
    const AbdomenScan scan = scan_abdomen(abdomen, 0, i, 9);
    for (size_t k = 0; k < 3; ++k) {
      const Lesion& lesion = abdomen.lesions()[k];
      if (lesion.radius < 9 || lesion.contrast > -30) continue;
      const double voxels = 4.0 / 3 * std::numbers::pi * std::pow(lesion.radius, 3) / (2.5 * 2.5 * 4);
      EXPECT_NEAR(scan.distinctness[k] * 10 / (-lesion.contrast * std::sqrt(voxels)), 1, 0.35)
          << i << " " << k;
      ++count;
    }
  }
  EXPECT_GT(count, 5);
}

TEST(LesionPhantom, SensitivityIsTheNormalDistributions) {
  // 40 places and one false positive: the threshold is 1.95996 deviations.
  EXPECT_NEAR(filter_sensitivity(1.959963984540054, 40, 1), 0.5, 1e-9);
  EXPECT_NEAR(filter_sensitivity(0, 40, 1), 0.025, 1e-9);
  EXPECT_NEAR(filter_sensitivity(1.959963984540054 + 1, 160, 4), 0.841344746068543, 1e-9);
  EXPECT_EQ(filter_sensitivity(0, 3, 4), 1);
}

TEST(LesionPhantom, SmallAndFaintLesionsAreHardToFind) {
  const LesionSummary& summary = written_lesions().summary;
  ASSERT_EQ(summary.groups.size(), 7U);
  EXPECT_EQ(summary.groups.back().lesions, summary.lesions);
  int64_t grouped = 0;
  for (size_t g = 0; g < 6; ++g) grouped += summary.groups[g].lesions;
  EXPECT_EQ(grouped, summary.lesions);
  EXPECT_LT(summary.groups[0].sensitivity_at_1, 0.6);
  EXPECT_GT(summary.groups[5].sensitivity_at_1, 0.99);
  for (const LesionGroup& group : summary.groups)
    if (group.lesions > 0) {
      EXPECT_GE(group.sensitivity_at_4, group.sensitivity_at_1);
    }
  const auto json = nlohmann::json::parse(core::read_file(written_lesions().folder / "phantom.json"));
  EXPECT_EQ(json.at("kind"), "lesions");
  EXPECT_EQ(json.at("lesions"), summary.lesions);
  EXPECT_EQ(json.at("lesions_a_patient"), nlohmann::json({0, 3}));
  EXPECT_EQ(json.at("matched_filter").back().at("sensitivity_at_1"), summary.groups.back().sensitivity_at_1);
}

TEST(LesionPhantom, LesionsKeepApart) {
  for (int64_t i = 0; i < 20; ++i) {
    const Abdomen abdomen({.seed = 2, .least = 6, .most = 6}, i);
    ASSERT_EQ(abdomen.lesions().size(), 6U);
    for (size_t a = 0; a < 6; ++a)
      for (size_t b = 0; b < a; ++b) {
        const Lesion &one = abdomen.lesions()[a], &other = abdomen.lesions()[b];
        EXPECT_GT(std::hypot(one.centre[0] - other.centre[0], one.centre[1] - other.centre[1],
                             one.centre[2] - other.centre[2]),
                  one.reach() + other.reach());
      }
  }
}

TEST(LesionPhantom, SameSeedSameBytesWhateverTheNumberOfPatientsAndThreads) {
  test::TemporaryFolder again;
  write_lesion_phantom({.patients = 4, .seed = 5, .threads = 1}, again.path());
  int compared = 0;
  for (const auto& entry : fs::recursive_directory_iterator(again.path())) {
    const fs::path relative = fs::relative(entry.path(), again.path());
    if (!entry.is_regular_file() || !relative.has_parent_path()) continue;
    EXPECT_EQ(core::hash_file(entry.path()), core::hash_file(written_lesions().folder.path() / relative))
        << relative;
    ++compared;
  }
  EXPECT_GT(compared, 80);
}

TEST(LesionPhantom, RefusesWhatCannotBe) {
  test::TemporaryFolder folder;
  const auto refused = [&](const LesionOptions& options, const char* text) {
    PHOTO51_EXPECT_ERROR(write_lesion_phantom(options, folder.path()), usage, HasSubstr(text));
  };
  refused({.patients = 3}, "patients: 3 is not in 4..9999");
  refused({.least = 2, .most = 1}, "lesions: 2..1 is no ascending range within 0..6");
  refused({.least = -1}, "lesions: -1..3");
  refused({.most = 7}, "lesions: 0..7");
  core::write_file_atomic(folder / "file", "x");
  refused({.patients = 4}, "no phantom.json");
}

}  // namespace
}  // namespace photo51::phantom
