#include "fuzz/mutants/reading.hpp"

#include <ATen/Parallel.h>

#include <functional>
#include <typeinfo>
#include <vector>

#include "photo51/config/read.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/log.hpp"
#include "photo51/core/table.hpp"
#include "photo51/imaging/inspect/inspect.hpp"
#include "photo51/imaging/masks/mask.hpp"
#include "photo51/imaging/read.hpp"
#include "photo51/imaging/slide/slide.hpp"
#include "photo51/imaging/ultrasound/cine.hpp"
#include "photo51/nn/weights/torch_file.hpp"
#include "photo51/nn/weights/weights.hpp"

namespace photo51::fuzz {
namespace {

namespace fs = std::filesystem;

/// Messages that are no sentence to the reader: `inspect` passes on what any exception says.
bool is_vague(const std::string& message) {
  for (const char* word : {"std::", "basic_string", "vector::", "c10::", "Exception raised", "itk::"})
    if (message.find(word) != std::string::npos) return true;
  return false;
}

/// Volumes of the images that a mask may lie on; without them a structure set is refused.
std::vector<imaging::Volume> volumes_in(const fs::path& folder) {
  std::vector<imaging::Volume> volumes;
  if (folder.empty()) return volumes;
  try {
    volumes.push_back(imaging::read_volume(folder));
  } catch (const core::Error&) {
    // The mutant may be one of its slices.
  }
  return volumes;
}

bool is_picture(const fs::path& path) {
  for (const char* suffix : {".png", ".jpg", ".tif"})
    if (path.extension() == suffix) return true;
  return false;
}

}  // namespace

Verdict judge(const fs::path& path, const std::function<std::string()>& read, core::Fault fault) {
  const auto checked = [&](const std::string& message) -> Verdict {
    if (message.find(path.string()) == std::string::npos)
      return {Outcome::failed, "the error does not name the file: " + message};
    if (is_vague(message)) return {Outcome::failed, "not a clear error: " + message};
    return {Outcome::refused, message};
  };
  try {
    const std::string error = read();
    return error.empty() ? Verdict{Outcome::read, ""} : checked(error);
  } catch (const core::Error& error) {
    if (error.fault() != fault)
      return {Outcome::failed, std::string("an error that is not the data's fault: ") + error.what()};
    return checked(error.what());
  } catch (const std::exception& error) {
    return {Outcome::failed, std::string("another exception: ") + typeid(error).name() + ": " + error.what()};
  }
}

Verdict read_every_way(const fs::path& path, const fs::path& images) {
  const auto suffix = path.extension();
  const auto silent = [&](const std::function<void()>& read, core::Fault fault) {
    return judge(
        path,
        [&] {
          read();
          return std::string();
        },
        fault);
  };
  if (suffix == ".csv") return silent([&] { core::read_table(path); }, core::Fault::data);
  if (suffix == ".safetensors") return silent([&] { nn::read_safetensors(path); }, core::Fault::data);
  if (suffix == ".pth") return silent([&] { nn::read_torch_file(path); }, core::Fault::data);
  if (suffix == ".yaml")
    return silent([&] { config::parse_yaml(core::read_file(path), path.string()); }, core::Fault::usage);
  imaging::Inspection found;
  Verdict verdict = judge(path, [&] {
    found = imaging::inspect(path, {.picture = true});
    return found.error;
  });
  if (verdict.outcome == Outcome::failed) return verdict;
  const Verdict again = judge(path, [&] {
    if (found.kind == "slide") {
      const imaging::Slide slide = imaging::open_slide(path);
      for (const auto& image : slide.info().associated) slide.read_associated(image.name);
      imaging::thumbnail(slide, 100);
    } else if (found.kind == "segmentation" || found.kind == "structure_set") {
      const auto volumes = volumes_in(images);
      std::vector<const imaging::Volume*> pointers;
      for (const auto& volume : volumes) pointers.push_back(&volume);
      imaging::read_mask(path.string() + "#*", pointers);
    } else if (found.kind == "cine") {
      imaging::read_cine(path);
    } else {
      imaging::read_volume(path);
    }
    return std::string();
  });
  if (again.outcome == Outcome::failed || !is_picture(path))
    return again.outcome == Outcome::failed ? again : verdict;
  // Whatever a picture is taken for, each way of reading it has to end well.
  const std::function<void()> ways[] = {[&] { imaging::read_volume(path); },
                                        [&] { imaging::thumbnail(imaging::open_slide(path), 100); },
                                        [&] { imaging::read_cine(path); }};
  for (const auto& way : ways) {
    const Verdict one = judge(path, [&] {
      way();
      return std::string();
    });
    if (one.outcome == Outcome::failed) return one;
  }
  return verdict;
}

void prepare_for_children(const fs::path& sound_file) {
  core::set_log_level(core::LogLevel::off);
  at::set_num_threads(1);
  const auto found = imaging::inspect(sound_file, {.picture = true});
  if (!found.error.empty()) core::fail_data(found.error);
}

}  // namespace photo51::fuzz
