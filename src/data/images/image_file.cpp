#include "data/images/image_file.hpp"

#include "data/images/subchannel.hpp"
#include "photo51/imaging/read.hpp"

namespace photo51::data {

imaging::Volume ImageFile::read_volume(imaging::Modality kind, bool keep_double) const {
  return imaging::read_volume(path(), {.modality = kind,
                                       .series = {},
                                       .dicom = cohort.file_options(input).dicom,
                                       .keep_double = keep_double});
}

std::shared_ptr<const imaging::Volume> ImageFile::shared(const Read& read) const {
  return cohort.stores.shared_files.get({input, path().string()}, read);
}

imaging::Volume ImageFile::part(const Read& read) const {
  const std::string named = part_of(channel());
  return named.empty() ? read() : take_part(*shared(read), named);
}

}  // namespace photo51::data
