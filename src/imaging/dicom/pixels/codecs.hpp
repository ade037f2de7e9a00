#pragma once
/// Compressed frames to samples: one function a family of codecs, each on a library made for it. Every
/// decoder compares the stream's own header with what the DICOM header says before it makes room for the
/// pixels.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace photo51::imaging {

/// What the DICOM header promises of a frame.
struct FrameShape {
  int64_t rows = 0, columns = 0, samples = 1;
  bool is_rgb = false;  ///< photometric interpretation RGB, so that nothing has to be converted
};

/// Samples of one frame in the machine's byte order, the samples of a pixel side by side.
struct DecodedFrame {
  std::vector<uint8_t> bytes;
  int word = 8;            ///< bits of a sample in `bytes`: 8, 16 or 32
  int precision = 8;       ///< of which these many carry the value
  bool is_signed = false;  ///< words are sign-extended already
  bool is_rgb = false;     ///< colors are red, green and blue now
};

using ByteSpan = std::span<const uint8_t>;

/// JPEG 2000 (ISO/IEC 15444-1) and high-throughput JPEG 2000 (15444-15), bare or in a JP2 file; OpenJPEG.
/// `threads` for the blocks of one frame. Error (data): damaged, cut off, another size than the header says.
DecodedFrame decode_jpeg2000(ByteSpan stream, const FrameShape& shape, int threads);
/// Whether a JPEG 2000 codestream says that its first three components were transformed, so that they are
/// red, green and blue once it is decoded. Without a transform they are what the DICOM header says.
bool has_component_transform(ByteSpan stream);
/// JPEG-LS (ISO/IEC 14495-1), lossless and near-lossless; CharLS.
DecodedFrame decode_jpeg_ls(ByteSpan stream, const FrameShape& shape);
/// JPEG with 8 bits a sample (ISO/IEC 10918-1), sequential or progressive, to RGB; libjpeg.
DecodedFrame decode_jpeg(ByteSpan stream, const FrameShape& shape);

/// What a JPEG stream says of itself at its first frame header (SOF).
struct JpegHeader {
  int process = 0;  ///< 0 baseline, 1 extended, 2 progressive, 3 lossless, …
  int precision = 0;
  int64_t rows = 0, columns = 0, samples = 0;
  /// Three components are luminance and chrominance (true) or red, green and blue; nothing when the stream
  /// does not say, so that the DICOM header decides. libjpeg's custom of taking three for YCbCr is not
  /// DICOM's.
  std::optional<bool> is_ycc = {};
};
/// Of JPEG and JPEG-LS. Error (data): no frame header.
JpegHeader read_jpeg_header(ByteSpan stream);

/// Error (data) when a stream's size is not the header's.
void require_shape(const FrameShape& shape, int64_t rows, int64_t columns, int64_t samples);

}  // namespace photo51::imaging
