#pragma once
/// Works of tools/bench that time themselves: one file and one row of the table in `bench.cpp` a work.

#include <functional>
#include <string>
#include <vector>

namespace photo51::bench {

/// Prints {"seconds": …}, the median over `repeats` calls after `warm_up` ones.
void print_median(int warm_up, int repeats, const std::function<void()>& work);

using Arguments = std::vector<std::string>;
void augment(const Arguments& arguments);         ///< none
void preprocess(const Arguments& arguments);      ///< FOLDER with mod0.nii.gz … mod3.nii.gz
void radiomics(const Arguments& arguments);       ///< IMAGE MASK THREADS
void radiomics_maps(const Arguments& arguments);  ///< IMAGE MASK THREADS
void train_step(const Arguments& arguments);      ///< NETWORK: resnet18_3d

void make_slide(const Arguments& arguments);  ///< PATH PIXELS: writes what the next two read
void tiles(const Arguments& arguments);       ///< SLIDE THREADS
void tiles_bare(const Arguments& arguments);  ///< SLIDE THREADS: OpenSlide's C interface and nothing else

}  // namespace photo51::bench
