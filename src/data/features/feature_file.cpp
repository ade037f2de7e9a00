#include "photo51/data/features/feature_file.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/isfinite.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "data/features/formats.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/regular_file.hpp"

namespace photo51::data {
namespace {

constexpr std::string_view hdf5_signature("\x89HDF\r\n\x1a\n", 8);
constexpr int64_t most_gap_bytes = 64 << 10;    ///< rows between that cost less to read than to pass over
constexpr int64_t most_piece_bytes = 16 << 20;  ///< of rows that are read to choose some of them

}  // namespace

std::shared_ptr<const FeatureFile> FeatureFile::open(const std::filesystem::path& path) {
  std::string start(hdf5_signature.size(), '\0');
  {
    const core::RegularFile file(path);
    start.resize(file.read(start.data(), start.size()));
  }
  std::shared_ptr<const FeatureFile> features;
  if (start == hdf5_signature) {
    features = open_hdf5_features(path);
  } else {
    if (path.extension() == ".pt")
      core::fail_data(path.string() +
                      ": is a file of torch.save; name the .h5 file that CLAM writes beside it (h5_files/)");
    features = open_safetensors_features(path);
  }
  if (features->count() < 1) core::fail_data(path.string() + ": features: it has no instance; leave it out");
  if (features->width() < 1) core::fail_data(path.string() + ": features: its vectors have no elements");
  return features;
}

at::Tensor FeatureFile::checked(at::Tensor values, const std::function<int64_t(int64_t)>& number) const {
  if (values.scalar_type() == at::kDouble) values = values.to(at::kFloat);
  const int64_t step = std::max<int64_t>(1, (int64_t{1} << 20) / width());  // no copy of a large bag
  for (int64_t begin = 0; begin < values.size(0); begin += step) {
    const at::Tensor good =
        at::isfinite(values.narrow(0, begin, std::min(step, values.size(0) - begin))).all(1);
    if (good.all().item<bool>()) continue;
    const int64_t row = good.logical_not().nonzero()[0].item<int64_t>();
    core::fail_data(path_.string() + ": features: row " + std::to_string(number(begin + row)) +
                    " holds a value that is no finite number; make the file again");
  }
  return values;
}

at::Tensor FeatureFile::rows(int64_t begin, int64_t count) const {
  at::Tensor values = at::empty({count, width()}, type());
  if (count > 0) read(begin, count, values);
  return checked(std::move(values), [&](int64_t row) { return begin + row; });
}

at::Tensor FeatureFile::rows(const std::vector<int64_t>& numbers) const {
  const auto chosen = static_cast<int64_t>(numbers.size());
  at::Tensor values = at::empty({chosen, width()}, type());
  const auto row_bytes = static_cast<int64_t>(width() * values.element_size());
  const int64_t together = rows_together();
  const int64_t gap = std::max<int64_t>(1, most_gap_bytes / row_bytes);
  const int64_t longest = std::max(together, most_piece_bytes / row_bytes / together * together);
  at::Tensor piece;
  auto* to = static_cast<char*>(values.mutable_data_ptr());
  for (size_t first = 0; first < numbers.size();) {
    const int64_t begin = numbers[first];
    // What is unpacked together is read together.
    const int64_t end = (begin / together) * together + longest;
    size_t last = first;
    while (last + 1 < numbers.size() && numbers[last + 1] < end &&
           (numbers[last + 1] - numbers[last] <= gap ||
            numbers[last + 1] / together == numbers[last] / together))
      ++last;
    const int64_t count = numbers[last] - begin + 1;
    if (!piece.defined() || piece.size(0) < count) piece = at::empty({count, width()}, type());
    at::Tensor into = piece.narrow(0, 0, count);
    read(begin, count, into);
    const auto* from = static_cast<const char*>(piece.const_data_ptr());
    for (; first <= last; ++first, to += row_bytes)
      std::memcpy(to, from + (numbers[first] - begin) * row_bytes, static_cast<size_t>(row_bytes));
  }
  return checked(std::move(values), [&](int64_t row) { return numbers[static_cast<size_t>(row)]; });
}

double FeatureFile::checked_tile_number(const char* name, double value) const {
  constexpr double most = 1 << 24;  // pixels, above which no tile is
  if (!(value > 0 && value <= most))
    core::fail_data(path_.string() + ": coords: `" + name +
                    "` is no number of pixels above 0; make the file again");
  return value;
}

at::Tensor FeatureFile::checked_slides(at::Tensor file, size_t files) const {
  const bool whole = file.numel() == count() && file.min().item<int64_t>() >= 0 &&
                     file.max().item<int64_t>() < static_cast<int64_t>(files);
  if (!whole)
    core::fail_data(path_.string() + ": file: needs for each of the " + std::to_string(count()) +
                    " features the number of its slide, below " + std::to_string(files) +
                    " (`files`); make the file again");
  return file;
}

std::span<const std::string_view> enum_names(FeatureFormat) {
  static constexpr std::array<std::string_view, 2> names{"safetensors", "h5"};
  return names;
}

void write_features(const std::filesystem::path& path, FeatureFormat format, const FeatureBag& bag) {
  FeatureBag whole = bag;
  for (at::Tensor* tensor : {&whole.features, &whole.coordinates, &whole.file})
    if (tensor->defined()) *tensor = tensor->cpu().contiguous();
  whole.features = whole.features.to(at::kFloat);
  if (format == FeatureFormat::h5)
    write_hdf5_features(path, whole);
  else
    write_safetensors_features(path, whole);
}

}  // namespace photo51::data
