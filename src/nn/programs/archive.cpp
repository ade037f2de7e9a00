#include "nn/programs/archive.hpp"

#include <c10/util/Exception.h>
#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/read_adapter_interface.h>

#include <algorithm>
#include <cstring>
#include <tuple>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::nn {
namespace {

/// LibTorch's own trusts the offsets that it is given.
class BytesReader final : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesReader(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t position, void* to, size_t count, const char* what) const override {
    if (position > bytes_.size() || count > bytes_.size() - position)
      core::fail_data(std::string("ends before ") + what);
    std::memcpy(to, bytes_.data() + position, count);
    return count;
  }

 private:
  std::string_view bytes_;
};

/// Beyond its own size: code and names are packed, tensors are not.
constexpr uint64_t most_unpacked = uint64_t{256} << 20;

template <class Body>
auto reading_archive(Body&& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    core::fail_data("the archive is damaged: " + reason_of(error) + "; copy the file again");
  }
}

}  // namespace

std::shared_ptr<caffe2::serialize::ReadAdapterInterface> reader_of(std::string_view bytes) {
  return std::make_shared<BytesReader>(bytes);
}

std::string reason_of(const std::exception& error) {
  const auto* torch = dynamic_cast<const c10::Error*>(&error);
  const std::string text = torch != nullptr ? torch->what_without_backtrace() : error.what();
  std::string reason;
  for (const std::string& line : core::split(text, '\n')) {
    const std::string whole(core::trim(line));
    if (whole.empty()) continue;
    const size_t colon = whole.find("Error: ");
    const bool raised = colon != std::string::npos && whole.find(' ') > colon;
    if (raised)
      reason = whole.substr(colon + 7);
    else if (reason.empty())
      reason = whole;
  }
  return reason;
}

Archive::Archive(std::string_view bytes) {
  if (!bytes.starts_with("PK\x03\x04"))
    core::fail_data("is no program of torch, which is a zip archive; save it with torch.jit.save");
  reading_archive([&] {
    reader_ = std::make_unique<caffe2::serialize::PyTorchStreamReader>(reader_of(bytes));
    records_ = reader_->getAllRecords();
    uint64_t unpacked = 0;
    for (const auto& record : records_) {
      const uint64_t size = reader_->getRecordSize(record);
      if (size > bytes.size() + most_unpacked || unpacked > bytes.size() + most_unpacked)
        core::fail_data("unpacks to much more than its size; do not trust it");
      unpacked += size;
    }
  });
}

Archive::~Archive() = default;

bool Archive::has(const std::string& record) const {
  return std::ranges::find(records_, record) != records_.end();
}

std::string Archive::read(const std::string& record) const {
  return reading_archive([&] {
    const auto [data, size] = reader_->getRecord(record);
    return std::string(static_cast<const char*>(data.get()), size);
  });
}

uint64_t Archive::size(const std::string& record) const {
  return reading_archive([&] { return reader_->getRecordSize(record); });
}

ArchiveKind Archive::kind() const {
  const auto any = [&](const char* begin) {
    return std::ranges::any_of(records_, [&](const auto& record) { return record.starts_with(begin); });
  };
  if (any("data/aotinductor/")) return ArchiveKind::compiled;
  if (has("archive_format") && any("models/")) return ArchiveKind::exported;
  if (has("constants.pkl") && has("data.pkl") && any("code/") && !has("model.json"))
    return ArchiveKind::torch_script;
  return has("data.pkl") ? ArchiveKind::state_dict : ArchiveKind::unknown;
}

void Archive::require(ArchiveKind wanted) const {
  const ArchiveKind found = kind();
  if (found == wanted) return;
  switch (found) {
    case ArchiveKind::torch_script:
      core::fail_data("is a TorchScript module; set `name: torchscript`");
    case ArchiveKind::exported:
      core::fail_data("is a program of torch.export; set `name: exported`");
    case ArchiveKind::state_dict:
      core::fail_data(
          "holds weights without a program (torch.save); give it as `weights` to the architecture that they "
          "are of, or save the module with torch.jit.script(module).save(FILE)");
    case ArchiveKind::compiled:
      core::fail_data(
          "holds native code (AOTInductor), of which photo51 runs none that lies in a file; save the program "
          "with torch.export.save or torch.jit.save");
    case ArchiveKind::unknown:
      core::fail_data("is no program of this version of torch; save it again with torch.jit.save");
  }
}

}  // namespace photo51::nn
