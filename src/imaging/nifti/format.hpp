#pragma once
/// The NIfTI-1 header as it lies in the file (nifti1.h of the NIfTI Data Format Working Group).

#include <cstdint>

namespace photo51::imaging::nifti {

#pragma pack(push, 1)
struct Header {
  int32_t sizeof_hdr;
  char data_type[10], db_name[18];
  int32_t extents;
  int16_t session_error;
  char regular, dim_info;
  int16_t dim[8];
  float intent_p1, intent_p2, intent_p3;
  int16_t intent_code, datatype, bitpix, slice_start;
  float pixdim[8];
  float vox_offset, scl_slope, scl_inter;
  int16_t slice_end;
  char slice_code, xyzt_units;
  float cal_max, cal_min, slice_duration, toffset;
  int32_t glmax, glmin;
  char descrip[80], aux_file[24];
  int16_t qform_code, sform_code;
  float quatern_b, quatern_c, quatern_d, qoffset_x, qoffset_y, qoffset_z;
  float srow_x[4], srow_y[4], srow_z[4];
  char intent_name[16], magic[4];
};
#pragma pack(pop)
static_assert(sizeof(Header) == 348);

enum Type : int16_t {
  kUint8 = 2,
  kInt16 = 4,
  kInt32 = 8,
  kFloat32 = 16,
  kFloat64 = 64,
  kRgb24 = 128,
  kInt8 = 256,
  kUint16 = 512,
  kUint32 = 768,
  kInt64 = 1024,
  kUint64 = 1280,
  kRgba32 = 2304
};
constexpr int16_t kIntentLabel = 1002, kIntentRgb = 2003;
constexpr char kMetre = 1, kMillimetre = 2, kMicrometre = 3;
constexpr int kSecond = 8, kMillisecond = 16, kMicrosecond = 24;

}  // namespace photo51::imaging::nifti
