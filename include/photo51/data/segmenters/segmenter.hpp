#pragma once
/// The table of segmenters (`inputs.NAME.segmenter`).

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "photo51/data/options/inputs.hpp"
#include "photo51/data/segmenters/options.hpp"
#include "photo51/imaging/volume.hpp"
#include "photo51/preprocess/prepare.hpp"

namespace photo51::data {

/// What a segmenter sees of a case, by channel; at least one is present.
struct SegmenterImages {
  std::vector<std::optional<imaging::Volume>> channels;  ///< [1, D, H, W] each
  preprocess::Registrations registrations;               ///< by channel
  std::vector<std::string> names;                        ///< by channel

  /// The channel on whose grid the region is found: the first that is present without a registration, else
  /// the first that is present.
  size_t frame() const;
};

class Segmenter {
 public:
  Segmenter() = default;
  virtual ~Segmenter() = default;
  Segmenter(const Segmenter&) = delete;
  Segmenter& operator=(const Segmenter&) = delete;

  /// The region on the frame's grid, uint8 [1, D, H, W] of 0 and 1; it may be empty. From several threads at
  /// once. Errors (data) are about the images, (usage) about what the config asks of the program.
  virtual imaging::Volume find(const SegmenterImages& images) const = 0;
};

struct SegmenterRow {
  /// Errors (data), (usage): its programs cannot be loaded.
  std::shared_ptr<const Segmenter> (*make)(const config::Choice& choice);
  const SegmenterOptions& (*options)(const config::Choice& choice);
  /// The programs that its options name, by key.
  std::vector<NamedProgram> (*programs)(config::Choice& choice);
};
/// An open table (config/components.hpp).
config::Catalogue<SegmenterRow>& segmenters();

}  // namespace photo51::data
