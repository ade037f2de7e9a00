#include "imaging/dicom/stream.hpp"

#include <dcmtk/dcmdata/dcistrma.h>
#include <dcmtk/dcmdata/dcistrmf.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace photo51::imaging {
namespace {

/// Answers as DcmFileProducer does.
class BytesProducer final : public DcmProducer {
 public:
  BytesProducer(FileBytes bytes, offile_off_t position) : bytes_(std::move(bytes)), position_(position) {}

  OFBool good() const override { return status_.good(); }
  OFCondition status() const override { return status_; }
  OFBool eos() override { return avail() <= 0; }
  offile_off_t avail() override { return static_cast<offile_off_t>(bytes_->size()) - position_; }
  offile_off_t read(void* to, offile_off_t count) override {
    if (to == nullptr) return 0;
    const offile_off_t from = position_, got = skip(count);
    if (got > 0) std::memcpy(to, bytes_->data() + from, static_cast<size_t>(got));
    return got;
  }
  offile_off_t skip(offile_off_t count) override {
    if (status_.bad()) return 0;
    const offile_off_t passed = std::clamp<offile_off_t>(count, 0, std::max<offile_off_t>(0, avail()));
    position_ += passed;
    return passed;
  }
  void putback(offile_off_t count) override {
    if (status_.bad()) return;
    if (count > position_)
      status_ = EC_PutbackFailed;
    else
      position_ -= count;
  }

  const FileBytes& bytes() const { return bytes_; }
  offile_off_t position() const { return position_; }

 private:
  FileBytes bytes_;
  offile_off_t position_;
  OFCondition status_ = EC_Normal;
};

class BytesStream final : public DcmInputStream {
 public:
  BytesStream(FileBytes bytes, OFFilename path, offile_off_t position)
      : DcmInputStream(&producer_),  // which keeps the pointer alone
        producer_(std::move(bytes), position),
        path_(std::move(path)) {}
  DcmInputStreamFactory* newFactory() const override;

 private:
  BytesProducer producer_;
  OFFilename path_;
};

/// Where a value is found later. Of many headers none keeps the pixels of its file in memory.
class BytesFactory final : public DcmInputFileStreamFactory {
 public:
  BytesFactory(const FileBytes& bytes, const OFFilename& path, offile_off_t position)
      : DcmInputFileStreamFactory(path, position), bytes_(bytes) {}
  DcmInputStream* create() const override {
    if (FileBytes bytes = bytes_.lock()) return new BytesStream(std::move(bytes), getFilename(), getOffset());
    return DcmInputFileStreamFactory::create();
  }
  DcmInputStreamFactory* clone() const override { return new BytesFactory(*this); }

 private:
  std::weak_ptr<const std::string> bytes_;
};

DcmInputStreamFactory* BytesStream::newFactory() const {
  if (currentProducer() != &producer_) return nullptr;  // deflated: places in it are none in the file
  return new BytesFactory(producer_.bytes(), path_, producer_.position());
}

}  // namespace

OFCondition load_from_bytes(DcmFileFormat& file, const FileBytes& bytes, const std::filesystem::path& path) {
  BytesStream stream(bytes, path.c_str(), 0);
  OFCondition read = file.clear();
  if (read.bad()) return read;
  file.transferInit();
  read = file.read(stream);
  file.transferEnd();
  return read;
}

}  // namespace photo51::imaging
