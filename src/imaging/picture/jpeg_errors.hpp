#pragma once
/// libjpeg's errors without its exit: a jump back to who asked, and a note of what it would only warn about.

#include <csetjmp>
#include <cstdio>
// After cstdio: jpeglib.h uses FILE.
#include <jerror.h>
#include <jpeglib.h>

namespace photo51::imaging {

/// libjpeg reports errors by a call that must not return.
struct JpegFailure {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
  bool cut_off;
};

/// Between setjmp and the last call of libjpeg there may be plain data only, no object to be destroyed.
inline void catch_errors(jpeg_decompress_struct& info, JpegFailure& failure) {
  info.err = jpeg_std_error(&failure.manager);
  failure.manager.error_exit = [](j_common_ptr from) {
    auto* to = reinterpret_cast<JpegFailure*>(from->err);
    from->err->format_message(from, to->message);
    std::longjmp(to->back, 1);
  };
  // libjpeg fills what is missing with gray and only warns. Bytes too many and odd versions do no harm.
  failure.manager.emit_message = [](j_common_ptr from, int level) {
    const int code = from->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR && code != JWRN_ADOBE_XFORM)
      reinterpret_cast<JpegFailure*>(from->err)->cut_off = true;
  };
  failure.cut_off = false;
}

/// Each scan of a progressive JPEG costs a pass over all pixels; real ones have about ten.
inline void bound_scans(jpeg_decompress_struct& info, jpeg_progress_mgr& progress) {
  progress.progress_monitor = [](j_common_ptr from) {
    constexpr int kMostScans = 500;
    const auto* decoder = reinterpret_cast<j_decompress_ptr>(from);
    if (decoder->input_scan_number <= kMostScans) return;
    from->err->msg_code = JERR_BAD_PROGRESSION;
    from->err->error_exit(from);
  };
  info.progress = &progress;
}

}  // namespace photo51::imaging
