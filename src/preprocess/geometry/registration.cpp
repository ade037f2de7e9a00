#include "photo51/preprocess/geometry/registration.hpp"

#include <cmath>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "preprocess/geometry/affine.hpp"

namespace photo51::preprocess {
namespace {

using Numbers = std::vector<double>;

Numbers numbers_in(std::string_view text) {
  Numbers found;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const auto number = core::parse_double(word);
    if (!number || !std::isfinite(*number)) core::fail_data("`" + word + "` is not a number");
    found.push_back(*number);
  }
  return found;
}

AffineMap from_rows(const Numbers& rows) {
  if (rows.size() != 12 && rows.size() != 16)
    core::fail_data("a matrix has 12 or 16 numbers, not " + std::to_string(rows.size()));
  if (rows.size() == 16 && (rows[12] != 0 || rows[13] != 0 || rows[14] != 0 || rows[15] != 1))
    core::fail_data("the last row of the matrix is not 0 0 0 1");
  AffineMap map;
  for (size_t i = 0; i < 3; ++i) {
    for (size_t j = 0; j < 3; ++j) map.matrix[3 * i + j] = rows[4 * i + j];
    map.offset[i] = rows[4 * i + 3];
  }
  return map;
}

AffineMap about(size_t axis, double angle) {
  AffineMap map;
  const size_t a = (axis + 1) % 3, b = (axis + 2) % 3;
  map.matrix[3 * a + a] = map.matrix[3 * b + b] = std::cos(angle);
  map.matrix[3 * b + a] = std::sin(angle);
  map.matrix[3 * a + b] = -std::sin(angle);
  return map;
}

/// A rotation from the vector part of its unit quaternion.
AffineMap from_versor(double x, double y, double z) {
  const double squared = x * x + y * y + z * z;
  if (squared > 1) core::fail_data("the versor is longer than 1");
  const double w = std::sqrt(1 - squared);
  AffineMap map;
  map.matrix = {1 - 2 * (y * y + z * z), 2 * (x * y - z * w),     2 * (x * z + y * w),
                2 * (x * y + z * w),     1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
                2 * (x * z - y * w),     2 * (y * z + x * w),     1 - 2 * (x * x + y * y)};
  return map;
}

/// One transform of an ITK file.
struct Entry {
  std::string type;  ///< without `_double_3_3`
  Numbers parameters, fixed;

  void expect(size_t count) const {
    if (parameters.size() != count)
      core::fail_data(type + " has " + std::to_string(count) + " parameters, not " +
                      std::to_string(parameters.size()));
  }
  AffineMap map() const;
};

AffineMap Entry::map() const {
  const auto& p = parameters;
  AffineMap linear;
  std::array<double, 3> move{};
  if (type == "IdentityTransform") return linear;
  if (type == "TranslationTransform") {
    expect(3);
    linear.offset = {p[0], p[1], p[2]};
    return linear;
  }
  if (type == "AffineTransform" || type == "MatrixOffsetTransformBase") {
    expect(12);
    std::copy_n(p.begin(), 9, linear.matrix.begin());
    move = {p[9], p[10], p[11]};
  } else if (type == "Euler3DTransform") {
    expect(6);
    const AffineMap x = about(0, p[0]), y = about(1, p[1]), z = about(2, p[2]);
    const bool zyx = fixed.size() > 3 && fixed[3] != 0;
    linear = zyx ? compose(z, compose(y, x)) : compose(z, compose(x, y));
    move = {p[3], p[4], p[5]};
  } else if (type == "VersorRigid3DTransform" || type == "Similarity3DTransform") {
    const bool similar = type == "Similarity3DTransform";
    expect(similar ? 7 : 6);
    linear = from_versor(p[0], p[1], p[2]);
    for (double& value : linear.matrix) value *= similar ? p[6] : 1;
    move = {p[3], p[4], p[5]};
  } else {
    core::fail_data("transform `" + type +
                    "` is not affine or not known; export it as AffineTransform or as a 4 x 4 matrix");
  }
  if (fixed.size() < 3) core::fail_data(type + " lacks the centre in FixedParameters");
  // About the centre: M (x - c) + c + t.
  const std::array<double, 3> centre{fixed[0], fixed[1], fixed[2]};
  const auto turned_centre = transform(linear, centre);
  for (size_t i = 0; i < 3; ++i) linear.offset[i] = centre[i] + move[i] - turned_centre[i];
  return linear;
}

AffineMap from_itk(const std::string& text) {
  std::vector<Entry> entries;
  for (const auto& line : core::split(text, '\n')) {
    const auto colon = line.find(':');
    if (line.empty() || line[0] == '#' || colon == std::string::npos) continue;
    const std::string key(core::trim(std::string_view(line).substr(0, colon)));
    const std::string value(core::trim(std::string_view(line).substr(colon + 1)));
    if (key == "Transform") {
      const auto end = value.find('_');
      if (end == std::string::npos || !value.ends_with("_3_3"))
        core::fail_data("transform `" + value + "` is not one of three dimensions");
      if (value.substr(0, end) == "CompositeTransform") continue;
      entries.push_back({value.substr(0, end), {}, {}});
    } else if (!entries.empty() && key == "Parameters") {
      entries.back().parameters = numbers_in(value);
    } else if (!entries.empty() && key == "FixedParameters") {
      entries.back().fixed = numbers_in(value);
    }
  }
  if (entries.empty()) core::fail_data("it holds no transform");
  AffineMap map;
  for (const auto& entry : entries) map = compose(map, entry.map());
  return map;
}

AffineMap parse(const std::string& text) {
  constexpr std::string_view mark = "#Insight Transform File";
  if (text.find('\0') != std::string::npos)
    core::fail_data("it is a binary file; convert the transform to ITK's text format or to a 4 x 4 matrix");
  if (std::string_view(text).starts_with(mark)) return from_itk(text);
  std::string plain;
  for (const auto& line : core::split(text, '\n')) plain += line.substr(0, line.find('#')) + "\n";
  return from_rows(numbers_in(plain));
}

}  // namespace

ops::AffineMap read_registration(const std::filesystem::path& path) {
  AffineMap map;
  core::with_context([&] { return "registration " + path.string(); },
                     [&] {
                       map = parse(core::read_file(path, core::most_of_a_config));
                       inverse(map);
                     });
  return map;
}

}  // namespace photo51::preprocess
