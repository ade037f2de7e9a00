#pragma once
/// Drawing on SVG: a plot area with axes, in data coordinates.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace photo51::report {

/// Text for HTML and SVG: & < > " ' become entities.
std::string escape(std::string_view text);
std::string data_uri(std::string_view png);

/// Colors that people with any color vision tell apart (after Okabe and Ito 2008), cyclic.
const char* color(size_t index);

struct Axis {
  double low = 0, high = 1;
  std::string label;
  std::vector<double> ticks;
  bool percent = false;
};
/// An axis that holds the values, with round ticks.
Axis axis_for(double low, double high, std::string label, int ticks = 5);

using Points = std::vector<std::pair<double, double>>;

class Plot {
 public:
  /// `description` is read to people who cannot see the plot. `below`: room under the x axis, for a table.
  Plot(double width, double height, Axis x, Axis y, std::string_view description, double below = 0);

  double at_x(double value) const;
  double at_y(double value) const;
  double left() const { return left_; }
  double bottom() const { return bottom_; }
  double width() const { return width_; }

  /// `name` becomes the element's class; colors come by `paint`, else from the page's style.
  void line(const char* name, const Points& points, const char* paint = nullptr);
  void area(const char* name, const Points& outline, const char* paint = nullptr);
  void dot(const char* name, double x, double y, double radius, const char* paint = nullptr,
           std::string_view tip = {});
  /// Text in pixels.
  void text(double pixel_x, double pixel_y, std::string_view content, const char* anchor = "start",
            const char* name = "label", const char* paint = nullptr);
  /// A short line and a name each, downward from a pixel.
  void legend(const std::vector<std::pair<std::string, std::string>>& names_and_colors, double pixel_x,
              double pixel_y);
  std::string done();

 private:
  void draw_axes();
  void shape(const char* element, const char* name, const Points& points, const char* property,
             const char* paint);

  Axis x_, y_;
  double width_, height_, left_, right_, top_, bottom_;
  std::string out_;
};

}  // namespace photo51::report
