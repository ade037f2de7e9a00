#pragma once
/// Hand-made descriptors of one lesion: its size, shape and intensities, and where it lies in the head.
// clang-format off
///
/// | group | descriptors |
/// |---|---|
/// | location | in the head's own box, axial slice by axial slice: `left` (-1 … 1, positive = patient's left), `lateral` (0 midline, 1 surface), `medial_edge`, `posterior` (0 front, 1 back), `front_edge`, `back_edge`, `below_vertex` (0 top, 1 bottom), `midline_crossing` (share on the lesser side), `depth_mean`, `depth_p10`, `depth_max` (to the head's surface, in head widths) |
/// | shape | `log_volume` (ln ml), `log_head_fraction`, `sphericity`, `elongation`, `flatness`, `ellipsoid_fill`, `log_length` (ln mm), `solidity` (of the axial outlines) |
/// | a channel | of intensities in deviations of the brain outside the lesion: `mean`, `p10`, `median`, `p90`, `deviation`, `skewness`, `kurtosis`, `dark`, `bright` (shares), `contrast` (to a 6 mm ring), `rim` (outer less inner lesion: the T2-FLAIR mismatch sign), `edge`, `texture` (gradients), `entropy` (bits); `ratio` to the brain |
/// | enhancement | `mean`, `p90`, `fraction` of post less pre, where channels `pre` and `post` exist |
///
/// Without a brain to refer to (sarcoma, lung, breast) there is no location and no share of the head, and a channel
/// has, in the image's own units (SUV, HU): `mean`, `p10`, `median`, `p90`, `max`, `peak` (the largest mean over a
/// ball of 1 ml, PERCIST), `deviation`, `skewness`, `kurtosis`, `gradient` (mean, a mm), `rim` (outer less inner two
/// fifths).
// clang-format on

#include <string>
#include <vector>

#include "photo51/imaging/volume.hpp"

namespace photo51::radiomics {

/// What intensities refer to: the brain outside the lesion, or nothing.
enum class Reference { brain, none };

/// Names in the order of `lesion_descriptors`; intensity descriptors once a channel (`flair_mean`).
std::vector<std::string> lesion_descriptor_names(const std::vector<std::string>& channels,
                                                 Reference reference = Reference::brain);

/// `image` [C, D, H, W] float32 raw intensities (air near 0) in LPS axes with `channels` named, and `mask`
/// [1, D, H, W] (non-zero = lesion) on one grid. The head is found in the first channel that is present.
/// NaN where a descriptor is undefined (absent channel). Errors (data): an empty mask, axes that are not LPS,
/// different grids, voxels that are not finite.
std::vector<double> lesion_descriptors(const imaging::Volume& image, const std::vector<bool>& channel_present,
                                       const imaging::Volume& mask, Reference reference = Reference::brain);

}  // namespace photo51::radiomics
