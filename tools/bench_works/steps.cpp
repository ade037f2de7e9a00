// Answers tools/bench, which has several processes take their steps by turns.
#include <ATen/record_function.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <unordered_set>

#include "bench.hpp"

namespace photo51::bench {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// What LibTorch calls while it lives, as far as the operator is one of the names; of nested calls the
/// outermost. One at a time: LibTorch's callbacks are plain functions.
class OperatorTime {
 public:
  explicit OperatorTime(std::unordered_set<std::string> names) {
    names_ = std::move(names);
    nanoseconds_ = 0;
    handle_ =
        at::addGlobalCallback(at::RecordFunctionCallback(enter, leave).scopes({at::RecordScope::FUNCTION}));
  }
  ~OperatorTime() { at::removeCallback(handle_); }
  OperatorTime(const OperatorTime&) = delete;
  OperatorTime& operator=(const OperatorTime&) = delete;
  double seconds() const { return 1e-9 * static_cast<double>(nanoseconds_); }

 private:
  struct Call : at::ObserverContext {
    bool outermost = depth_++ == 0;
    Clock::time_point begin = Clock::now();
  };
  static std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& call) {
    return names_.contains(call.name()) ? std::make_unique<Call>() : nullptr;
  }
  static void leave(const at::RecordFunction&, at::ObserverContext* context) {
    const auto* call = static_cast<const Call*>(context);
    if (call == nullptr) return;
    --depth_;
    if (call->outermost)
      nanoseconds_ +=
          std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - call->begin).count();
  }

  static inline std::unordered_set<std::string> names_;
  static inline std::atomic<int64_t> nanoseconds_ = 0;
  static inline thread_local int depth_ = 0;
  at::CallbackHandle handle_;
};

}  // namespace

void serve_steps(const std::function<double()>& step, const Requests& others) {
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream words(line);
    std::string request;
    words >> request;
    const auto begin = Clock::now();
    if (request == "step") {
      const double optimizer = step(), seconds = since(begin);
      std::printf("{\"seconds\": %.6f, \"optimizer_s\": %.6f}\n", seconds, optimizer);
    } else if (request == "share") {
      const OperatorTime kernels({std::istream_iterator<std::string>(words), {}});
      step();
      const double seconds = since(begin);
      std::printf("{\"share\": %.4f}\n", kernels.seconds() / seconds);
    } else if (const auto found = others.find(request); found != others.end()) {
      const Arguments rest{std::istream_iterator<std::string>(words), {}};
      std::printf("%s\n", found->second(rest).c_str());
    } else {
      throw std::invalid_argument("steps: no request " + line);
    }
    std::fflush(stdout);
  }
}

}  // namespace photo51::bench
