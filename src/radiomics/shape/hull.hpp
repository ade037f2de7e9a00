#pragma once
/// The convex hull of a mask, and what is measured on it.

#include <array>
#include <cstdint>
#include <vector>

#include "radiomics/region/voxels.hpp"
#include "radiomics/shape/points.hpp"

namespace photo51::radiomics {

struct Hull {
  std::vector<Point> vertices;
  std::vector<std::array<int32_t, 3>> facets;  ///< triangles, counter-clockwise seen from outside
};

/// Of points of a lattice with `spacing` mm, by quickhull (Barber, Dobkin & Huhdanpaa 1996,
/// doi:10.1145/235815.235821) in whole numbers, which decides exactly what lies in a plane. The points, at
/// most 30,000 apart, must not all lie in one plane.
Hull convex_hull(const std::vector<Place>& points, const std::array<double, 3>& spacing);

/// Of the surface between voxels inside and outside, the same as that of the mesh's corners.
Hull convex_hull(const Mask& mask, const Grid& grid);

double volume(const Hull& hull);
double area(const Hull& hull);
/// The largest distance between two vertices.
double diameter(const Hull& hull);

struct Extent {
  double volume = 0, area = 0;  ///< mm³, mm²
};
/// The box of the smallest volume, in any orientation: one face flush with a facet, then turned about each of
/// its axes until no turn makes it smaller.
Extent smallest_box(const Hull& hull);

/// The ellipsoid of the smallest volume around the hull (Khachiyan 1996; with the steps away of Todd &
/// Yıldırım 2007, doi:10.1016/j.dam.2007.02.013), to 1e-7.
Extent smallest_ellipsoid(const Hull& hull);

/// With half axes a >= b >= c.
Extent ellipsoid(double a, double b, double c);
/// The same with the area of IBSI's manual (3.1.20): Legendre polynomials up to degree 20 of the
/// eccentricities 1 - b²/a² and 1 - c²/a², where the ellipsoid's own area has 1 - c²/a² and 1 - c²/b². The
/// benchmark's values are these.
Extent approximate_ellipsoid(double a, double b, double c);

}  // namespace photo51::radiomics
