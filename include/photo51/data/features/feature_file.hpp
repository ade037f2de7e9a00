#pragma once
/// Features of one case's instances (tiles, views, slices) in a file: what `photo51 embed`, CLAM and TRIDENT
/// write.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::data {

/// The tiles of slides that a file holds the features of, as far as it says.
struct FeatureTiles {
  double extent = 0;  ///< pixels of the slide's finest level along one (`patch_size_level0`); 0 = not said
  int64_t size = 0;   ///< pixels along one as the encoder saw it (`patch_size`); 0 = not said
  at::Tensor file;    ///< [N] int64, which of `files` each lies on; undefined where all lie on one
  std::vector<std::string> files;  ///< names of the slides without folders
};

/// `features`, [N, D] or [1, N, D], float32, float16, bfloat16 or float64, of a .safetensors file or of HDF5.
/// Only the rows that are asked for are read, several threads may do so.
class FeatureFile {
 public:
  virtual ~FeatureFile() = default;
  /// The format is told by the first bytes. Errors (data) name the file: missing, neither format, damaged,
  /// without `features`, or of another shape or type.
  static std::shared_ptr<const FeatureFile> open(const std::filesystem::path& path);

  virtual int64_t count() const = 0;  ///< N, at least 1
  virtual int64_t width() const = 0;  ///< D, at least 1
  /// What they were made with, as `write_features` noted it; empty where nothing says so.
  virtual std::string encoder() const = 0;
  /// [count, D] rows from `begin` on: float16, bfloat16 as stored, else float32. Errors (data): damage, a
  /// value that is NaN or infinite.
  at::Tensor rows(int64_t begin, int64_t count) const;
  /// The same of those whose numbers, ascending, are given.
  at::Tensor rows(const std::vector<int64_t>& numbers) const;
  /// [N, 2] int64, x and y of each instance's upper left corner in pixels of the slide's finest level;
  /// undefined where the file has none. Error (data): not one for each instance.
  virtual at::Tensor coordinates() const = 0;
  /// Errors (data): numbers that are none, a slide for some of the instances only.
  virtual FeatureTiles tiles() const = 0;

 protected:
  explicit FeatureFile(std::filesystem::path path) : path_(std::move(path)) {}
  /// Successive rows into `to`, which is contiguous, [count, D], of `type`.
  virtual void read(int64_t begin, int64_t count, at::Tensor& to) const = 0;
  virtual at::ScalarType type() const = 0;
  /// Rows that are read together: see Hdf5Matrix::rows_together.
  virtual int64_t rows_together() const { return 1; }
  const std::filesystem::path& path() const { return path_; }
  /// What a file says of its tiles. Errors (data): see `tiles`.
  double checked_tile_number(const char* name, double value) const;
  at::Tensor checked_slides(at::Tensor file, size_t files) const;

 private:
  at::Tensor checked(at::Tensor values, const std::function<int64_t(int64_t)>& number) const;
  std::filesystem::path path_;
};

enum class FeatureFormat { safetensors, h5 };
/// As the command line writes them; also the ending of the file's name.
std::span<const std::string_view> enum_names(FeatureFormat);

/// What is to be written of a case.
struct FeatureBag {
  at::Tensor features;     ///< [N, D] float32
  at::Tensor coordinates;  ///< [N, 2] int64; undefined: there are none
  at::Tensor file;         ///< [N] int64, which of `files`; undefined where there is one
  std::vector<std::string> files{};
  std::string encoder;  ///< hash of all that the numbers depend on
  /// Of the tiles, under the names that TRIDENT gives them (`patch_size`, `patch_size_level0`, `overlap`).
  std::map<std::string, int64_t> tiles{};
  double mpp = 0;  ///< of the tiles, um a pixel; 0: there are none
};
/// Atomic. `features` and `coords` (and `file`), in HDF5 with the tiles' numbers as attributes of `coords`,
/// in safetensors as metadata. Error (run) when it cannot be written.
void write_features(const std::filesystem::path& path, FeatureFormat format, const FeatureBag& bag);

}  // namespace photo51::data
