#pragma once
/// The upper abdomen of a phantom patient, its liver and lesions, as functions of a point in the patient (mm,
/// LPS).

#include <string>
#include <vector>

#include "phantom/anatomy.hpp"
#include "photo51/phantom/lesions.hpp"

namespace photo51::phantom {

/// A ball with bumps, darker than the liver around it.
struct Lesion {
  Point centre{};
  double radius = 0;    ///< mm, of the ball
  double contrast = 0;  ///< HU, below 0
  bool malignant = false;
  double bumps = 0;  ///< of the log of the radius
  Waves surface;     ///< over directions

  bool contains(const Point& point) const;
  /// From the centre, beyond which it is nowhere.
  double reach() const;
};

class Abdomen {
 public:
  /// With its lesions. They lie in the liver, away from its surface, the gallbladder and each other; one for
  /// which there is no room is made smaller.
  Abdomen(const LesionOptions& options, int64_t patient);

  /// HU without lesions.
  double ct(const Point& point) const;
  double liver_density() const { return density_; }
  double liver_volume() const;  ///< mm³
  const std::vector<Lesion>& lesions() const { return lesions_; }

 private:
  struct Ellipsoid {
    Point centre{}, radii{};
    double operator()(const Point& point) const;  ///< 1 at the surface
  };
  struct Vessel {
    Point from{}, to{};
    double radius = 0;
    double distance(const Point& point) const;  ///< mm from its middle line
  };
  Lesion draw_lesion(int64_t seed, int64_t patient, int64_t number) const;

  Ellipsoid liver_, gallbladder_, stomach_;
  double body_x_ = 0, body_y_ = 0, density_ = 0;
  Waves texture_;
  std::vector<Vessel> vessels_;
  std::vector<Lesion> lesions_;
};

}  // namespace photo51::phantom
