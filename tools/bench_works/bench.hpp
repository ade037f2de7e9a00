#pragma once
/// Works of tools/bench that time themselves: one file and one row of the table in `bench.cpp` a work.

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace photo51::bench {

/// Prints {"seconds": …}, the median over `repeats` calls after `warm_up` ones.
void print_median(int warm_up, int repeats, const std::function<void()>& work);

using Arguments = std::vector<std::string>;
/// By its name, what a request is answered with: a JSON object.
using Requests = std::map<std::string, std::function<std::string(const Arguments& words)>>;
/// Answers each line of standard input with a line. `step`: takes one and says how long it took, and of that
/// the optimiser, which is what `step` returns, in seconds: {"seconds": …, "optimizer_s": …}. `share NAME…`:
/// takes one and says which share of it passed in LibTorch's operators of these names: {"share": …}. So
/// several processes take their steps by turns, and starting them is no part of it.
void serve_steps(const std::function<double()>& step, const Requests& others = {});

void augment(const Arguments& arguments);         ///< none
void hausdorff(const Arguments& arguments);       ///< none
void preprocess(const Arguments& arguments);      ///< FOLDER with mod0.nii.gz … mod3.nii.gz
void radiomics(const Arguments& arguments);       ///< IMAGE MASK THREADS
void radiomics_maps(const Arguments& arguments);  ///< IMAGE MASK THREADS
/// NETWORK PRECISION MEMORY_FORMAT BATCH EDGE DEVICE, the second, third and last as of `train:`; steps as
/// asked for, each with all that a GPU has to do for it.
void train_step(const Arguments& arguments);
/// PRECISION FEATURES WIDTH SIZE,SIZE… of bags; steps of an attention pool as asked for
void mil(const Arguments& arguments);
/// SLIDE THREADS FOLDER PART, of which `embed` writes a slide's features into FOLDER, `decode` and `network`
/// are the halves of it alone.
void embed(const Arguments& arguments);
/// PRECISION MEMORY_FORMAT FOLDER with weights.safetensors and image.safetensors; passes as asked for.
/// `output PATH` writes what it gives, `ceiling` says the seconds of its convolutions alone.
void sliding_window(const Arguments& arguments);

void make_slide(const Arguments& arguments);  ///< PATH PIXELS: writes what the next two read
void tiles(const Arguments& arguments);       ///< SLIDE THREADS
void tiles_bare(const Arguments& arguments);  ///< SLIDE THREADS: OpenSlide's C interface and nothing else

}  // namespace photo51::bench
