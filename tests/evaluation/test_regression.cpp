#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "photo51/evaluation/regression.hpp"

namespace photo51::evaluation {
namespace {

TEST(Regression, ReferenceValues) {  // scikit-learn and SciPy
  const std::vector<double> predicted{1.0, 2.0, 2.0, 4.5, 5.0, 3.0}, truth{1.2, 1.9, 2.5, 4.0, 5.5, 5.5};
  EXPECT_NEAR(mean_absolute_error(predicted, truth), 0.7166666666666667, 1e-14);
  EXPECT_NEAR(root_mean_squared_error(predicted, truth), 1.08397416943394, 1e-13);
  EXPECT_NEAR(r_squared(predicted, truth), 0.5870753611870363, 1e-13);
  EXPECT_NEAR(pearson(predicted, truth), 0.8254056595803305, 1e-13);
  EXPECT_NEAR(spearman(predicted, truth), 0.8823529411764706, 1e-13);
}

TEST(Regression, WithoutSpreadIsUndefined) {
  const std::vector<double> flat{2, 2, 2}, other{1, 2, 3};
  EXPECT_TRUE(std::isnan(r_squared(other, flat)));
  EXPECT_TRUE(std::isnan(pearson(flat, other)));
  EXPECT_TRUE(std::isnan(spearman(other, flat)));
  EXPECT_TRUE(std::isnan(mean_absolute_error({}, {})));
  EXPECT_TRUE(std::isnan(root_mean_squared_error({}, {})));
  EXPECT_DOUBLE_EQ(spearman(other, std::vector<double>{1, 10, 100}), 1);
}

}  // namespace
}  // namespace photo51::evaluation
