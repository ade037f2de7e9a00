#pragma once
/// What one input file may ask of the reader, however little of it there is: what its header promises is room
/// that has to be given before a codec can show that it lied.

#include <string>

namespace photo51::imaging {

struct FileLimits {
  double max_gib = 8;                 ///< that the pixels of one file may take when they are unpacked
  bool follow_out_of_folder = false;  ///< voxels that a header keeps outside its own folder are read
};

/// `cohort.max_gib_per_file` and `cohort.detached_files`, for all readers of this process: files are opened
/// in many places, also by those who know nothing of a cohort. Not while files are being read.
void set_file_limits(const FileLimits& limits);
FileLimits file_limits();

/// Error (data) when `bytes` are more than a file may ask for. `promise` says in words what asks for them:
/// `its header promises 70000 x 70000 pixels`.
void require_within_limit(double bytes, const std::string& promise);

}  // namespace photo51::imaging
