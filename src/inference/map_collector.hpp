#pragma once
/// Collects the maps of an ensemble, case by case, and brings them onto the grid of the image's file.

#include <ATen/core/Tensor.h>

#include <map>
#include <string>
#include <vector>

#include "photo51/data/load/case.hpp"
#include "photo51/inference/case_map.hpp"
#include "photo51/inference/trained_model.hpp"
#include "photo51/model/model.hpp"

namespace photo51::inference {

class MapCollector {
 public:
  /// What one member says of a batch that was loaded whole.
  void add(const TrainedModel& member, const data::Batch& batch, const model::Outputs& outputs);
  /// The maps of all heads and cases that were added, in the order of `cases` and of the labels; what is
  /// collected is dropped. A place belongs to the class of the highest mean probability; places that no
  /// prepared image covers are background.
  std::vector<CaseMap> maps(const std::vector<data::TaskSpec>& labels, const std::vector<std::string>& cases);

 private:
  struct Drawn {
    std::shared_ptr<const data::ImageGrids> grids;
    std::vector<at::Tensor> logits;  ///< a member each, [K, D, H, W] float32 on the host
  };
  static CaseMap finished(const std::string& case_id, const data::TaskSpec& label, const Drawn& drawn);
  std::map<std::string, std::map<std::string, Drawn>> drawn_;  ///< by case and head
};

}  // namespace photo51::inference
