#pragma once
/// A published model carries a few synthetic cases, and what it said of them where it was published: by these
/// a machine is asked whether it computes the same. Nothing in them comes from a patient.

#include <filesystem>
#include <string>
#include <vector>

namespace photo51::inference {

/// How far a head is from what it said where the model was published.
struct HeadDeviation {
  std::string head;
  double largest = 0;  ///< max|a - b| / max|b| of the member that is furthest; infinite where it is no number
  std::string weights;  ///< the file of that member
};

struct SelfTestResult {
  std::string precision;             ///< in which the device computes, in words
  double allowed = 0;                ///< of `HeadDeviation::largest`, in that precision
  std::vector<HeadDeviation> heads;  ///< in the order of the model's labels
  std::string made_by;               ///< program, LibTorch and processor that wrote the self-test
  /// Files of weights that are not those it was written for.
  std::vector<std::string> changed;

  bool passed() const;
};

/// Draws the cases, predicts them on the CPU and writes `self_test.safetensors` into the folder of a
/// published model. Errors: usage (no published model, or one that has a self-test), data (broken; or it says
/// values of these cases that are not finite), run (the folder cannot be written).
void write_self_test(const std::filesystem::path& model);

/// Predicts them again, as prediction in float32 does, on a device as of core::resolve_device. Errors: usage
/// (no published model), data (it has no self-test, or a broken one, or one of another model).
SelfTestResult run_self_test(const std::filesystem::path& model, const std::string& device = "cpu");

}  // namespace photo51::inference
