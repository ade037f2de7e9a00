#pragma once
/// What an estimator has learned, as tensors by name: they lie in the same file as the weights of the
/// networks.

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace photo51::learners {

/// On the host: float64 for numbers, int64 for whole ones, uint8 for text and for what another library
/// serialises. Parts of names are separated by dots.
using State = std::map<std::string, at::Tensor>;

at::Tensor number_tensor(double value);      ///< float64 []
at::Tensor whole_tensor(int64_t value);      ///< int64 []
at::Tensor bytes_of(std::string_view text);  ///< uint8 [N]
/// uint8: the texts in UTF-8, a 0 byte after each.
at::Tensor bytes_of(const std::vector<std::string>& texts);
/// `part` becomes `name.…`.
void add_part(State& state, const std::string& name, const State& part);

/// Reads a state, which a stranger may have made or damaged: nothing of it is used before type, size and
/// range are checked. Every error (data) names the tensor, what is wrong with it, and the remedy. It refers
/// to the state, which has to outlive it.
class StateReader {
 public:
  explicit StateReader(const State& state, std::string place = "");

  /// What is called `name.…` here.
  StateReader at(const std::string& name) const;
  bool has(const std::string& name) const;  ///< a tensor of that name
  /// How many of `0.…`, `1.…` and so on are there, one after the other.
  int64_t count() const;
  /// Of a tensor here, as errors call it.
  std::string full_name(const std::string& name) const;

  static constexpr double widest = std::numeric_limits<double>::max();
  /// float64 of these sizes, all finite.
  at::Tensor numbers(const std::string& name, at::IntArrayRef sizes, double least = -widest,
                     double most = widest) const;
  double number(const std::string& name, double least = -widest, double most = widest) const;
  int64_t whole(const std::string& name, int64_t least, int64_t most) const;
  /// int64 [N] of any N.
  std::vector<int64_t> wholes(const std::string& name, int64_t least, int64_t most) const;
  std::string text(const std::string& name) const;
  std::vector<std::string> texts(const std::string& name) const;

  [[noreturn]] void fail(const std::string& name, const std::string& problem) const;
  /// Error (data): a tensor of the state that no reader made of this one has read.
  void require_all_read() const;

 private:
  at::Tensor find(const std::string& name, at::ScalarType type) const;

  const State* state_;
  std::string place_;
  std::shared_ptr<std::set<std::string>> read_;
};

}  // namespace photo51::learners
