#include <ATen/ATen.h>
#include <itkMetaImageIO.h>
#include <itkNrrdImageIO.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <new>
#include <utility>

#include "core/byte_source.hpp"
#include "imaging/readers.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/files.hpp"
#include "photo51/core/text.hpp"
#include "photo51/imaging/file_limits.hpp"
#include "photo51/imaging/referenced_files.hpp"

namespace photo51::imaging {
namespace {

namespace fs = std::filesystem;
using Io = itk::ImageIOBase;

/// One reader a format, made here by name: no ITK factory is ever registered or searched.
Io::Pointer make_reader(Format format) {
  switch (format) {
    case Format::nrrd:
      return itk::NrrdImageIO::New().GetPointer();
    default:
      return itk::MetaImageIO::New().GetPointer();
  }
}

at::ScalarType type_of(const Io& io) {
  using Type = itk::IOComponentEnum;
  switch (io.GetComponentType()) {
    case Type::UCHAR:
      return at::kByte;
    case Type::CHAR:
      return at::kChar;
    case Type::SHORT:
    case Type::USHORT:
      return at::kShort;
    case Type::INT:
    case Type::UINT:
      return at::kInt;
    case Type::LONG:
    case Type::ULONG:
    case Type::LONGLONG:
    case Type::ULONGLONG:
      return at::kLong;
    case Type::FLOAT:
      return at::kFloat;
    case Type::DOUBLE:
      return at::kDouble;
    default:
      core::fail_data("voxels of type " + Io::GetComponentTypeAsString(io.GetComponentType()) +
                      " cannot be read; convert the file to float32");
  }
}

/// The libraries below tell one thing a line, from the outermost call to what went wrong; ITK's own lines
/// begin with a class and an address in memory.
std::string innermost_cause(const std::string& description) {
  std::string cause = "its reader says no more";
  for (const std::string& line : core::split(description, '\n')) {
    const size_t end = line.starts_with("itk::") ? line.find("): ") : std::string::npos;
    std::string said(core::trim(end == std::string::npos ? line : line.substr(end + 3)));
    if (!said.empty()) cause = std::move(said);
  }
  return cause;
}

/// Unsigned words were read as signed ones of the same size; double voxels become float, unless they stay.
at::Tensor plain_type(at::Tensor data, const Io& io, bool keep_double) {
  using Type = itk::IOComponentEnum;
  switch (io.GetComponentType()) {
    case Type::USHORT:
      return data.to(at::kInt).bitwise_and_(0xFFFF);
    case Type::UINT:
      return data.to(at::kLong).bitwise_and_(0xFFFFFFFF);
    case Type::DOUBLE:
      return keep_double ? data : data.to(at::kFloat);
    default:
      return data;
  }
}

/// The text header of NRRD and MetaImage, to see what it leaves unsaid.
std::string text_header(const fs::path& path) {
  core::ByteSource source(path);
  std::string text(8192, '\0');
  text.resize(source.read(text.data(), text.size()));
  if (const auto end = text.find("\n\n"); end != std::string::npos) text.resize(end);
  if (const auto last = text.find("ElementDataFile"); last != std::string::npos) {
    const auto end = text.find('\n', last);
    if (end != std::string::npos) text.resize(end + 1);
  }
  return text;
}

/// Teem unpacks all of a file to skip from its end, and whatever a header says from its front.
void check_nrrd_skip(const fs::path& path) {
  bool packed = false;
  double skip = 0;
  for (const std::string& line : nrrd_header(path)) {
    const auto colon = line.find(':');
    if (colon == std::string::npos) continue;
    std::string key(core::trim(line.substr(0, colon))), value(core::trim(line.substr(colon + 1)));
    for (std::string* word : {&key, &value})
      std::transform(word->begin(), word->end(), word->begin(),
                     [](unsigned char c) { return std::tolower(c); });
    if (key == "encoding") packed = value != "raw";
    if (key == "byte skip" || key == "byteskip") skip = core::parse_double(value).value_or(NAN);
  }
  constexpr double kMost = 1 << 20;  // a header of another format in front of the voxels
  if (packed && !(skip >= 0 && skip <= kMost))
    core::fail_data(
        path.string() + ": `byte skip` is " + core::format_number(skip) +
        ", but its voxels are packed, of which 0 to 1048576 bytes can be skipped; correct the header");
}

/// The value of a MetaImage key, or nothing.
std::string meta_value(const std::string& header, const std::string& key) {
  for (const std::string& line : core::split(header, '\n')) {
    const auto equals = line.find('=');
    if (equals != std::string::npos && core::trim(line.substr(0, equals)) == key)
      return std::string(core::trim(line.substr(equals + 1)));
  }
  return {};
}

constexpr char kCutOff[] = "the file ends before its voxels do; copy it again";

/// ITK fills what a cut-off MetaImage lacks without a word.
void check_meta_bytes(const fs::path& path, double needed) {
  const std::string header = text_header(path), where = meta_value(header, "ElementDataFile");
  if (where.empty() || where.starts_with("LIST") || where.find('%') != std::string::npos) return;
  const bool local = where == "LOCAL" || where == "Local" || where == "local";
  const auto bytes = static_cast<double>(fs::file_size(local ? path : path.parent_path() / where));
  const std::string compressed = meta_value(header, "CompressedData");
  if (compressed == "True" || compressed == "true")
    needed = core::parse_double(meta_value(header, "CompressedDataSize")).value_or(0);
  if (bytes - (local ? static_cast<double>(header.size()) : 0) < needed) core::fail_data(kCutOff);
}

bool has(const std::string& text, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (text.find(key) != std::string::npos) return true;
  return false;
}

void see_what_is_known(const fs::path& path, Format format, Volume& volume) {
  if (format == Format::nrrd) {
    const std::string text = text_header(path);
    volume.spacing_known = has(text, {"space directions:", "spacings:"});
    volume.orientation_known = has(text, {"space directions:"}) && has(text, {"space:"});
  } else {
    const std::string text = text_header(path);
    volume.spacing_known = has(text, {"ElementSpacing", "ElementSize"});
    volume.orientation_known = has(text, {"TransformMatrix", "Rotation", "Orientation"});
  }
  if (!volume.spacing_known) volume.warnings.emplace_back("the file does not say how large a voxel is");
  if (!volume.orientation_known)
    volume.warnings.emplace_back("the file does not say which way its axes point in the patient");
}

Geometry geometry_of(const Io& io, const Volume& volume) {
  Geometry geometry;
  const unsigned dims = std::min(io.GetNumberOfDimensions(), 3U);
  geometry.size = {1, 1, 1};
  for (unsigned axis = 0; axis < dims; ++axis) {
    geometry.size[axis] = static_cast<int64_t>(io.GetDimensions(axis));
    if (volume.spacing_known) geometry.spacing[axis] = std::abs(io.GetSpacing(axis));
    if (volume.orientation_known) geometry.origin[axis] = io.GetOrigin(axis);
    if (!(std::abs(geometry.origin[axis]) < 1e9))
      core::fail_data(std::string("the origin along ") + "xyz"[axis] + " is " +
                      core::format_number(geometry.origin[axis]) + ", which is no place; correct the header");
    if (volume.spacing_known && io.GetSpacing(axis) < 0) geometry.spacing[axis] = 0;  // no size either
    const std::vector<double> cosines = io.GetDirection(axis);
    if (volume.orientation_known && dims == 3)
      for (unsigned row = 0; row < 3; ++row) geometry.direction[row * 3 + axis] = cosines[row];
    if (!(geometry.spacing[axis] > 1e-9 && geometry.spacing[axis] < 1e6))
      core::fail_data(std::string("the voxel size along ") + "xyz"[axis] +
                      " is not a length; correct the header");
  }
  if (!(std::abs(geometry.handedness()) > 1e-3))
    core::fail_data("its axes lie in one plane, so its affine has no inverse; correct the header");
  return geometry;
}

at::Tensor read_pixels(Io& io, const fs::path& path, Format format, const Geometry& geometry,
                       bool keep_double) {
  const at::ScalarType type = type_of(io);
  const auto components = static_cast<int64_t>(io.GetNumberOfComponents());
  double bytes = static_cast<double>(c10::elementSize(type)) * static_cast<double>(components);
  for (unsigned axis = 3; axis < io.GetNumberOfDimensions(); ++axis)
    bytes *= static_cast<double>(io.GetDimensions(axis));
  const auto& n = geometry.size;
  for (const int64_t size : n) {
    if (size < 1) core::fail_data("it has no voxels");
    bytes *= static_cast<double>(size);
  }
  const std::string promise = "its header promises " + std::to_string(n[0]) + " x " + std::to_string(n[1]) +
                              " x " + std::to_string(n[2]) + " voxels";
  if (bytes > 1100.0 * static_cast<double>(content_bytes(path)))
    core::fail_data(promise + ", more than the file can hold: it is cut off or damaged; copy it again");
  require_within_limit(bytes, promise);
  if (!(bytes > 0)) core::fail_data("it has no voxels");
  int64_t beyond = 1;
  for (unsigned axis = 3; axis < io.GetNumberOfDimensions(); ++axis)
    beyond *= static_cast<int64_t>(io.GetDimensions(axis));

  if (format == Format::meta) check_meta_bytes(path, bytes);

  itk::ImageIORegion region(io.GetNumberOfDimensions());
  for (unsigned axis = 0; axis < io.GetNumberOfDimensions(); ++axis) {
    region.SetIndex(axis, 0);
    region.SetSize(axis, io.GetDimensions(axis));
  }
  io.SetIORegion(region);
  at::Tensor data = at::empty({beyond, n[2], n[1], n[0], components}, type);
  data.zero_();
  io.Read(data.mutable_data_ptr());
  data = plain_type(data, io, keep_double);
  if (components == 1) return data.reshape({beyond, n[2], n[1], n[0]});
  return data.permute({0, 4, 1, 2, 3}).reshape({beyond * components, n[2], n[1], n[0]}).contiguous();
}

/// Color channels get names; an alpha channel that says nothing is left out.
void name_colors(const Io& io, Volume& volume) {
  using Pixel = itk::IOPixelEnum;
  if (io.GetNumberOfDimensions() > 3) return;
  const Pixel pixel = io.GetPixelType();
  const int64_t channels = volume.data.size(0);
  if (pixel == Pixel::RGB && channels == 3) volume.channels = {"red", "green", "blue"};
  if (pixel == Pixel::RGBA && channels == 4) {
    if (volume.data[3].min().item<double>() == volume.data[3].max().item<double>()) {
      volume.data = volume.data.narrow(0, 0, 3).contiguous();
      volume.channels = {"red", "green", "blue"};
    } else {
      volume.channels = {"red", "green", "blue", "alpha"};
    }
  }
}

}  // namespace

Volume read_with_itk(const fs::path& path, Format format, bool keep_double) {
  referenced_files(path);  // refuses what leads elsewhere
  if (format == Format::nrrd) check_nrrd_skip(path);
  return core::with_context(path.string(), [&] {
    try {
      Volume volume;
      volume.source = path.string();
      see_what_is_known(path, format, volume);
      const Io::Pointer io = make_reader(format);
      io->SetFileName(path.string());
      io->ReadImageInformation();
      if (auto* meta = dynamic_cast<itk::MetaImageIO*>(io.GetPointer()))
        require_meta_data_field(path, meta->GetMetaImagePointer()->ElementDataFileName());
      volume.geometry = geometry_of(*io, volume);
      volume.data = read_pixels(*io, path, format, volume.geometry, keep_double);
      name_colors(*io, volume);
      return volume;
    } catch (const itk::MemoryAllocationError&) {
      throw std::bad_alloc();  // says nothing about the file
    } catch (const itk::ExceptionObject& error) {
      core::fail_data(
          "cannot be read (" + innermost_cause(error.GetDescription()) +
          "); it is cut off, damaged or of an unknown kind: copy it again or convert it to NIfTI");
    }
  });
}

}  // namespace photo51::imaging
