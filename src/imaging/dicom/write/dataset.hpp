#pragma once
/// Making DICOM files with DCMTK: what the writers of all modalities share.

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

#include <cstdint>
#include <filesystem>
#include <string>

#include "photo51/imaging/write.hpp"

namespace photo51::imaging {

/// A DICOM decimal string: 16 characters at most.
std::string decimal(double value);
/// A coded concept (PS3.3 8.8).
struct Code {
  const char *value, *scheme, *meaning;
};

/// Puts elements into a data set or a sequence item. Error (run) when DCMTK refuses one.
class DicomPut {
 public:
  explicit DicomPut(DcmItem& item) : item_(item) {}
  void text(const DcmTagKey& tag, const std::string& value);
  void number(const DcmTagKey& tag, int64_t value);
  void large(const DcmTagKey& tag, int64_t value);  ///< UL or SL
  void real(const DcmTagKey& tag, double value);    ///< FD
  void code(const DcmTagKey& sequence, const Code& code);
  /// A new item at the end of the sequence.
  DcmItem& item(const DcmTagKey& sequence);
  static void done(const OFCondition& condition);

 private:
  DcmItem& item_;
};

struct DicomUids {
  std::string seed, study, series, frame;
};
DicomUids uids_of(const DicomTags& tags);

/// Patient, study, series and equipment; `modality` as DICOM spells it.
void put_patient_and_study(DicomPut& put, const DicomTags& tags, const DicomUids& uids,
                           const std::string& modality);
/// Place and size of slice k: position, axes, spacing, thickness, frame of reference.
void put_plane(DicomPut& put, const Geometry& geometry, int64_t k, const DicomUids& uids);
/// One sample of `allocated` bits a pixel, of which `stored` are used.
void put_gray_layout(DicomPut& put, int64_t rows, int64_t columns, int64_t allocated, int64_t stored,
                     bool is_signed);

/// Error (usage) when the axes are not orthogonal; `what` begins the sentence ("a CT series").
void require_orthogonal(const Geometry& geometry, const std::string& what);
/// Makes the folder. Error (usage) when it has files other than those that the series will replace: a reader
/// would take them for slices of it, and they may be anybody's.
void prepare_series_folder(const std::filesystem::path& folder, int64_t slices);
/// "slice_0001.dcm" for k = 0.
std::string slice_name(int64_t k);
/// Writes a file beside `path` and renames it. Error (run) when the disk refuses.
void save_dicom(DcmFileFormat& file, const std::filesystem::path& path,
                E_TransferSyntax syntax = EXS_LittleEndianExplicit);

}  // namespace photo51::imaging
