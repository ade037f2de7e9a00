// Damaged copies of real files: every one reads or ends in a clear error, in bounded memory and time.
//   PHOTO51_MUTANTS=N       so many instead of 300 (2,000 under AddressSanitizer)
//   PHOTO51_MUTANTS_SEED=S  others than those of seed 1
//   PHOTO51_MUTANT=K        this one alone
//   PHOTO51_MUTANTS_OF=.svs of one format only, by the suffix of its files

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <numeric>

#include "fuzz/mutants/made.hpp"
#include "fuzz/mutants/mutation.hpp"
#include "fuzz/mutants/reading.hpp"
#include "photo51/core/files.hpp"
#include "support/shared_data.hpp"

namespace photo51::fuzz {
namespace {

namespace fs = std::filesystem;

#if defined(__SANITIZE_ADDRESS__)
constexpr int64_t kMutants = 2000;
#else
constexpr int64_t kMutants = 300;
#endif

int64_t from_environment(const char* name, int64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoll(text, nullptr, 10);
}

const char* only_format() {
  return std::getenv("PHOTO51_MUTANTS_OF");
}

struct Original {
  fs::path path;
  bool in_series = false;  ///< its folder is one series, which can be read with it
  bool unpack = false;     ///< damage what the gzip file holds, not its packed bytes
};

/// Files of pixels, of a series the first three and whatever is not one of its slices.
std::vector<Original> originals(const fs::path& made) {
  std::vector<Original> found;
  std::vector<fs::path> roots{test::shared_data() / "dicom" / "files", test::shared_data() / "wsi", made};
  for (const char* more : {"pictures", "two_scenes", "ome_units", "ome_rgb_planes", "dicom_colour"})
    if (const fs::path folder = test::shared_cases() / "slides" / more; fs::is_directory(folder))
      roots.push_back(folder);
  for (const fs::path& root : roots) {
    std::vector<fs::path> paths;
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::map<fs::path, int> slices;
    for (const fs::path& path : paths) {
      if (path.extension() == ".md" || (path.extension() == ".csv" && root != made)) continue;
      const bool in_series = path.parent_path() != root;
      const bool is_slice = std::isdigit(static_cast<unsigned char>(path.filename().string()[0])) != 0;
      if (in_series && is_slice && ++slices[path.parent_path()] > 3) continue;
      found.push_back({path, in_series, false});
      if (path.extension() == ".gz") found.push_back({path, false, true});
    }
  }
  return found;
}

/// Which original each mutant is made of, over and over: all are mixed, and those of up to half a MiB come
/// eight times as often as the others, which take a second each.
std::vector<size_t> turns(const std::vector<Original>& files) {
  std::vector<size_t> in_order;
  for (size_t i = 0; i < files.size(); ++i)
    in_order.insert(in_order.end(), fs::file_size(files[i].path) <= size_t{1} << 19 ? 8 : 1, i);
  size_t step = 101;  // without a factor in common with the count, it comes to all
  while (std::gcd(step, in_order.size()) != 1) ++step;
  std::vector<size_t> mixed;
  for (size_t k = 0; k < in_order.size(); ++k) mixed.push_back(in_order[k * step % in_order.size()]);
  return mixed;
}

Bytes bytes_of(const Original& original) {
  const std::string text = original.unpack ? core::read_text(original.path) : core::read_file(original.path);
  return {text.begin(), text.end()};
}

/// Mutant `number` of `seed`, in a folder of its own or among links to the other files of its series.
class Laid {
 public:
  Laid(const Original& original, const Mutant& mutant, bool as_series) {
    fs::path name = original.path.filename();
    if (original.unpack) name = name.stem();
    file_ = folder_ / name.string();
    std::ofstream(file_, std::ios::binary)
        .write(reinterpret_cast<const char*>(mutant.bytes.data()),
               static_cast<std::streamsize>(mutant.bytes.size()));
    path_ = as_series ? folder_.path() : file_;
    if (!as_series) return;
    for (const auto& sibling : fs::directory_iterator(original.path.parent_path()))
      if (sibling.path() != original.path)
        fs::create_symlink(sibling.path(), folder_ / sibling.path().filename().string());
  }
  const fs::path& file() const { return file_; }
  const fs::path& path() const { return path_; }

 private:
  test::TemporaryFolder folder_;
  fs::path file_, path_;
};

struct Tally {
  std::map<Outcome, int64_t> outcomes;
  int64_t peak_bytes = 0;
  double longest = 0;

