#pragma once
/// What the program says of one of the small inputs that came out wrong once.

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "program.hpp"

namespace photo51::test {

/// Whether an answer is right, and the answer in a few words for the message.
struct Verdict {
  bool right = false;
  std::string said;
};

inline std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}
inline bool says(const std::string& text, const std::string& word) {
  return lower(text).find(lower(word)) != std::string::npos;
}
inline std::string last_line(const std::string& text) {
  const size_t end = text.find_last_not_of('\n');
  if (end == std::string::npos) return "";
  const size_t begin = text.rfind('\n', end);
  return text.substr(begin == std::string::npos ? 0 : begin + 1,
                     end - (begin == std::string::npos ? 0 : begin + 1) + 1);
}
inline bool is_near(double value, double right, double relative = 0.02) {
  return std::abs(value - right) <= relative * std::abs(right);
}
inline std::filesystem::path case_file(const std::string& name) {
  return shared_cases() / name;
}

/// `photo51 inspect --json FILE`.
struct Inspected {
  int exit_code = -1;
  nlohmann::json json;

  bool refused_for(const std::string& word) const { return exit_code == 3 && says(json.dump(), word); }
  bool has_size(int64_t x, int64_t y, int64_t z) const {
    return exit_code == 0 && json["size"] == nlohmann::json{x, y, z};
  }
  bool notes(const std::string& word) const { return exit_code == 0 && says(json["notes"].dump(), word); }
  bool is_clean() const { return exit_code == 0 && json["warnings"].empty(); }
  double number(const std::string& key) const {
    return json[key].is_number() ? json[key].get<double>() : NAN;
  }
  std::string said() const {
    if (!json.is_object()) return "exit code " + std::to_string(exit_code);
    if (exit_code != 0) return json.value("error", nlohmann::json()).dump();
    return json["kind"].dump() + " " + json["size"].dump() + " mm " + json["spacing"].dump() + " mean " +
           json["mean"].dump() + " notes " + json["notes"].dump() + " warnings " + json["warnings"].dump();
  }
};

inline Inspected inspect_case(const std::string& name) {
  const Outcome outcome = run_program({"inspect", "--json", case_file(name).string()});
  Inspected inspected{outcome.exit_code,
                      nlohmann::json::parse(outcome.out.substr(0, outcome.out.find('\n')), nullptr, false)};
  return inspected;
}

/// `photo51 radiomics IMAGE MASK --profile pyradiomics`: the region's volume and mean, or why there is none.
struct Measured {
  int exit_code = -1;
  double volume_mm3 = NAN, mean = NAN;
  std::string err;

  bool is(double right) const { return exit_code == 0 && is_near(volume_mm3, right); }
  bool refused_for(const std::string& word) const { return exit_code == 3 && says(err, word); }
  std::string said() const {
    return exit_code != 0
               ? last_line(err)
               : std::to_string(volume_mm3) + " mm3, mean " + std::to_string(mean) + " " + last_line(err);
  }
};

inline Measured measure(const std::string& image, const std::string& mask,
                        const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"radiomics",
                                     case_file(image).string(),
                                     case_file(mask).string(),
                                     "--profile",
                                     "pyradiomics",
                                     "--format",
                                     "json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const Outcome outcome = run_program(arguments);
  Measured measured{outcome.exit_code, NAN, NAN, outcome.err};
  if (outcome.exit_code != 0) return measured;
  const auto answer = nlohmann::json::parse(outcome.out);
  for (const auto& feature : answer["features"]) {
    if (feature["name"] == "original_shape_VoxelVolume") measured.volume_mm3 = feature["value"];
    if (feature["name"] == "original_firstorder_Mean") measured.mean = feature["value"];
  }
  return measured;
}

}  // namespace photo51::test
