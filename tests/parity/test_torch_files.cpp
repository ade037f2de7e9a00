#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "parity/peer.hpp"
#include "photo51/core/error.hpp"
#include "photo51/nn/weights/torch_file.hpp"
#include "support/shared_data.hpp"

namespace photo51::nn {
namespace {

class TorchFiles : public test::PeerSuite<TorchFiles> {
 public:
  static constexpr const char* kScript = "torch_files.py";
};

/// What the installed torch writes, in every protocol of pickles, alone and in a trainer's checkpoint.
TEST_F(TorchFiles, HoldWhatTorchSaved) {
  const test::TemporaryFolder folder;
  ASSERT_TRUE(peer_->ask({folder.path().string()}));
  const Tensors values = read_safetensors(folder / "values.safetensors").tensors;
  for (const char* kind : {"state", "checkpoint"})
    for (int protocol = 2; protocol <= 5; ++protocol) {
      const std::string name = std::string(kind) + "_" + std::to_string(protocol) + ".pth";
      const Tensors found = read_torch_file(folder / name).tensors;
      EXPECT_EQ(found.size(), values.size()) << name;
      for (const auto& [tensor, wanted] : values) {
        ASSERT_TRUE(found.contains(tensor)) << name << " " << tensor;
        EXPECT_TRUE(at::equal(found.at(tensor).to(wanted.scalar_type()), wanted)) << name << " " << tensor;
      }
      for (const auto& [tensor, type] : {std::pair{"float16", at::kHalf},
                                         {"bfloat16", at::kBFloat16},
                                         {"int8", at::kChar},
                                         {"bool", at::kBool},
                                         {"float64", at::kDouble}})
        EXPECT_EQ(found.at(tensor).scalar_type(), type) << name << " " << tensor;
    }
  for (const char* other : {"early.pth", "script.pth"})
    EXPECT_THROW(read_torch_file(folder / other), core::Error) << other;
}

}  // namespace
}  // namespace photo51::nn
