#include "nn/programs/script_program.hpp"

#include <ATen/ATen.h>

#include <fstream>

#include "support/errors.hpp"
#include "support/shared_data.hpp"
#include "support/torch_script.hpp"

namespace photo51::nn {
namespace {

using test::message_of;
using ::testing::AllOf;
using ::testing::HasSubstr;

class ScriptProgramTest : public ::testing::Test {
 protected:
  std::filesystem::path write(const std::string& code, const test::ScriptTensors& tensors = {}) const {
    return test::write_script(folder_ / "net.pt", code, tensors);
  }
  test::TemporaryFolder folder_;
  const at::Tensor image_ = at::arange(8, at::kFloat).view({1, 2, 4});
};

TEST_F(ScriptProgramTest, ComputesAsSavedAndInEvaluation) {
  const ScriptProgram program(
      write("def forward(self, x):\n  if self.training:\n    return x\n  return x * self.scale\n",
            {{{"scale", at::full({1}, 3.0)}}}));
  const at::Tensor found = program.run(image_);
  EXPECT_TRUE(at::equal(found, 3 * image_));
  EXPECT_FALSE(found.requires_grad());
}

/// With deep supervision the finest answer comes first.
TEST_F(ScriptProgramTest, TakesTheFirstOfSeveral) {
  const ScriptProgram tuple(write("def forward(self, x):\n  return (x.double(), x + 1)\n"));
  EXPECT_TRUE(at::equal(tuple.run(image_), image_));
  const ScriptProgram list(write("def forward(self, x):\n  return [x + 2, x]\n"));
  EXPECT_TRUE(at::equal(list.run(image_), image_ + 2));
  const ScriptProgram method(
      write("def forward(self, x):\n  return x\ndef outline(self, x):\n  return x + 4\n"), "outline");
  EXPECT_TRUE(at::equal(method.run(image_), image_ + 4));
}

TEST_F(ScriptProgramTest, ErrorsNameTheFile) {
  const auto refused = [&](core::Fault fault, const std::string& method = "forward") {
    return message_of(fault, [&] { ScriptProgram(folder_ / "net.pt", method).run(image_); });
  };
  EXPECT_THAT(refused(core::Fault::data), HasSubstr("net.pt"));  // there is none
  std::ofstream(folder_ / "net.pt") << "no archive";
  EXPECT_THAT(refused(core::Fault::data), HasSubstr("net.pt: is no program of torch"));
  write("def forward(self, x):\n  return x\n");
  EXPECT_THAT(
      refused(core::Fault::usage, "forwards"),
      AllOf(HasSubstr("net.pt: `method`: the module has no method `forwards`"), HasSubstr("forward")));
  write("def forward(self, x):\n  return x.view(7)\n");
  EXPECT_THAT(refused(core::Fault::data),
              AllOf(HasSubstr("the program fails on images [1, 2, 4]: "), HasSubstr("shape '[7]'")));
  write("def forward(self, x):\n  return 5\n");
  EXPECT_THAT(refused(core::Fault::usage), HasSubstr("the program gives no tensor"));
  write("def forward(self, x):\n  torch.save(x, 'stolen')\n  return x\n");
  EXPECT_THAT(refused(core::Fault::data), HasSubstr("names `save`"));
}

}  // namespace
}  // namespace photo51::nn
