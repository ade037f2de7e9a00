#pragma once
/// Cases whose region a program of TorchScript finds.

#include <ATen/ATen.h>

#include <filesystem>
#include <string>

#include "data/fixture.hpp"
#include "photo51/data/load/loader.hpp"
#include "photo51/data/segmenters/segmenter.hpp"
#include "photo51/imaging/write.hpp"
#include "support/torch_script.hpp"

namespace photo51::data {

class SegmentedCases : public CohortFolder {
 protected:
  static constexpr const char* threshold_net =
      "def forward(self, x):\n  return torch.ones_like(x) * (x > 0.5)\n";

  /// Values [D, H, W] as a file, in LPS unless its axes are told.
  void image(const std::string& name, const at::Tensor& values, std::array<double, 3> spacing = {1, 1, 1},
             std::array<double, 3> origin = {0, 0, 0}) const {
    imaging::Geometry grid;
    grid.size = {values.size(2), values.size(1), values.size(0)};
    grid.spacing = spacing;
    grid.origin = origin;
    imaging::write_nifti(imaging::make_volume(values.to(at::kFloat).unsqueeze(0), grid), folder_ / name);
  }
  void program(const std::string& code, const std::string& name = "net.pt") const {
    test::write_script(folder_ / name, code);
  }
  /// An input with this segmenter; `program: NET` stands for the file.
  config::Choice segmented(const std::string& segmenter, const std::string& more = "") const {
    std::string text = "modality: mri\nchannels: [a, b]\nsegmenter: " + segmenter + "\n" + more;
    for (const char* name : {"NET", "BOX"})
      if (const auto at = text.find(std::string(": ") + name); at != std::string::npos)
        text.replace(at + 2, 3, (folder_ / (std::string(name) == "NET" ? "net.pt" : "box.pt")).string());
    return read_input(text);
  }
  Case load(const config::Choice& input, const std::string& manifest = "patient,a,b\nP1,a.nii,\n",
            const CohortOptions& more = {}) const {
    write("cohort.csv", manifest);
    CohortOptions how = more;
    how.manifest = folder_ / "cohort.csv";
    const Cohort cohort(how, {{"in", input}}, {});
    return CaseLoader(cohort, fit(cohort, {0})).load(0);
  }
  at::Tensor values(const config::Choice& input,
                    const std::string& manifest = "patient,a,b\nP1,a.nii,\n") const {
    return load(input, manifest).inputs.at("in").values;
  }
};

}  // namespace photo51::data
