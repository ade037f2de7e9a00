#include "photo51/preprocess/prepare.hpp"

#include <filesystem>
#include <future>
#include <optional>

#include "bench.hpp"
#include "photo51/core/thread_pool.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::bench {

/// Four NIfTI volumes to one orientation, 1.5 mm, foreground crop, z-score in the head, one tensor.
void preprocess(const Arguments& arguments) {
  const std::filesystem::path folder = arguments.at(0);
  photo51::preprocess::PreprocessOptions options;
  options.spacing = {1.5, 1.5, 1.5};
  options.crop.around = photo51::preprocess::CropAround::foreground;
  options.normalize.method = photo51::preprocess::NormalizeMethod::zscore;
  core::ThreadPool pool(2);
  print_median(1, 3, [&] {
    std::vector<std::future<imaging::Volume>> reading;
    for (int i = 0; i < 4; ++i)
      reading.push_back(pool.submit(
          [&folder, i] { return imaging::read_volume(folder / ("mod" + std::to_string(i) + ".nii.gz")); }));
    std::vector<std::optional<imaging::Volume>> channels;
    for (auto& volume : reading) channels.emplace_back(volume.get());
    photo51::preprocess::prepare(channels, std::nullopt, false, options, nullptr, {}, &pool);
  });
}

}  // namespace photo51::bench
