#pragma once
/// The zip archives in which torch saves programs.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace caffe2::serialize {
class PyTorchStreamReader;
class ReadAdapterInterface;
}  // namespace caffe2::serialize

namespace photo51::nn {

/// What an archive is, by its records. exported: of torch.export.save; compiled: native code of AOTInductor.
enum class ArchiveKind { torch_script, state_dict, exported, compiled, unknown };

class Archive {
 public:
  /// The bytes must live as long. Error (data): no archive, damaged, or unpacks to much more than its size.
  explicit Archive(std::string_view bytes);
  ~Archive();
  Archive(const Archive&) = delete;
  Archive& operator=(const Archive&) = delete;

  const std::vector<std::string>& records() const { return records_; }
  bool has(const std::string& record) const;
  /// Error (data): there is no such record, or it is damaged.
  std::string read(const std::string& record) const;
  uint64_t size(const std::string& record) const;
  ArchiveKind kind() const;
  /// Error (data) that says what the archive is instead, and what to do with it.
  void require(ArchiveKind wanted) const;

 private:
  std::unique_ptr<caffe2::serialize::PyTorchStreamReader> reader_;
  std::vector<std::string> records_;
};

/// For LibTorch's own readers of such bytes, which must live as long.
std::shared_ptr<caffe2::serialize::ReadAdapterInterface> reader_of(std::string_view bytes);

/// The line of a LibTorch error that says what is wrong: without the frames of C++, and of an error in
/// TorchScript's interpreter without its way there.
std::string reason_of(const std::exception& error);

}  // namespace photo51::nn
