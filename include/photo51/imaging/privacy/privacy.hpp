#pragma once
/// What files say about who the patient is.

#include <filesystem>
#include <string>
#include <vector>

namespace photo51::imaging {

/// What was found in a file or a folder. Names, never values.
struct Identity {
  /// Elements, tags, keys and pictures that tell, or help to tell, who the patient is, each once: first what
  /// names or identifies by itself, then the rest, each by name.
  std::vector<std::string> elements;
  std::vector<std::string> unchecked;  ///< files that could not be looked through: "path: why"

  bool operator==(const Identity&) const = default;
};

enum class Care {
  quick,    ///< headers only
  thorough  ///< also what stands among and behind the pixels of a JPEG, which reads all of it
};

/// The file at `path`, or every file of a folder and of the folders within, links followed and each read
/// once;
/// `#` and what follows is left out. DICOM by the basic profile of PS3.15 (docs/clinical_files.md has the
/// rules), NIfTI, NRRD, MetaImage, TIFF, PNG, JPEG and slides by their texts. Never throws for bad data.
Identity identity_of(const std::filesystem::path& path, Care care = Care::thorough);

/// The names in one line; of private elements, of which there may be hundreds, the first four and how many
/// more.
std::string in_words(const std::vector<std::string>& elements);

}  // namespace photo51::imaging
