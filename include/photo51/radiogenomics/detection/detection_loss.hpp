#pragma once
/// What the detection head is trained by.

#include <vector>

#include "photo51/radiogenomics/detection/outputs.hpp"

namespace photo51::radiogenomics {

/// Of each image the focal loss of all anchors that learn something, over the anchors that learn a box, and
/// the loss of boxes over them, both over 1 where there are none; the mean over images. Cross-entropy is the
/// mean over the sampled anchors of all images, and classes. What is sampled follows torch's generator.
/// `targets` are on the host, one an image. Errors: usage, not as many as images; data, naming image and
/// box: other shapes, a corner that is not finite, a box without extent, a label outside the classes.
DetectionLosses detection_loss(const DetectionOutputs& outputs, const std::vector<BoxTargets>& targets,
                               const DetectionOptions& options);

}  // namespace photo51::radiogenomics
