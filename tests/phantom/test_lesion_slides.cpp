#include "photo51/phantom/lesion_slides.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "photo51/core/files.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "support/errors.hpp"
#include "support/shared_data.hpp"

namespace photo51::phantom {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Optical density of red, where haematoxylin absorbs, mean over a square about a point.
double darkness(const imaging::Slide& slide, double x, double y, int64_t side) {
  const at::Tensor pixels = slide.read(0, std::llround(x) - side / 2, std::llround(y) - side / 2, side, side);
  return -(pixels[0].to(at::kDouble) / 242).clamp_min(1e-2).log().mean().item<double>();
}

TEST(LesionSlides, HalfOfThemHoldALesionThatIsDarker) {
  const test::TemporaryFolder folder;
  const auto lesions = write_lesion_slides({.patients = 4, .seed = 7}, folder.path());
  ASSERT_EQ(lesions.size(), 2U);
  const core::Table cohort = core::read_table(folder / "cohort.csv");
  EXPECT_THAT(cohort.columns, ElementsAre("patient", "slide", "lesion"));
  ASSERT_EQ(cohort.rows.size(), 4U);
  EXPECT_THAT(cohort.rows[0], ElementsAre("S7_0001", "S7_0001.tif", ::testing::AnyOf("0", "1")));
  EXPECT_NE(cohort.rows[0][2], cohort.rows[1][2]) << "one of each two";
  EXPECT_NE(cohort.rows[2][2], cohort.rows[3][2]);
  const core::Table places = core::read_table(folder / "lesions.csv");
  EXPECT_THAT(places.columns, ElementsAre("patient", "x", "y", "radius"));
  ASSERT_EQ(places.rows.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    const SlideLesion& lesion = lesions[i];
    EXPECT_EQ(places.rows[i][0], lesion.patient);
    EXPECT_NEAR(std::stod(places.rows[i][1]), lesion.x, 0.06);
    const imaging::Slide slide = imaging::open_slide(folder / (lesion.patient + ".tif"));
    EXPECT_EQ(slide.levels().front().width, 1600);
    EXPECT_NEAR(slide.mpp()[0], 1, 1e-6);
    const double side = lesion.radius;
    const double inside = darkness(slide, lesion.x, lesion.y, static_cast<int64_t>(side));
    // As far from the middle on the other side, or beside it.
    const double away = lesion.radius + side;
    const double sign = lesion.x < 800 ? 1 : -1;
    const double outside = darkness(slide, lesion.x + sign * away, lesion.y, static_cast<int64_t>(side / 2));
    EXPECT_GT(inside, 1.5 * outside) << lesion.patient;
  }
}

TEST(LesionSlides, APatientDoesNotDependOnTheOthers) {
  const test::TemporaryFolder two, three;
  write_lesion_slides({.patients = 2, .seed = 3, .threads = 1}, two.path());
  write_lesion_slides({.patients = 3, .seed = 3, .threads = 2}, three.path());
  EXPECT_EQ(core::hash_file(two / "S3_0002.tif"), core::hash_file(three / "S3_0002.tif"));
  EXPECT_EQ(core::read_table(two / "cohort.csv").rows[1], core::read_table(three / "cohort.csv").rows[1]);
}

TEST(LesionSlides, RefusesWhatCannotBe) {
  const test::TemporaryFolder folder;
  PHOTO51_EXPECT_ERROR(write_lesion_slides({.patients = 1}, folder.path()), usage,
                       HasSubstr("not in 2..9999"));
  core::write_file_atomic(folder / "mine.txt", "");
  PHOTO51_EXPECT_ERROR(write_lesion_slides({.patients = 2}, folder.path()), usage,
                       HasSubstr("neither empty nor slides of the phantom"));
}

}  // namespace
}  // namespace photo51::phantom
