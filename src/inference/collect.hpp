#pragma once
/// Collects what the members of an ensemble say of each case, beside their predictions.

#include <map>
#include <string>
#include <vector>

#include "photo51/inference/case_result.hpp"
#include "photo51/inference/predictor.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {

class CaseCollector {
 public:
  explicit CaseCollector(const PredictOptions& options) : options_(options) {}
  /// One member's pass over a batch; of a pass with gradients the batch is one case.
  void add(const data::Batch& batch, const model::Outputs& outputs,
           const std::map<std::string, at::Tensor>& predicted);
  /// The results of `predictions`, which are in order of cases and heads.
  std::vector<CaseResult> results(const std::vector<model::Prediction>& predictions) const;

 private:
  struct Said {  ///< of one case, one entry a member
    std::vector<at::Tensor> embeddings;
    std::map<std::string, std::map<std::string, std::vector<at::Tensor>>> attention;
    std::map<std::string, std::map<std::string, std::vector<double>>> modality_weights;
    std::vector<CaseGraph> graphs;
  };
  const PredictOptions& options_;
  std::map<std::string, Said> said_;
};

}  // namespace photo51::inference
