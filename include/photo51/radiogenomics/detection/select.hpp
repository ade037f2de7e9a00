#pragma once
/// From what the head says to what an image has.

#include <vector>

#include "photo51/radiogenomics/detection/outputs.hpp"

namespace photo51::radiogenomics {

/// Of each level the boxes and classes with the highest scores, cut to the image; of all levels together
/// what suppression leaves, the highest scores first. `image_size` is ([z,] y, x). One an image.
std::vector<Detections> select_detections(const DetectionOutputs& outputs, at::IntArrayRef image_size,
                                          const SelectOptions& options, const BoxCodingOptions& coding = {});

}  // namespace photo51::radiogenomics
