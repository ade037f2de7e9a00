#include <ATen/ATen.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "core/byte_source.hpp"
#include "imaging/nifti/header.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/imaging/file_limits.hpp"
#include "photo51/ops/memory.hpp"

namespace photo51::imaging {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Storage {
  at::ScalarType type;  ///< of the tensor that the bytes are read into
  size_t bytes;         ///< an element
  bool is_unsigned = false;
  int64_t components = 1;
};

Storage storage_of(const nifti::Layout& layout) {
  switch (layout.datatype) {
    case nifti::kUint8:
      return {at::kByte, 1};
    case nifti::kInt8:
      return {at::kChar, 1};
    case nifti::kInt16:
      return {at::kShort, 2};
    case nifti::kUint16:
      return {at::kShort, 2, true};
    case nifti::kInt32:
      return {at::kInt, 4};
    case nifti::kUint32:
      return {at::kInt, 4, true};
    case nifti::kInt64:
      return {at::kLong, 8};
    case nifti::kUint64:
      return {at::kLong, 8, true};
    case nifti::kFloat32:
      return {at::kFloat, 4};
    case nifti::kFloat64:
      return {at::kDouble, 8};
    case nifti::kRgb24:
      return {at::kByte, 1, false, 3};
    case nifti::kRgba32:
      return {at::kByte, 1, false, 4};
    default:
      core::fail_data("voxels of NIfTI type " + std::to_string(layout.datatype) +
                      " (complex, binary or 128 bits) are not images that can be used; convert the file to "
                      "float32");
  }
}

template <class Word, class Swap>
void swap_words(void* data, size_t count, Swap swap) {
  auto* words = static_cast<Word*>(data);
  for (size_t i = 0; i < count; ++i) words[i] = swap(words[i]);
}

void swap_bytes(void* data, size_t count, size_t size) {
  if (size == 2) swap_words<uint16_t>(data, count, [](uint16_t w) { return __builtin_bswap16(w); });
  if (size == 4) swap_words<uint32_t>(data, count, [](uint32_t w) { return __builtin_bswap32(w); });
  if (size == 8) swap_words<uint64_t>(data, count, [](uint64_t w) { return __builtin_bswap64(w); });
}

template <class From, class To, class Map>
at::Tensor map_voxels(const at::Tensor& data, at::ScalarType type, Map map) {
  at::Tensor result = at::empty(data.sizes(), type);
  const auto* from = static_cast<const From*>(data.const_data_ptr());
  auto* to = static_cast<To*>(result.mutable_data_ptr());
  const int64_t count = data.numel();
  for (int64_t i = 0; i < count; ++i) to[i] = map(from[i]);
  return result;
}

template <class From>
at::Tensor scaled(const at::Tensor& data, const nifti::Layout& layout) {
  const double slope = layout.slope, intercept = layout.intercept;
  return map_voxels<From, float>(data, at::kFloat, [=](From value) {
    return static_cast<float>(static_cast<double>(value) * slope + intercept);
  });
}

at::Tensor scaled(const at::Tensor& data, const Storage& storage, const nifti::Layout& layout) {
  switch (data.scalar_type()) {
    case at::kByte:
      return scaled<uint8_t>(data, layout);
    case at::kChar:
      return scaled<int8_t>(data, layout);
    case at::kShort:
      return storage.is_unsigned ? scaled<uint16_t>(data, layout) : scaled<int16_t>(data, layout);
    case at::kInt:
      return storage.is_unsigned ? scaled<uint32_t>(data, layout) : scaled<int32_t>(data, layout);
    case at::kLong:
      return storage.is_unsigned ? scaled<uint64_t>(data, layout) : scaled<int64_t>(data, layout);
    case at::kFloat:
      return scaled<float>(data, layout);
    default:
      return scaled<double>(data, layout);
  }
}

at::Tensor scaled_double(const at::Tensor& data, const nifti::Layout& layout) {
  const double slope = layout.slope, intercept = layout.intercept;
  return map_voxels<double, double>(data, at::kDouble, [=](double v) { return v * slope + intercept; });
}

/// Unsigned words as the next wider signed type, which every operator takes.
at::Tensor widened(const at::Tensor& data, bool keep_double) {
  switch (data.scalar_type()) {
    case at::kShort:
      return map_voxels<uint16_t, int32_t>(data, at::kInt, [](uint16_t v) { return int32_t{v}; });
    case at::kInt:
      return map_voxels<uint32_t, int64_t>(data, at::kLong, [](uint32_t v) { return int64_t{v}; });
    default:
      if (keep_double)
        return map_voxels<uint64_t, double>(data, at::kDouble,
                                            [](uint64_t v) { return static_cast<double>(v); });
      return map_voxels<uint64_t, float>(data, at::kFloat, [](uint64_t v) { return static_cast<float>(v); });
  }
}

/// Error (data) when the file cannot hold what its header promises.
void check_promise(const core::ByteSource& source, const nifti::Layout& layout) {
  const Storage storage = storage_of(layout);
  const auto& n = layout.size;
  const double bytes = static_cast<double>(n[0]) * static_cast<double>(n[1]) * static_cast<double>(n[2]) *
                       static_cast<double>(n[3]) *
                       static_cast<double>(storage.bytes * static_cast<size_t>(storage.components));
  const std::string dims = std::to_string(n[0]) + " x " + std::to_string(n[1]) + " x " +
                           std::to_string(n[2]) + (n[3] > 1 ? " x " + std::to_string(n[3]) : "");
  if (bytes + static_cast<double>(layout.data_offset) > static_cast<double>(source.most_bytes()))
    core::fail_data("the header promises " + dims + " voxels of " +
                    std::to_string(storage.bytes * static_cast<size_t>(storage.components)) +
                    " bytes, more than a file of " + std::to_string(source.file_bytes()) +
                    " bytes can hold: it is cut off or its header is damaged; copy it again");
  require_within_limit(bytes, "its header promises " + dims + " voxels");
}

at::Tensor read_voxels(core::ByteSource& source, const nifti::Layout& layout, size_t at, bool keep_double,
                       std::vector<std::string>& warnings) {
  const Storage storage = storage_of(layout);
  const auto& n = layout.size;
  check_promise(source, layout);
  if (!source.skip(layout.data_offset - at))
    core::fail_data("the file ends before its voxels; copy it again");

  const bool interleaved = storage.components > 1;
  at::Tensor data = interleaved ? at::empty({n[3], n[2], n[1], n[0], storage.components}, storage.type)
                                : ops::empty_image({n[3], n[2], n[1], n[0]}, storage.type);
  const size_t got = source.read(data.mutable_data_ptr(), data.nbytes());
  if (got < data.nbytes()) {
    const size_t slice = data.nbytes() / static_cast<size_t>(n[2] * n[3]);
    core::fail_data("the file ends after " + std::to_string(got / slice) + " of " +
                    std::to_string(n[2] * n[3]) + " slices; copy it again");
  }
  constexpr uint64_t kTail = 1 << 20;
  if (!source.finish(kTail))
    warnings.push_back("unpacks to more than the " + std::to_string(data.nbytes()) +
                       " bytes of voxels that its header promises; the rest is not read");
  if (layout.swapped) swap_bytes(data.mutable_data_ptr(), static_cast<size_t>(data.numel()), storage.bytes);

  const bool stays = keep_double && storage.type == at::kDouble;
  if (layout.slope != 1 || layout.intercept != 0) {
    data = stays ? scaled_double(data, layout) : scaled(data, storage, layout);
  } else if (storage.is_unsigned) {
    data = widened(data, keep_double);
  } else if (storage.type == at::kDouble && !stays) {
    data = data.to(at::kFloat);
  }
  if (interleaved) {
    data = data.permute({0, 4, 1, 2, 3}).reshape({n[3] * storage.components, n[2], n[1], n[0]}).contiguous();
  }
  return data;
}

/// The header at the front of a file; `got` is how many bytes were read.
nifti::Layout read_layout(core::ByteSource& source, size_t& got) {
  char head[nifti::kLongestHeader];
  got = source.read(head, nifti::kShortHeader);
  if (nifti::is_second_version({head, got}))
    got += source.read(head + got, nifti::kLongestHeader - nifti::kShortHeader);
  return nifti::parse_header({head, got});
}

}  // namespace

void check_nifti(const std::filesystem::path& path) {
  core::ByteSource source(path);
  core::with_context(path.string(), [&] {
    size_t got = 0;
    check_promise(source, read_layout(source, got));
  });
}

Volume read_nifti(const std::filesystem::path& path, bool keep_double) {
  core::ByteSource source(path);
  return core::with_context(path.string(), [&] {
    size_t got = 0;
    nifti::Layout layout = read_layout(source, got);
    Volume volume;
    volume.source = path.string();
    volume.geometry = nifti::place(layout, volume);
    volume.data = read_voxels(source, layout, got, keep_double, volume.warnings);
    nifti::place_in_time(layout, volume);
    if (layout.is_label) {
      volume.units = Units::label;
      volume.modality = Modality::segmentation;
    }
    if (layout.datatype == nifti::kRgb24) volume.channels = {"red", "green", "blue"};
    if (layout.datatype == nifti::kRgba32) volume.channels = {"red", "green", "blue", "alpha"};
    if (volume.channels.size() != static_cast<size_t>(volume.data.size(0))) volume.channels.clear();
    return volume;
  });
}

}  // namespace photo51::imaging
