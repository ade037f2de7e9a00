#include "photo51/imaging/privacy/privacy.hpp"

#include <algorithm>
#include <set>

#include "imaging/dicom/dcmtk.hpp"
#include "imaging/dicom/element.hpp"
#include "imaging/dicom/select.hpp"
#include "imaging/privacy/dicom.hpp"
#include "imaging/privacy/formats.hpp"
#include "imaging/readers.hpp"
#include "imaging/slide/backend.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/memory.hpp"
#include "photo51/core/text.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;

/// Pictures of the label or of the whole glass, and what a vendor's reader knows of who made it.
void look_at_slide(const SlideInfo& info, bool has_tags, Findings& found) {
  for (const AssociatedImage& image : info.associated)
    if (image.name == "label" || image.name == "macro") found.insert({image.name + " picture", true});
  if (has_tags) return;  // they are read already, by the same names
  for (const std::string& name : info.phi) found.insert({name, true});
}

void look_at_tiff(const fs::path& path, Findings& found) {
  found.merge(identity_of_tiff(path));
  try {
    look_at_slide(open_slide(path).info(), true, found);
  } catch (const core::Error&) {  // no slide, and without other pictures
  }
}

/// MIRAX and others keep pixels in files of their own beside one that is a picture, or text.
bool is_slide_of_many_files(const fs::path& path) {
  const std::string vendor = openslide_vendor(path);
  return vendor == "mirax" || vendor == "hamamatsu" || vendor == "sakura";
}

Findings look_at(const fs::path& path, Care care) {
  Findings found;
  switch (detect_format(path)) {
    case Format::dicom: {
      DcmFileFormat file;
      load_dicom(file, path);
      return identity_in(file);
    }
    case Format::nifti:
      return identity_of_nifti(path);
    case Format::nrrd:
      return identity_of_nrrd(path);
    case Format::meta:
      return identity_of_meta(path);
    case Format::png:
      return identity_of_png(path);
    case Format::tiff:
      look_at_tiff(path, found);
      return found;
    case Format::jpeg:
      found = identity_of_jpeg(path, care == Care::thorough);
      if (path.extension() == ".mrxs") look_at_slide(open_slide(path).info(), false, found);
      return found;
    case Format::unknown:
      if (!is_slide_of_many_files(path)) core::fail_data("its format is none that can be looked through");
      look_at_slide(open_slide(path).info(), false, found);
      return found;
  }
  return found;
}

class PrivacySearch {
 public:
  explicit PrivacySearch(Care care) : care_(care) {}

  void look(const fs::path& path) {
    std::error_code code;
    const fs::file_status status = fs::status(path, code);
    if (fs::is_directory(status)) return look_into(path);
    if (status.type() == fs::file_type::not_found) return;  // nothing is there to tell anything
    if (code) return miss(path, code.message());
    if (!fs::is_regular_file(status)) return miss(path, "is no file");
    if (!is_new(path)) return;
    const auto size = fs::file_size(path, code);
    if (code) return miss(path, code.message());
    if (size == 0) return;  // says nothing
    try {
      found_.merge(look_at(path, care_));
    } catch (const core::Error& error) {
      const std::string why = error.what(), start = path.string() + ": ";
      miss(path, why.starts_with(start) ? why.substr(start.size()) : why);
    } catch (const std::exception& error) {
      if (core::is_out_of_memory(error)) throw;  // says nothing about the file
      miss(path, error.what());
    }
  }

  Identity take() {
    Identity identity;
    std::set<std::string> named;
    for (const Finding& finding : found_)
      if (named.insert(finding.name).second) identity.elements.push_back(finding.name);
    std::ranges::sort(missed_);
    identity.unchecked = std::move(missed_);
    return identity;
  }

 private:
  void look_into(const fs::path& folder) {
    if (!is_new(folder)) return;  // a link may lead back up
    std::vector<fs::path> paths;
    try {
      for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
    } catch (const fs::filesystem_error& error) {
      return miss(folder, error.code().message());
    }
    std::ranges::sort(paths);
    for (const fs::path& path : paths) look(path);
  }

  bool is_new(const fs::path& path) {
    std::error_code code;
    const fs::path real = fs::canonical(path, code);
    return seen_.insert(code ? path : real).second;
  }
  void miss(const fs::path& path, const std::string& why) { missed_.push_back(path.string() + ": " + why); }

  Care care_;
  std::set<fs::path> seen_;
  Findings found_;
  std::vector<std::string> missed_;
};

}  // namespace

std::string in_words(const std::vector<std::string>& elements) {
  constexpr size_t kShown = 4;
  std::vector<std::string> shown;
  size_t own = 0;
  for (const std::string& name : elements)
    if (!name.starts_with("private element ") || ++own <= kShown) shown.push_back(name);
  const std::string more =
      own > kShown ? " and " + std::to_string(own - kShown) + " more private elements" : "";
  return core::join(shown, ", ") + more;
}

Identity identity_of(const fs::path& path, Care care) {
  PrivacySearch search(care);
  search.look(split_choice(path).first);
  return search.take();
}

}  // namespace photo51::imaging
