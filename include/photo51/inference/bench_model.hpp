#pragma once
/// How fast a model predicts on the machine at hand, by each way to compute it.

#include <cstdint>
#include <string>
#include <vector>

#include "photo51/inference/way.hpp"

namespace photo51::inference {

struct BenchOptions {
  std::vector<std::string> overrides{};  ///< of the model's config
  int64_t batch = 1;                     ///< cases
  std::vector<int64_t> size{};           ///< of images that keep their own size; one edge, or one an axis
  int64_t instances = 16;                ///< of a bag
  double seconds = 1;                    ///< that each way is timed for, at least
  Precision precision = Precision::automatic;
};
struct BenchedWay {
  std::string name;
  double milliseconds = 0;  ///< a case, the median of the passes
  double difference = 0;    ///< max|a - b| / max|b| of the head that is furthest from plain float32
  int64_t peak_bytes = 0;   ///< that the passes take beside the model
  bool chosen = false;      ///< by prediction
  std::string why;          ///< it is chosen, or not
};
struct ModelBench {
  int64_t members = 1;              ///< that prediction runs, of which one was timed
  std::string processor;            ///< the instructions that LibTorch's and oneDNN's kernels use
  std::vector<std::string> inputs;  ///< in words, with their shape
  std::vector<BenchedWay> ways;
};
/// Times the first model of a run or of a published model on the CPU, with random input of its own shapes.
/// Errors (usage): options out of range, those of `Predictor`.
ModelBench bench_model(const std::string& model, const BenchOptions& options);

}  // namespace photo51::inference
