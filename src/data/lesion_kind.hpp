#pragma once
/// The modalities that describe a lesion by numbers: `lesion` in the head, `body_lesion` anywhere.

#include "photo51/data/spec.hpp"
#include "photo51/radiomics/lesion.hpp"

namespace photo51::data {

inline bool is_lesion(const InputOptions& input) {
  return input.modality == "lesion" || input.modality == "body_lesion";
}

inline radiomics::Reference reference_of(const InputOptions& input) {
  return input.modality == "lesion" ? radiomics::Reference::brain : radiomics::Reference::none;
}

}  // namespace photo51::data
