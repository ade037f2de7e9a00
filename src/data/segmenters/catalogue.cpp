#include <ATen/ATen.h>

#include "data/segmenters/rows.hpp"

namespace photo51::data {
namespace {

template <class Options>
Options& own_options(config::Choice& choice) {
  return dynamic_cast<config::OptionsOf<Options>&>(*choice.options).value;
}

template <class Options, std::shared_ptr<const Segmenter> (*make)(const Options&)>
SegmenterRow segmenter_row_of(std::vector<NamedProgram> (*programs)(config::Choice& choice)) {
  return {
      .make = [](const config::Choice& choice) { return make(choice.as<Options>()); },
      .options = [](const config::Choice& choice) -> const SegmenterOptions& { return choice.as<Options>(); },
      .programs = programs};
}

}  // namespace

imaging::Volume region_on(const imaging::Geometry& grid, const at::Tensor& inside) {
  return imaging::make_volume(inside.to(at::kByte).unsqueeze(0).contiguous(), grid,
                              imaging::Modality::segmentation, imaging::Units::label);
}

config::Catalogue<SegmenterRow>& segmenters() {
  static config::Catalogue<SegmenterRow> table = {
      {config::component<DeepbetOptions>("deepbet", "the brain, by deepbet's two networks (skull stripping)"),
       segmenter_row_of<DeepbetOptions, make_deepbet>([](config::Choice& choice) {
         auto& options = own_options<DeepbetOptions>(choice);
         return std::vector<NamedProgram>{{"program", &options.program},
                                          {"box_program", &options.box_program}};
       })},
      {config::component<TorchScriptSegmenterOptions>("torchscript", "what a module of TorchScript outlines"),
       segmenter_row_of<TorchScriptSegmenterOptions, make_torch_script_segmenter>([](config::Choice& choice) {
         auto& options = own_options<TorchScriptSegmenterOptions>(choice);
         return std::vector<NamedProgram>{{"program", &options.program}};
       })},
  };
  return table;
}

}  // namespace photo51::data
