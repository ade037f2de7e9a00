#pragma once
/// How well measurements of the same targets agree: intraclass correlation (Shrout & Fleiss 1979,
/// doi:10.1037/0033-2909.86.2.420; intervals as there, from the F distribution).

#include <vector>

namespace photo51::radiomics {

struct Icc {
  double value = 0;
  double low = 0, high = 0;  ///< of the interval
};

/// Raters that differ from target to target are `one_way`, ICC(1,1); the same fixed ones `two_way`, ICC(3,1),
/// in which a rater who is always higher by as much does no harm.
enum class IccModel { one_way, two_way };

/// `ratings[target][rater]`, as many raters for each. Targets with a value that is not finite are left out;
/// all is NaN with fewer than two targets or raters, or where nothing varies.
Icc intraclass_correlation(const std::vector<std::vector<double>>& ratings, IccModel model,
                           double confidence = 0.95);

}  // namespace photo51::radiomics
