#pragma once
/// Matrices in HDF5 files, read by rows and written whole. The library's own headers stay in hdf5_file.cpp.

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace photo51::data {

/// What a data set's numbers are in memory.
enum class Hdf5Type { f16, f32, f64, i32, i64 };
size_t bytes_of(Hdf5Type type);

using Hdf5Attribute = std::variant<int64_t, double, std::string>;

/// A two-dimensional data set of numbers; one with a leading axis of one element is taken as such, too.
class Hdf5Matrix {
 public:
  virtual ~Hdf5Matrix() = default;
  virtual int64_t rows() const = 0;
  virtual int64_t columns() const = 0;
  /// 16 bits of IEEE 754, doubles and whole numbers stay so; all other floating types are read as float32.
  virtual Hdf5Type type() const = 0;
  /// Rows `begin` to `begin + count - 1` into `to`. Error (data).
  virtual void read(int64_t begin, int64_t count, void* to) const = 0;
  /// How many successive rows are unpacked together: reading one of them costs as much as all.
  virtual int64_t rows_together() const = 0;
  /// Of the data set; nothing where there is none of a kind that is read (a number, a text).
  virtual std::optional<Hdf5Attribute> attribute(const std::string& name) const = 0;
};

/// Several threads may read. Filters of plug-ins, external links and data that lies in other files are
/// refused: a file of a stranger leads nowhere else.
class Hdf5File {
 public:
  /// Error (data): no file, not HDF5, damaged.
  explicit Hdf5File(const std::filesystem::path& path);
  /// Null when there is no such data set. Error (data): it is no such matrix, of another type, or packed in a
  /// way that this HDF5 cannot unpack.
  std::unique_ptr<Hdf5Matrix> matrix(const std::string& name) const;
  std::vector<std::string> names() const;  ///< of what the file holds at its top

 private:
  std::filesystem::path path_;
  std::shared_ptr<void> file_;
};

/// A matrix to be written.
struct Hdf5Data {
  Hdf5Type type = Hdf5Type::f32;
  int64_t rows = 0, columns = 0;
  const void* values = nullptr;
  std::map<std::string, Hdf5Attribute> attributes{};
};
/// Data sets that can grow, in chunks of whole rows, as CLAM and TRIDENT have them; under a temporary name
/// until it is whole. Error (run) when it cannot be written.
void write_hdf5(const std::filesystem::path& path, const std::map<std::string, Hdf5Data>& matrices);

}  // namespace photo51::data
