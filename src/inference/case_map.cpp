#include "photo51/inference/case_map.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <utility>

#include "inference/file_stem.hpp"
#include "photo51/core/files.hpp"
#include "photo51/imaging/write.hpp"

namespace photo51::inference {

imaging::Volume mask_of(const CaseMap& map, const data::TaskSpec& label) {
  const bool bytes = !label.values.empty() && std::ranges::all_of(label.values, [](int64_t value) {
    return value > 0 && value < 256;
  });
  at::Tensor values = map.classes;
  if (bytes) {
    at::Tensor table = at::zeros({256}, at::kByte);
    for (size_t k = 0; k < label.values.size(); ++k)
      table.mutable_data_ptr<uint8_t>()[k + 1] = static_cast<uint8_t>(label.values[k]);
    values = table.index_select(0, map.classes.reshape({-1}).to(at::kInt)).view(map.classes.sizes());
  }
  return imaging::make_volume(values.unsqueeze(0).contiguous(), map.geometry, imaging::Modality::segmentation,
                              imaging::Units::label);
}

std::filesystem::path map_file(const std::filesystem::path& folder, const std::string& case_id,
                               const std::string& head) {
  return folder / file_stem(case_id) / (file_stem(head) + ".nii.gz");
}

void write_map(const CaseMap& map, const data::TaskSpec& label, const std::filesystem::path& folder) {
  const auto file = map_file(folder, map.case_id, map.head);
  core::make_directories(file.parent_path());
  imaging::write_nifti(mask_of(map, label), file);
}

std::vector<model::Prediction> predictions_of(const CaseMap& map, const data::TaskSpec& label) {
  std::vector<model::Prediction> rows;
  for (size_t k = 0; k < map.volumes.size(); ++k)
    rows.push_back({map.case_id, map.head, label.classes.at(k), map.volumes[k].value, map.volumes[k].low,
                    map.volumes[k].high});
  return rows;
}

std::vector<model::Prediction> with_volumes(std::vector<model::Prediction> predictions,
                                            const std::vector<model::Prediction>& volumes,
                                            const std::vector<data::TaskSpec>& labels) {
  std::map<std::string, size_t> head_place, case_place;
  for (const auto& label : labels) head_place.emplace(label.head, head_place.size());
  predictions.insert(predictions.end(), volumes.begin(), volumes.end());
  for (const auto& row : predictions) case_place.emplace(row.case_id, case_place.size());
  std::ranges::stable_sort(predictions, {}, [&](const model::Prediction& row) {
    return std::pair(case_place.at(row.case_id), head_place.at(row.head));
  });
  return predictions;
}

}  // namespace photo51::inference
