#include "imaging/masks/grid.hpp"

#include <ATen/ATen.h>

#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "support/errors.hpp"
#include "support/mask_options.hpp"
#include "support/shared_data.hpp"

namespace photo51::imaging {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Volume volume(const std::array<int64_t, 3>& size, const std::array<double, 3>& spacing,
              const std::array<double, 3>& origin = {0, 0, 0}) {
  Geometry g;
  g.size = size;
  g.spacing = spacing;
  g.origin = origin;
  Volume made = make_volume(at::ones({1, size[2], size[1], size[0]}, at::kByte), g);
  made.source = "file.nii";
  return made;
}

int64_t voxels(const Volume& mask) {
  return mask.data.sum().item<int64_t>();
}

TEST(MaskGrid, SaysWhatLiesOutside) {
  const Volume image = volume({100, 10, 10}, {1, 1, 1});
  const Volume inside = volume({10, 10, 10}, {1, 1, 1}, {90, 0, 0});
  EXPECT_THAT(on_grid_of(inside, image).warnings, IsEmpty());
  EXPECT_EQ(voxels(on_grid_of(inside, image)), 1000);
  const Volume half = volume({10, 10, 10}, {1, 1, 1}, {95, 0, 0});
  PHOTO51_EXPECT_ERROR(on_grid_of(half, image), data,
                       AllOf(HasSubstr("500 mm3 of 1000 mm3 (50 %) of the mask lie outside file.nii"),
                             HasSubstr("mask_outside: crop")));
  PHOTO51_EXPECT_ERROR(placed_on(half, image), data, HasSubstr("lie outside"));
  const Volume cropped = on_grid_of(half, image, test::with_outside(MaskOutside::crop));
  EXPECT_EQ(voxels(cropped), 500);
  EXPECT_THAT(cropped.warnings, testing::Contains(HasSubstr("(50 %) of the mask lie outside")));
  // Up to 1 % is a warning.
  const Volume little = volume({200, 10, 10}, {0.5, 1, 1}, {0.5, 0, 0});
  EXPECT_THAT(on_grid_of(little, image).warnings, ElementsAre(HasSubstr("(0.5 %) of the mask lie outside")));
  for (const MaskOutside outside : {MaskOutside::error, MaskOutside::crop})
    PHOTO51_EXPECT_ERROR(
        on_grid_of(volume({9, 9, 9}, {1, 1, 1}, {200, 0, 0}), image, test::with_outside(outside)), data,
        HasSubstr("all 729 mm3 of the mask lie outside file.nii"));
  // What is not drawn may lie anywhere.
  Volume wide = volume({300, 10, 10}, {1, 1, 1}, {-100, 0, 0});
  wide.data.zero_();
  wide.data[0][5][5][150] = 1;
  EXPECT_EQ(voxels(on_grid_of(wide, image)), 1);
}

TEST(MaskGrid, ToleratesPartsOfAVoxel) {
  // 0.009 mm are nothing to a voxel of 1 mm, and everything to one of 0.01 mm.
  EXPECT_TRUE(
      volume({9, 9, 9}, {1, 1, 1}).geometry.matches(volume({9, 9, 9}, {1, 1, 1}, {0.009, 0, 0}).geometry));
  EXPECT_FALSE(volume({9, 9, 9}, {0.01, 0.01, 0.01})
                   .geometry.matches(volume({9, 9, 9}, {0.01, 0.01, 0.01}, {0.009, 0, 0}).geometry));
  EXPECT_EQ(voxels(on_grid_of(volume({9, 9, 9}, {0.01, 0.01, 0.01}, {0.01, 0, 0}),
                              volume({9, 9, 9}, {0.01, 0.01, 0.01}), test::with_outside(MaskOutside::crop))),
            8 * 81);
}

TEST(MaskGrid, NeedsTheImagesSizeWithoutAVoxelSize) {
  Volume image = volume({120, 80, 1}, {1, 1, 1}), mask = volume({60, 40, 1}, {1, 1, 1});
  image.spacing_known = mask.spacing_known = false;
  const auto refused = AllOf(HasSubstr("mask's size is 60 x 40"), HasSubstr("is 120 x 80"),
                             HasSubstr("does not say how large a voxel is"));
  PHOTO51_EXPECT_ERROR(on_grid_of(mask, image), data, refused);
  image.spacing_known = true;
  PHOTO51_EXPECT_ERROR(on_grid_of(mask, image), data, refused);
  image.spacing_known = false;
  mask.spacing_known = true;
  PHOTO51_EXPECT_ERROR(on_grid_of(mask, image), data, refused);
  // Of the same size, the mask lies where the image lies.
  const Volume placed = volume({60, 40, 1}, {0.2, 0.2, 5}, {-70, 20, 9});
  mask.spacing_known = false;
  EXPECT_EQ(voxels(on_grid_of(mask, placed)), 2400);
  EXPECT_TRUE(on_grid_of(mask, placed).geometry.matches(placed.geometry));
  // The file says how large a voxel is, but not where it lies.
  Volume afloat = volume({60, 40, 1}, {0.2, 0.2, 5});
  afloat.orientation_known = false;
  EXPECT_EQ(voxels(on_grid_of(afloat, placed)), 2400);
  EXPECT_THAT(on_grid_of(afloat, placed).warnings, ElementsAre(HasSubstr("does not say where it lies")));
}

TEST(MaskGrid, RefusesAMaskSavedWithoutItsAffine) {
  // All of it happens to lie inside the image.
  const Volume image = volume({10, 10, 10}, {2, 2, 2}, {-5, -5, -5});
  Volume mask = volume({10, 10, 10}, {1, 1, 1});
  PHOTO51_EXPECT_ERROR(on_grid_of(mask, image), data, HasSubstr("an identity affine"));
  mask.geometry.origin[0] = 0.5;
  EXPECT_GT(voxels(on_grid_of(mask, image)), 0);
}

TEST(MaskGrid, SaysWhatResamplingChanges) {
  // A sheet of 0.5 mm between slices of 5 mm.
  const Volume image = volume({10, 10, 10}, {1, 1, 5});
  PHOTO51_EXPECT_ERROR(on_grid_of(volume({10, 10, 1}, {1, 1, 0.5}, {0, 0, 12}), image), data,
                       AllOf(HasSubstr("50.0 mm3 become 0.000 mm3"), HasSubstr("no voxel's centre")));
  const Volume thick = on_grid_of(volume({10, 10, 1}, {1, 1, 0.5}, {0, 0, 10}), image);
  EXPECT_EQ(voxels(thick), 100);
  EXPECT_THAT(thick.warnings, ElementsAre(HasSubstr("50.0 mm3 become 500 mm3")));
  // Ties go to the upper voxel, whichever loop reads them.
  Volume two = volume({4, 1, 1}, {2, 1, 1}, {0.5, 0, 0});
  two.data[0][0][0][0] = two.data[0][0][0][2] = 0;
  Geometry fine = volume({8, 1, 1}, {1, 1, 1}, {-0.5, 0, 0}).geometry;
  fine.origin[0] = -0.5;  // voxel 0 at -0.5: half way between nothing and voxel 0 of the mask
  const at::Tensor straight = on_grid_of(two, fine).data.flatten().to(at::kInt);
  EXPECT_TRUE(at::equal(straight, at::tensor({0, 0, 1, 1, 0, 0, 1, 1}, at::kInt))) << straight;
}

TEST(MaskGrid, RefusesTheMasksThatLieElsewhere) {
  PHOTO51_NEEDS_SHARED_CASES("dicom/c10_mask_eye");
  const auto eye = test::shared_cases() / "dicom/c10_mask_eye";
  const Volume ct = read_volume(eye / "ct.nii.gz");
  const Volume right = on_grid_of(read_mask(eye / "right.nii.gz", {&ct}), ct);
  EXPECT_NEAR(1000 * volume_ml(right), 640, 1e-6);
  EXPECT_NEAR(ct.data.masked_select(right.data.ne(0)).to(at::kDouble).mean().item<double>(), 46, 0.5);
  PHOTO51_EXPECT_ERROR(on_grid_of(read_mask(eye / "eye.nii.gz", {&ct}), ct), data,
                       AllOf(HasSubstr("eye.nii.gz"), HasSubstr("outside")));
  const auto geometry = test::shared_cases() / "radiomics/geometry";
  const Volume image = read_volume(geometry / "i.nii.gz");
  PHOTO51_EXPECT_ERROR(on_grid_of(read_mask(geometry / "half_out.nii.gz"), image), data,
                       HasSubstr("of 1861 mm3"));
  EXPECT_NEAR(1000 * volume_ml(on_grid_of(read_mask(geometry / "half_out.nii.gz"), image,
                                          test::with_outside(MaskOutside::crop))),
              1569, 1);
  const auto pictures = test::shared_cases() / "slides/mask_size";
  const Volume picture = read_volume(pictures / "image.png");
  EXPECT_EQ(voxels(on_grid_of(read_mask(pictures / "same.png"), picture)), 481);
  PHOTO51_EXPECT_ERROR(on_grid_of(read_mask(pictures / "half.png"), picture), data,
                       HasSubstr("the mask's size is"));
}

}  // namespace
}  // namespace photo51::imaging
