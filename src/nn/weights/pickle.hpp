#pragma once
/// The part of Python's pickle format (PEP 307, protocols 2 to 5) that `torch.save` makes of weights: tensors
/// and plain containers, numbers and text. Nothing is looked up and nothing is called: the few names that may
/// stand in a program are rows of a table here, and every other is an error.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::nn {

struct PickleGlobal;

struct PickleValue {
  /// `opaque`: something harmless that weights do not need, such as a number of numpy or a set.
  enum class Kind {
    nothing,
    boolean,
    integer,
    real,
    text,
    tuple,
    list,
    dict,
    global,
    storage,
    tensor,
    opaque
  };
  Kind kind = Kind::nothing;
  int64_t integer = 0;  ///< boolean and integer; of a storage its place
  double real = 0;
  std::string_view text = {};               ///< in the program
  std::vector<const PickleValue*> items{};  ///< of a dict key, value, key, value, …
  at::Tensor tensor{};
  const PickleGlobal* global = nullptr;
};

/// The memory of a storage: at least `bytes` of them, aligned for any element, kept by whoever has `owner`.
struct PickleStorage {
  std::shared_ptr<char> owner;
  char* data = nullptr;
  size_t bytes = 0;
};

/// Runs one program. Values refer to one another by plain pointers and live as long as the machine, so that
/// circles and nesting of any depth cost nothing; who walks them must bound the depth.
class PickleMachine {
 public:
  /// `storage_of` gives the whole memory that is stored under a key, once for each key.
  PickleMachine(std::string_view program, std::function<PickleStorage(const std::string& key)> storage_of);
  ~PickleMachine();
  PickleMachine(const PickleMachine&) = delete;
  PickleMachine& operator=(const PickleMachine&) = delete;

  /// Errors (data): an instruction or a global name that weights do not need (by name), a program that is cut
  /// off or makes no sense, more than 4 million instructions, a tensor that reaches beyond its storage or has
  /// more values than that, a type of tensor that is not supported.
  const PickleValue& run();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace photo51::nn
