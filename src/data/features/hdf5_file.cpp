#include "data/features/hdf5_file.hpp"

#include <hdf5.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "core/whole_io.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"
#include "photo51/core/temporary.hpp"
#include "photo51/core/text.hpp"

namespace photo51::data {
namespace {

/// An identifier of the library, given back by the function of its kind.
class Id {
 public:
  using Close = herr_t (*)(hid_t);
  Id(hid_t id, Close close) : id_(id), close_(close) {}
  Id(Id&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Id(const Id&) = delete;
  Id& operator=(const Id&) = delete;
  ~Id() {
    if (id_ >= 0) close_(id_);
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_;
  Close close_;
};

/// Errors of the library are told by return values; its own printing to the standard error is off meanwhile.
class Quiet {
 public:
  Quiet() {
    H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    H5Eclear2(H5E_DEFAULT);
  }
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;
  ~Quiet() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// What the library says went wrong, at the innermost place that says it.
std::string reason() {
  std::string found;
  H5Ewalk2(
      H5E_DEFAULT, H5E_WALK_UPWARD,
      [](unsigned depth, const H5E_error2_t* error, void* to) -> herr_t {
        if (depth == 0 && error->desc != nullptr) *static_cast<std::string*>(to) = error->desc;
        return 0;
      },
      &found);
  return found.empty() ? "HDF5 cannot read it" : found;
}

[[noreturn]] void fail_damaged() {
  core::fail_data(reason() + "; the file is damaged or not finished, copy or make it again");
}

struct TypeFacts {
  Hdf5Type type;
  size_t bytes;
};
constexpr std::array<TypeFacts, 5> type_facts{
    {{Hdf5Type::f16, 2}, {Hdf5Type::f32, 4}, {Hdf5Type::f64, 8}, {Hdf5Type::i32, 4}, {Hdf5Type::i64, 8}}};

/// As numbers lie in memory.
Id memory_type(Hdf5Type type) {
  const auto copy = [](hid_t native) { return Id(H5Tcopy(native), H5Tclose); };
  switch (type) {
    case Hdf5Type::f16: {
      Id half = copy(H5T_IEEE_F32LE);
      H5Tset_fields(half.get(), 15, 10, 5, 0, 10);
      H5Tset_size(half.get(), 2);
      H5Tset_ebias(half.get(), 15);
      return half;
    }
    case Hdf5Type::f64:
      return copy(H5T_NATIVE_DOUBLE);
    case Hdf5Type::i32:
      return copy(H5T_NATIVE_INT32);
    case Hdf5Type::i64:
      return copy(H5T_NATIVE_INT64);
    case Hdf5Type::f32:
      break;
  }
  return copy(H5T_NATIVE_FLOAT);
}

Hdf5Type type_of(hid_t stored) {
  const H5T_class_t kind = H5Tget_class(stored);
  const size_t bytes = H5Tget_size(stored);
  if (kind == H5T_INTEGER)
    return bytes > 4 || H5Tget_sign(stored) == H5T_SGN_NONE ? Hdf5Type::i64 : Hdf5Type::i32;
  if (kind != H5T_FLOAT) core::fail_data("it holds something other than numbers");
  if (bytes > 4) return Hdf5Type::f64;
  return H5Tequal(stored, memory_type(Hdf5Type::f16).get()) > 0 ? Hdf5Type::f16 : Hdf5Type::f32;
}

/// Bytes of unpacked chunks that are kept, so that rows that are read one after the other are unpacked once.
constexpr uint64_t most_kept = uint64_t{1} << 30;

class Matrix final : public Hdf5Matrix {
 public:
  Matrix(std::shared_ptr<void> file, Id set, std::vector<hsize_t> shape, Hdf5Type type, int64_t together)
      : file_(std::move(file)),
        set_(std::move(set)),
        shape_(std::move(shape)),
        type_(type),
        together_(together) {}

  int64_t rows() const override { return static_cast<int64_t>(shape_[shape_.size() - 2]); }
  int64_t columns() const override { return static_cast<int64_t>(shape_.back()); }
  Hdf5Type type() const override { return type_; }
  int64_t rows_together() const override { return together_; }

  void read(int64_t begin, int64_t count, void* to) const override {
    const Quiet quiet;
    std::vector<hsize_t> from(shape_.size(), 0), extent(shape_.size(), 1);
    from[shape_.size() - 2] = static_cast<hsize_t>(begin);
    extent[shape_.size() - 2] = static_cast<hsize_t>(count);
    extent.back() = shape_.back();
    const Id space(H5Dget_space(set_.get()), H5Sclose);
    const Id memory(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
    const Id kind = memory_type(type_);
    if (H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, from.data(), nullptr, extent.data(), nullptr) < 0 ||
        H5Dread(set_.get(), kind.get(), memory.get(), space.get(), H5P_DEFAULT, to) < 0)
      fail_damaged();
  }

  std::optional<Hdf5Attribute> attribute(const std::string& name) const override {
    const Quiet quiet;
    if (H5Aexists(set_.get(), name.c_str()) <= 0) return std::nullopt;
    const Id found(H5Aopen(set_.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
    if (!found) fail_damaged();
    const Id space(H5Aget_space(found.get()), H5Sclose), type(H5Aget_type(found.get()), H5Tclose);
    if (H5Sget_simple_extent_npoints(space.get()) != 1) return std::nullopt;
    const H5T_class_t kind = H5Tget_class(type.get());
    if (kind == H5T_INTEGER) {
      int64_t value = 0;
      if (H5Aread(found.get(), H5T_NATIVE_INT64, &value) < 0) fail_damaged();
      return value;
    }
    if (kind == H5T_FLOAT) {
      double value = 0;
      if (H5Aread(found.get(), H5T_NATIVE_DOUBLE, &value) < 0) fail_damaged();
      return value;
    }
    if (kind == H5T_STRING) return text_of(found, type);
    return std::nullopt;
  }

 private:
  static std::optional<Hdf5Attribute> text_of(const Id& found, const Id& type) {
    if (H5Tis_variable_str(type.get()) > 0) {
      char* text = nullptr;
      if (H5Aread(found.get(), type.get(), static_cast<void*>(&text)) < 0) fail_damaged();
      std::string copy = text == nullptr ? "" : text;
      H5free_memory(text);
      return copy;
    }
    std::string text(H5Tget_size(type.get()), '\0');
    if (H5Aread(found.get(), type.get(), text.data()) < 0) fail_damaged();
    return text.substr(0, text.find('\0'));
  }

  std::shared_ptr<void> file_;  ///< stays open as long as the data set is
  Id set_;
  std::vector<hsize_t> shape_;
  Hdf5Type type_;
  int64_t together_;
};

/// How a data set lies in its file.
struct Layout {
  int64_t rows_together = 1;
  uint64_t bytes_together = 0;  ///< unpacked, of all columns; 0: nothing is packed
};

Layout layout_of(hid_t set, const std::vector<hsize_t>& shape, size_t element) {
  const Id how(H5Dget_create_plist(set), H5Pclose);
  if (!how) fail_damaged();
  if (H5Pget_external_count(how.get()) > 0 || H5Pget_layout(how.get()) == H5D_VIRTUAL)
    core::fail_data("its values lie in other files, which are not followed; copy it into one (h5repack)");
  const int filters = H5Pget_nfilters(how.get());
  for (int i = 0; i < filters; ++i) {
    unsigned flags = 0, config = 0;
    size_t count = 0;
    std::array<char, 64> name{};
    const H5Z_filter_t filter = H5Pget_filter2(how.get(), static_cast<unsigned>(i), &flags, &count, nullptr,
                                               name.size() - 1, name.data(), &config);
    if (filter < 0 || H5Zfilter_avail(filter) <= 0)
      core::fail_data("it is packed by the filter " + std::to_string(filter) + " (" + name.data() +
                      "), which needs a plug-in; pack it with gzip (h5repack -f GZIP=4)");
  }
  if (H5Pget_layout(how.get()) != H5D_CHUNKED) return {};
  std::vector<hsize_t> chunk(shape.size());
  if (H5Pget_chunk(how.get(), static_cast<int>(chunk.size()), chunk.data()) < 0) fail_damaged();
  const hsize_t rows = std::max<hsize_t>(1, std::min(chunk[chunk.size() - 2], shape[shape.size() - 2]));
  // Chunks reach over the last column.
  const hsize_t columns =
      (shape.back() + chunk.back() - 1) / std::max<hsize_t>(1, chunk.back()) * chunk.back();
  return {static_cast<int64_t>(rows), chunk[chunk.size() - 2] * columns * element};
}

}  // namespace

size_t bytes_of(Hdf5Type type) {
  for (const auto& facts : type_facts)
    if (facts.type == type) return facts.bytes;
  std::abort();
}

Hdf5File::Hdf5File(const std::filesystem::path& path) : path_(path) {
  const core::RegularFile sound(path);  // a pipe is never waited for
  const Quiet quiet;
  H5PLset_loading_state(0);  // a file names no code to load
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  H5Pset_file_locking(access.get(), false, true);  // read-only folders and network drives have none
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get());
  if (file < 0) core::with_context(path.string(), [] { fail_damaged(); });
  file_ = std::shared_ptr<void>(new hid_t(file), [](void* id) {
    H5Fclose(*static_cast<hid_t*>(id));
    delete static_cast<hid_t*>(id);
  });
}

std::vector<std::string> Hdf5File::names() const {
  const Quiet quiet;
  std::vector<std::string> found;
  H5Literate(
      *static_cast<hid_t*>(file_.get()), H5_INDEX_NAME, H5_ITER_INC, nullptr,
      [](hid_t, const char* name, const H5L_info_t*, void* to) -> herr_t {
        static_cast<std::vector<std::string>*>(to)->emplace_back(name);
        return 0;
      },
      &found);
  return found;
}

std::unique_ptr<Hdf5Matrix> Hdf5File::matrix(const std::string& name) const {
  const hid_t file = *static_cast<hid_t*>(file_.get());
  const Quiet quiet;
  return core::with_context(path_.string() + ": " + name, [&]() -> std::unique_ptr<Hdf5Matrix> {
    if (H5Lexists(file, name.c_str(), H5P_DEFAULT) <= 0) return nullptr;
    H5L_info_t link{};
    if (H5Lget_info(file, name.c_str(), &link, H5P_DEFAULT) < 0) fail_damaged();
    if (link.type == H5L_TYPE_EXTERNAL)
      core::fail_data("its values lie in other files, which are not followed; copy it into one (h5repack)");
    std::vector<hsize_t> shape;
    Hdf5Type type{};
    Layout layout;
    {
      const Id set(H5Dopen2(file, name.c_str(), H5P_DEFAULT), H5Dclose);
      if (!set) fail_damaged();
      const Id space(H5Dget_space(set.get()), H5Sclose), stored(H5Dget_type(set.get()), H5Tclose);
      const int axes = H5Sget_simple_extent_ndims(space.get());
      if (axes < 0) fail_damaged();
      shape.resize(static_cast<size_t>(axes));
      if (axes > 0) H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
      if (axes != 2 && !(axes == 3 && shape[0] == 1)) {
        std::vector<std::string> sizes;
        for (const hsize_t size : shape) sizes.push_back(std::to_string(size));
        core::fail_data("has the shape [" + core::join(sizes, ", ") + "]; needs [N, D] or [1, N, D]");
      }
      type = type_of(stored.get());
      layout = layout_of(set.get(), shape, bytes_of(type));
    }
    const Id access(H5Pcreate(H5P_DATASET_ACCESS), H5Pclose);
    const uint64_t kept = std::clamp<uint64_t>(layout.bytes_together, uint64_t{1} << 20, most_kept);
    H5Pset_chunk_cache(access.get(), 10007, kept, 1);
    Id set(H5Dopen2(file, name.c_str(), access.get()), H5Dclose);
    if (!set) fail_damaged();
    return std::make_unique<Matrix>(file_, std::move(set), std::move(shape), type, layout.rows_together);
  });
}

namespace {

void write_attribute(const Id& set, const std::string& name, const Hdf5Attribute& value, bool& good) {
  const Id one(H5Screate(H5S_SCALAR), H5Sclose);
  const auto write = [&](hid_t type, const void* from) {
    const Id made(H5Acreate2(set.get(), name.c_str(), type, one.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
    good = good && made && H5Awrite(made.get(), type, from) >= 0;
  };
  if (const auto* whole = std::get_if<int64_t>(&value)) write(H5T_NATIVE_INT64, whole);
  if (const auto* number = std::get_if<double>(&value)) write(H5T_NATIVE_DOUBLE, number);
  if (const auto* text = std::get_if<std::string>(&value)) {
    const Id type(H5Tcopy(H5T_C_S1), H5Tclose);
    H5Tset_size(type.get(), H5T_VARIABLE);
    H5Tset_cset(type.get(), H5T_CSET_UTF8);
    const char* start = text->c_str();
    write(type.get(), static_cast<const void*>(&start));
  }
}

void write_matrix(hid_t file, const std::string& name, const Hdf5Data& data, bool& good) {
  constexpr uint64_t chunk_bytes = uint64_t{1} << 20;
  const std::array<hsize_t, 2> shape{static_cast<hsize_t>(data.rows), static_cast<hsize_t>(data.columns)};
  const std::array<hsize_t, 2> most{H5S_UNLIMITED, shape[1]};
  const hsize_t row = std::max<hsize_t>(1, shape[1] * bytes_of(data.type));
  const std::array<hsize_t, 2> chunk{
      std::clamp<hsize_t>(chunk_bytes / row, 1, std::max<hsize_t>(1, shape[0])), shape[1]};
  const Id space(H5Screate_simple(2, shape.data(), most.data()), H5Sclose);
  const Id how(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_chunk(how.get(), 2, chunk.data());
  const Id type = memory_type(data.type);
  const Id set(H5Dcreate2(file, name.c_str(), type.get(), space.get(), H5P_DEFAULT, how.get(), H5P_DEFAULT),
               H5Dclose);
  good = good && set && H5Dwrite(set.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, data.values) >= 0;
  for (const auto& [key, value] : data.attributes)
    if (good) write_attribute(set, key, value, good);
}

}  // namespace

void write_hdf5(const std::filesystem::path& path, const std::map<std::string, Hdf5Data>& matrices) {
  // Made in memory: the library opens files by name, and a name can be planted.
  const Quiet quiet;
  core::TemporaryFile made(path);
  const Id access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), size_t{4} << 20, false);
  bool good = true;
  const Id file(H5Fcreate("features", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose);
  good = static_cast<bool>(file);
  for (const auto& [name, data] : matrices)
    if (good) write_matrix(file.get(), name, data, good);
  good = good && H5Fflush(file.get(), H5F_SCOPE_LOCAL) >= 0;
  const ssize_t size = good ? H5Fget_file_image(file.get(), nullptr, 0) : -1;
  if (size <= 0) made.fail(reason());
  std::string image(static_cast<size_t>(size), '\0');
  if (H5Fget_file_image(file.get(), image.data(), image.size()) != size) made.fail(reason());
  made.write(image);
  made.put();
}

}  // namespace photo51::data
