#pragma once
/// The formats that features lie in.

#include <filesystem>
#include <memory>
#include <string>

#include "photo51/data/features/feature_file.hpp"

namespace photo51::data {

/// The names in files.
inline constexpr const char *features_name = "features", *coordinates_name = "coords", *file_name = "file",
                            *encoder_name = "photo51_encoder", *files_name = "files",
                            *extent_name = "patch_size_level0", *tile_size_name = "patch_size";

std::shared_ptr<const FeatureFile> open_safetensors_features(const std::filesystem::path& path);
std::shared_ptr<const FeatureFile> open_hdf5_features(const std::filesystem::path& path);
/// Tensors are contiguous, on the host, of the types that FeatureBag says.
void write_safetensors_features(const std::filesystem::path& path, const FeatureBag& bag);
void write_hdf5_features(const std::filesystem::path& path, const FeatureBag& bag);

}  // namespace photo51::data
