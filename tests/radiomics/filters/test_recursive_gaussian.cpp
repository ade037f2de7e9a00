#include <gtest/gtest.h>

#include "radiomics/filters/recursive_gaussian.hpp"

namespace photo51::radiomics {
namespace {

TEST(RecursiveLog, IsTheLaplacianOfWhatIsSmooth) {
  // Of x² + 2 y² + 3 z² the Laplacian is 12 at every scale; far from the edges the recursion finds it.
  Patch image{{{60, 60, 60}, {0.5, 1, 0.8}}, {}, {}};
  image.window = whole_window(image.image);
  for (int64_t voxel = 0; voxel < image.image.count(); ++voxel) {
    const auto at = image.image.place(voxel);
    double sum = 0;
    for (int axis = 0; axis < 3; ++axis) {
      const double along = image.image.spacing[axis] * static_cast<double>(at[axis] - 30);
      sum += (3 - axis) * along * along;
    }
    image.values.push_back(sum);
  }
  constexpr double kSigma = 1.5;
  for (const double value : recursive_log(image, kSigma, {{28, 28, 28}, {33, 32, 31}}))
    EXPECT_NEAR(value, 12 * kSigma * kSigma, 1e-2);
}

}  // namespace
}  // namespace photo51::radiomics
