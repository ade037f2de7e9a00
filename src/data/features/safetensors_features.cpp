#include <ATen/ops/empty.h>

#include <vector>

#include "core/whole_io.hpp"
#include "data/features/formats.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/text.hpp"
#include "photo51/nn/weights/safetensors_header.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::data {
namespace {

std::string sizes_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> sizes;
  for (const int64_t size : shape) sizes.push_back(std::to_string(size));
  return "[" + core::join(sizes, ", ") + "]";
}

class SafetensorsFeatures final : public FeatureFile {
 public:
  explicit SafetensorsFeatures(const std::filesystem::path& path)
      : FeatureFile(path), file_(path), header_(nn::read_safetensors_header(file_, path)) {
    const auto found = header_.tensors.find(features_name);
    if (found == header_.tensors.end()) {
      std::vector<std::string> names;
      for (const auto& tensor : header_.tensors) names.push_back(tensor.first);
      core::fail_data(path.string() + ": has no `features`" + core::suggest(features_name, names));
    }
    stored_ = found->second;
    auto& shape = stored_.shape;
    if (shape.size() == 3 && shape[0] == 1) shape.erase(shape.begin());
    if (shape.size() != 2)
      core::fail_data(path.string() + ": features: has the shape " + sizes_text(shape) +
                      "; needs [N, D] or [1, N, D]");
    if (!c10::isFloatingType(stored_.type))
      core::fail_data(path.string() + ": features: holds no floating numbers, but " +
                      c10::toString(stored_.type));
  }
  int64_t count() const override { return stored_.shape[0]; }
  int64_t width() const override { return stored_.shape[1]; }
  std::string encoder() const override {
    const auto found = header_.metadata.find(encoder_name);
    return found == header_.metadata.end() ? "" : found->second;
  }
  at::Tensor coordinates() const override {
    const auto found = header_.tensors.find(coordinates_name);
    if (found == header_.tensors.end()) return {};
    const nn::StoredTensor& stored = found->second;
    if (stored.shape != std::vector<int64_t>{count(), 2})
      core::fail_data(path().string() + ": coords: has the shape " + sizes_text(stored.shape) +
                      "; needs an x and a y for each of the " + std::to_string(count()) + " features");
    at::Tensor values = at::empty(stored.shape, stored.type);
    read_bytes(values.mutable_data_ptr(), stored.bytes, stored.begin);
    return values.to(at::kLong);
  }

  FeatureTiles tiles() const override {
    FeatureTiles tiles;
    const auto number = [&](const char* name) {
      const auto found = header_.metadata.find(name);
      return found == header_.metadata.end()
                 ? 0
                 : checked_tile_number(name, core::parse_double(found->second).value_or(-1));
    };
    tiles.extent = number(extent_name);
    tiles.size = static_cast<int64_t>(number(tile_size_name));
    const auto file = header_.tensors.find(file_name);
    if (file == header_.tensors.end()) return tiles;
    const auto names = header_.metadata.find(files_name);
    tiles.files = core::split(names == header_.metadata.end() ? "" : names->second, '\n');
    at::Tensor values = at::empty(file->second.shape, file->second.type);
    read_bytes(values.mutable_data_ptr(), file->second.bytes, file->second.begin);
    tiles.file = checked_slides(values.to(at::kLong).view({-1}), tiles.files.size());
    return tiles;
  }

 protected:
  at::ScalarType type() const override { return stored_.type; }
  void read(int64_t begin, int64_t count, at::Tensor& to) const override {
    const auto row = static_cast<uint64_t>(width()) * c10::elementSize(stored_.type);
    read_bytes(to.mutable_data_ptr(), static_cast<uint64_t>(count) * row,
               stored_.begin + static_cast<uint64_t>(begin) * row);
  }

 private:
  void read_bytes(void* to, uint64_t bytes, uint64_t at) const {
    if (!core::read_all(file_.descriptor(), static_cast<char*>(to), bytes, at))
      core::fail_data(path().string() + ": reading failed, or it became shorter; make or copy it again");
  }

  core::RegularFile file_;
  nn::SafetensorsHeader header_;
  nn::StoredTensor stored_;  ///< of the features, [N, D]
};

}  // namespace

std::shared_ptr<const FeatureFile> open_safetensors_features(const std::filesystem::path& path) {
  return std::make_shared<SafetensorsFeatures>(path);
}

void write_safetensors_features(const std::filesystem::path& path, const FeatureBag& bag) {
  nn::Tensors tensors{{features_name, bag.features}};
  nn::Metadata metadata{{encoder_name, bag.encoder}};
  if (bag.coordinates.defined()) tensors[coordinates_name] = bag.coordinates;
  if (bag.file.defined()) {
    tensors[file_name] = bag.file;
    metadata[files_name] = core::join(bag.files, "\n");
  }
  for (const auto& [name, value] : bag.tiles) metadata[name] = std::to_string(value);
  if (bag.mpp > 0) metadata["mpp"] = core::format_number(bag.mpp);
  nn::write_safetensors(path, tensors, metadata);
}

}  // namespace photo51::data
