#include "report/svg.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "photo51/core/text.hpp"

namespace photo51::report {

namespace {

std::string pixel(double value) {
  return core::format_fixed(value, 1);
}

std::string tick_text(double value, bool percent) {
  if (percent) return core::format_fixed(100 * value, 0) + " %";
  const double rounded = std::round(value * 1e6) / 1e6;
  return core::format_number(rounded == 0 ? 0.0 : rounded);
}

std::string painted(const char* property, const char* paint) {
  return paint ? std::string(" ") + property + "=\"" + paint + "\"" : std::string();
}

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string data_uri(std::string_view png) {
  static constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "data:image/png;base64,";
  for (size_t i = 0; i < png.size(); i += 3) {
    uint32_t group = 0;
    const size_t here = std::min<size_t>(3, png.size() - i);
    for (size_t k = 0; k < 3; ++k)
      group = (group << 8U) | (k < here ? static_cast<unsigned char>(png[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= here ? digits[(group >> (18 - 6 * k)) & 63U] : '=';
  }
  return out;
}

const char* color(size_t index) {
  static constexpr std::array<const char*, 7> palette{"#0b5fa5", "#d55e00", "#00875f", "#a6478c",
                                                      "#b8860b", "#3aa6d8", "#6b7280"};
  return palette[index % palette.size()];
}

Axis axis_for(double low, double high, std::string label, int ticks) {
  if (!(high > low)) high = low + 1;
  const double rough = (high - low) / ticks, scale = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * scale;
  for (const double factor : {5.0, 2.0, 1.0})
    if (factor * scale >= rough) step = factor * scale;
  Axis axis;
  axis.low = std::floor(low / step) * step;
  axis.high = std::ceil(high / step) * step;
  axis.label = std::move(label);
  const auto count = static_cast<int>(std::lround((axis.high - axis.low) / step));
  for (int i = 0; i <= count; ++i) axis.ticks.push_back(axis.low + i * step);
  return axis;
}

Plot::Plot(double width, double height, Axis x, Axis y, std::string_view description, double below)
    : x_(std::move(x)),
      y_(std::move(y)),
      width_(width),
      height_(height + below),
      left_(y_.ticks.empty() && y_.label.empty() ? 6 : 58),
      right_(width - 20),
      top_(10),
      bottom_(height - 44) {
  const auto told = escape(description);
  out_ = "<svg viewBox=\"0 0 " + pixel(width_) + " " + pixel(height_) + "\" role=\"img\" aria-label=\"" +
         told + "\"><title>" + told + "</title>\n";
  draw_axes();
}

double Plot::at_x(double value) const {
  return left_ + (value - x_.low) / (x_.high - x_.low) * (right_ - left_);
}

double Plot::at_y(double value) const {
  return bottom_ - (value - y_.low) / (y_.high - y_.low) * (bottom_ - top_);
}

void Plot::draw_axes() {
  const auto rule = [&](const char* name, double x0, double y0, double x1, double y1) {
    out_ += "<line class=\"" + std::string(name) + "\" x1=\"" + pixel(x0) + "\" y1=\"" + pixel(y0) +
            "\" x2=\"" + pixel(x1) + "\" y2=\"" + pixel(y1) + "\"/>\n";
  };
  for (const double tick : y_.ticks) {
    rule("grid", left_, at_y(tick), right_, at_y(tick));
    text(left_ - 7, at_y(tick) + 4, tick_text(tick, y_.percent), "end", "tick");
  }
  for (const double tick : x_.ticks) {
    rule("grid", at_x(tick), top_, at_x(tick), bottom_);
    text(at_x(tick), bottom_ + 16, tick_text(tick, x_.percent), "middle", "tick");
  }
  rule("axis", left_, bottom_, right_, bottom_);
  text((left_ + right_) / 2, bottom_ + 36, x_.label, "middle", "axis-label");
  if (!y_.label.empty())
    out_ += "<text class=\"axis-label\" text-anchor=\"middle\" transform=\"translate(12 " +
            pixel((top_ + bottom_) / 2) + ") rotate(-90)\">" + escape(y_.label) + "</text>\n";
}

void Plot::shape(const char* element, const char* name, const Points& points, const char* property,
                 const char* paint) {
  out_ += "<" + std::string(element) + " class=\"" + name + "\"" + painted(property, paint) + " points=\"";
  for (size_t i = 0; i < points.size(); ++i)
    out_ += (i > 0 ? " " : "") + pixel(at_x(points[i].first)) + "," + pixel(at_y(points[i].second));
  out_ += "\"/>\n";
}

void Plot::line(const char* name, const Points& points, const char* paint) {
  shape("polyline", name, points, "stroke", paint);
}

void Plot::area(const char* name, const Points& outline, const char* paint) {
  shape("polygon", name, outline, "fill", paint);
}

void Plot::dot(const char* name, double x, double y, double radius, const char* paint, std::string_view tip) {
  out_ += "<circle class=\"" + std::string(name) + "\"" + painted("fill", paint) + " cx=\"" + pixel(at_x(x)) +
          "\" cy=\"" + pixel(at_y(y)) + "\" r=\"" + pixel(radius) + "\"";
  out_ += tip.empty() ? "/>\n" : "><title>" + escape(tip) + "</title></circle>\n";
}

void Plot::text(double pixel_x, double pixel_y, std::string_view content, const char* anchor,
                const char* name, const char* paint) {
  out_ += "<text class=\"" + std::string(name) + "\"" + painted("fill", paint) + " x=\"" + pixel(pixel_x) +
          "\" y=\"" + pixel(pixel_y) + "\" text-anchor=\"" + anchor + "\">" + escape(content) + "</text>\n";
}

void Plot::legend(const std::vector<std::pair<std::string, std::string>>& names_and_colors, double pixel_x,
                  double pixel_y) {
  for (const auto& [name, paint] : names_and_colors) {
    out_ += "<line class=\"key\" stroke=\"" + paint + "\" x1=\"" + pixel(pixel_x) + "\" x2=\"" +
            pixel(pixel_x + 16) + "\" y1=\"" + pixel(pixel_y) + "\" y2=\"" + pixel(pixel_y) + "\"/>\n";
    text(pixel_x + 22, pixel_y + 4, name);
    pixel_y += 16;
  }
}

std::string Plot::done() {
  return std::move(out_) + "</svg>";
}

}  // namespace photo51::report