  void add(const Trial& trial) {
    ++outcomes[trial.verdict.outcome];
    peak_bytes = std::max(peak_bytes, trial.peak_bytes);
    longest = std::max(longest, trial.seconds);
  }
};

std::string report_of(const Original& original, const Mutant& mutant, int64_t seed, int64_t number,
                      const Trial& trial, const Bounds& bounds, const fs::path& kept) {
  return original.path.string() + ", " + mutant.what + "\n  kept as " + kept.string() +
         "\n  again with PHOTO51_MUTANTS_SEED=" + std::to_string(seed) +
         " PHOTO51_MUTANT=" + std::to_string(number) +
         (only_format() == nullptr ? "" : std::string(" PHOTO51_MUTANTS_OF=") + only_format()) +
         "\n  bounds: " + std::to_string(bounds.bytes >> 20) + " MiB, " + std::to_string(bounds.seconds) +
         " s of processor time; it took " + std::to_string(trial.peak_bytes >> 20) + " MiB, " +
         std::to_string(trial.seconds) + " s\n" + trial.verdict.message;
}

fs::path keep(const Laid& laid, int64_t seed, int64_t number) {
  const fs::path kept =
      fs::temp_directory_path() / ("photo51_mutant_" + std::to_string(seed) + "_" + std::to_string(number) +
                                   "_" + laid.file().filename().string());
  fs::copy_file(laid.file(), kept, fs::copy_options::overwrite_existing);
  return kept;
}

TEST(Mutants, ReadOrEndInAClearErrorInBoundedMemory) {
  PHOTO51_NEEDS_SHARED_DATA("dicom");
  PHOTO51_NEEDS_SHARED_DATA("wsi");
  const auto seed = from_environment("PHOTO51_MUTANTS_SEED", 1);
  const auto only = from_environment("PHOTO51_MUTANT", -1);
  const auto count = only >= 0 ? only + 1 : from_environment("PHOTO51_MUTANTS", kMutants);
  const test::TemporaryFolder made;
  write_originals(made.path());
  std::vector<Original> files = originals(made.path());
  ASSERT_GT(files.size(), 100U);
  if (const char* format = only_format()) {
    std::erase_if(files, [&](const Original& file) { return file.path.extension() != format; });
    ASSERT_FALSE(files.empty()) << "no file is damaged that is named *" << format;
  }
  prepare_for_children(test::shared_data() / "dicom" / "files" / "CT_small.dcm");
  const std::vector<size_t> order = turns(files);
  const Bounds bounds = default_bounds();
  Tally tally;
  std::map<std::string, int64_t> tries;
  for (int64_t number = std::max<int64_t>(only, 0); number < count; ++number) {
    core::Random random({static_cast<uint64_t>(seed), static_cast<uint64_t>(number)});
    const Original& original = files[order[static_cast<size_t>(number) % order.size()]];
    const Mutant mutant = mutate(bytes_of(original), random);
    const bool as_series = original.in_series && random.chance(0.5);
    const Laid laid(original, mutant, as_series);
    const fs::path images = as_series            ? laid.path()
                            : original.in_series ? original.path.parent_path()
                                                 : fs::path();
    const Trial trial = try_in_child([&] { return read_every_way(laid.path(), images); }, bounds);
    tally.add(trial);
    ++tries[original.path.extension().string() + (original.unpack ? ", unpacked" : "")];
    if (trial.verdict.outcome == Outcome::failed)
      ADD_FAILURE() << report_of(original, mutant, seed, number, trial, bounds, keep(laid, seed, number));
    if (only >= 0) std::cout << original.path << ", " << mutant.what << ": " << trial.verdict.message << "\n";
  }
  std::cout << "[  MUTANTS ] " << tally.outcomes[Outcome::read] << " read, "
            << tally.outcomes[Outcome::refused] << " refused, " << tally.outcomes[Outcome::failed]
            << " failed; at most " << (tally.peak_bytes >> 20) << " MiB and " << tally.longest << " s\n";
  for (const auto& [kind, times] : tries) std::cout << "[  MUTANTS ] " << times << " of " << kind << "\n";
  if (only < 0 && only_format() == nullptr && count >= 100) {
    // Damage that nobody notices, or nothing but files refused at the first byte, would test nothing.
    EXPECT_GT(tally.outcomes[Outcome::read], count / 20);
    EXPECT_GT(tally.outcomes[Outcome::refused], count / 20);
  }
}

}  // namespace
}  // namespace photo51::fuzz
