#pragma once
/// The modalities that describe a region by numbers: `lesion` in the head, `body_lesion` anywhere,
/// `radiomics`.

#include <string>
#include <utility>

#include "photo51/data/options/inputs.hpp"
#include "photo51/radiomics/lesion/lesion.hpp"

namespace photo51::data {

inline bool is_lesion(const InputOptions& input) {
  return input.modality == "lesion" || input.modality == "body_lesion";
}

inline bool is_radiomics(const InputOptions& input) {
  return input.modality == "radiomics";
}

inline radiomics::Reference reference_of(const InputOptions& input) {
  return input.modality == "body_lesion" ? radiomics::Reference::none : radiomics::Reference::brain;
}

/// An entry of `from` as input and channel; no input of a bare channel. A part (`dwi@adc`) stays with its
/// channel.
inline std::pair<std::string, std::string> source_of(const std::string& from) {
  const size_t dot = from.substr(0, from.find('@')).find('.');
  if (dot == std::string::npos) return {"", from};
  return {from.substr(0, dot), from.substr(dot + 1)};
}

}  // namespace photo51::data
