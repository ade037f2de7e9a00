#include <ATen/ops/empty.h>

#include "data/features/formats.hpp"
#include "data/features/hdf5_file.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

at::ScalarType scalar_type(Hdf5Type type) {
  switch (type) {
    case Hdf5Type::f16:
      return at::kHalf;
    case Hdf5Type::f64:
      return at::kDouble;
    case Hdf5Type::i32:
      return at::kInt;
    case Hdf5Type::i64:
      return at::kLong;
    case Hdf5Type::f32:
      break;
  }
  return at::kFloat;
}

class Hdf5Features final : public FeatureFile {
 public:
  explicit Hdf5Features(const std::filesystem::path& path) : FeatureFile(path), file_(path) {
    features_ = file_.matrix(features_name);
    if (!features_)
      core::fail_data(path.string() + ": has no `features`" + core::suggest(features_name, file_.names()) +
                      "; a file of coordinates alone is what CLAM's and TRIDENT's first steps write");
    if (!c10::isFloatingType(type()))
      core::fail_data(path.string() + ": features: holds whole numbers, not floating ones");
  }
  int64_t count() const override { return features_->rows(); }
  int64_t width() const override { return features_->columns(); }
  std::string encoder() const override {
    return core::with_context(path().string(), [&]() -> std::string {
      const auto found = features_->attribute(encoder_name);
      const auto* text = found ? std::get_if<std::string>(&*found) : nullptr;
      return text == nullptr ? "" : *text;
    });
  }
  at::Tensor coordinates() const override {
    const auto coords = file_.matrix(coordinates_name);
    if (!coords) return {};
    if (coords->rows() != count() || coords->columns() != 2)
      core::fail_data(path().string() + ": coords: has the shape [" + std::to_string(coords->rows()) + ", " +
                      std::to_string(coords->columns()) + "]; needs an x and a y for each of the " +
                      std::to_string(count()) + " features");
    at::Tensor values = at::empty({count(), 2}, scalar_type(coords->type()));
    core::with_context(path().string() + ": coords",
                       [&] { coords->read(0, count(), values.mutable_data_ptr()); });
    return values.to(at::kLong);
  }

  FeatureTiles tiles() const override {
    FeatureTiles tiles;
    if (const auto coords = file_.matrix(coordinates_name)) {
      tiles.extent = number_of(*coords, extent_name);
      tiles.size = static_cast<int64_t>(number_of(*coords, tile_size_name));
    }
    if (const auto file = file_.matrix(file_name)) {
      const auto names = core::with_context(path().string(), [&] { return file->attribute(files_name); });
      const auto* text = names ? std::get_if<std::string>(&*names) : nullptr;
      tiles.files = core::split(text == nullptr ? "" : *text, '\n');
      at::Tensor values = at::empty({file->rows(), file->columns()}, scalar_type(file->type()));
      core::with_context(path().string() + ": " + file_name,
                         [&] { file->read(0, file->rows(), values.mutable_data_ptr()); });
      tiles.file = checked_slides(values.to(at::kLong).view({-1}), tiles.files.size());
    }
    return tiles;
  }

 protected:
  at::ScalarType type() const override { return scalar_type(features_->type()); }
  int64_t rows_together() const override { return features_->rows_together(); }
  void read(int64_t begin, int64_t count, at::Tensor& to) const override {
    core::with_context(path().string() + ": features",
                       [&] { features_->read(begin, count, to.mutable_data_ptr()); });
  }

 private:
  /// Of the tiles; 0 where there is no such attribute.
  double number_of(const Hdf5Matrix& coords, const char* name) const {
    const auto found = core::with_context(path().string(), [&] { return coords.attribute(name); });
    if (!found) return 0;
    if (const auto* whole = std::get_if<int64_t>(&*found))
      return checked_tile_number(name, static_cast<double>(*whole));
    const auto* real = std::get_if<double>(&*found);
    return checked_tile_number(name, real == nullptr ? -1 : *real);
  }

  Hdf5File file_;
  std::unique_ptr<Hdf5Matrix> features_;
};

}  // namespace

std::shared_ptr<const FeatureFile> open_hdf5_features(const std::filesystem::path& path) {
  return std::make_shared<Hdf5Features>(path);
}

void write_hdf5_features(const std::filesystem::path& path, const FeatureBag& bag) {
  const auto whole = [](const at::Tensor& values, int64_t columns) {
    return Hdf5Data{
        .type = Hdf5Type::i64, .rows = values.size(0), .columns = columns, .values = values.const_data_ptr()};
  };
  std::map<std::string, Hdf5Data> matrices;
  Hdf5Data& features = matrices[features_name];
  features = {.type = Hdf5Type::f32,
              .rows = bag.features.size(0),
              .columns = bag.features.size(1),
              .values = bag.features.const_data_ptr(),
              .attributes = {{encoder_name, bag.encoder}}};
  if (bag.coordinates.defined()) {
    Hdf5Data& coords = matrices[coordinates_name];
    coords = whole(bag.coordinates, 2);
    for (const auto& [name, value] : bag.tiles) coords.attributes[name] = value;
    if (bag.mpp > 0) coords.attributes["mpp"] = bag.mpp;
  }
  if (bag.file.defined()) {
    matrices[file_name] = whole(bag.file, 1);
    matrices[file_name].attributes[files_name] = core::join(bag.files, "\n");
  }
  write_hdf5(path, matrices);
}

}  // namespace photo51::data
