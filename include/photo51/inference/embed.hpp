#pragma once
/// Features of images by a frozen encoder, in files that other trainings begin with: `photo51 embed`.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "photo51/data/features/feature_file.hpp"
#include "photo51/inference/way.hpp"

namespace photo51::inference {

struct EmbedRequest {
  /// A run, a published model, or a config that names the weights of its encoders (`inputs`,
  /// `model.encoders`; other sections are passed over).
  std::filesystem::path source;
  std::vector<std::string> overrides;  ///< `key=value`
  std::filesystem::path manifest, data_root, out;
  std::vector<std::string> inputs;  ///< empty: all whose encoder sees images
  std::optional<int64_t> fold;      ///< of a run with several models, which have encoders of their own
  data::FeatureFormat format = data::FeatureFormat::safetensors;
  std::string device = "auto";
  Precision precision = Precision::automatic;
  int64_t workers = 2;  ///< threads that decode
  bool allow_unfinished = false;
};

struct EmbedReport {
  int64_t written = 0, there = 0;  ///< cases; of an earlier call, or another process
  int64_t absent = 0;              ///< cases without the input
  /// By case, why it could not be embedded.
  std::vector<std::pair<std::string, std::string>> failed;
};

/// Writes OUT/INPUT/CASE.safetensors or .h5 of every case of the manifest that has the input, each atomically
/// (data::write_features): `features` [N, D], the instances of a bag, or the tokens of an image, and of
/// slides `coords` [N, 2], the tiles' corners; OUT/INPUT/index.json, what they were made with; and
/// OUT/manifest.csv, the manifest with a column `INPUT_features` of their paths. Cases whose file is there
/// are passed over, so that a call goes on where another ended; several processes may share `out`, each case
/// is one's (flock on OUT/INPUT/CASE.lock, which ends with its process). The others go on when a case fails.
/// Memory: tiles are decoded, encoded and dropped; a case's features are held, and the copy that is written.
/// Errors: usage (no such input, encoder without weights, an ensemble without `fold`, OUT holds features of
/// another encoder or preparation), data (manifest), run (disk), interrupted.
EmbedReport embed(const EmbedRequest& request);

}  // namespace photo51::inference
