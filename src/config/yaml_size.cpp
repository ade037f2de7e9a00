#include "config/yaml_size.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <sstream>
#include <vector>

#include "photo51/core/error.hpp"

namespace photo51::config {
namespace {

constexpr int64_t deepest = 100;
constexpr int64_t most_values = 100'000;
constexpr int64_t most_bytes = int64_t{16} << 20;

/// A part of the document with all that its aliases stand for.
struct Size {
  int64_t values = 0, bytes = 0, depth = 0;
};

class Measure final : public YAML::EventHandler {
 public:
  explicit Measure(const std::string& source) : source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    named_.clear();
    // yaml-cpp finds empty documents without end before a `,` that belongs to nothing.
    if (mark.pos <= last_start_)
      core::fail_usage(place(mark) + ": not valid YAML: nothing begins with what stands here");
    last_start_ = mark.pos;
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(mark, anchor, {1, 0, 1}); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    add(mark, anchor, {1, static_cast<int64_t>(tag.size() + value.size()), 1});
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = named_.find(anchor);
    if (found == named_.end())
      core::fail_usage(place(mark) + ": an alias stands inside what it names; write it out");
    add(mark, 0, found->second);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    YAML::Mark mark;
    YAML::anchor_t anchor;
    Size size;
  };

  std::string place(const YAML::Mark& mark) const { return source_ + ":" + std::to_string(mark.line + 1); }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({mark, anchor, {1, 0, 1}});
    check(mark, {});
  }
  void close() {
    const Open done = open_.back();
    open_.pop_back();
    add(done.mark, done.anchor, done.size);
  }
  void add(const YAML::Mark& mark, YAML::anchor_t anchor, const Size& part) {
    if (anchor != 0) named_[anchor] = part;
    check(mark, part);
    if (open_.empty()) return;
    Size& whole = open_.back().size;
    whole.values += part.values;
    whole.bytes += part.bytes;
    whole.depth = std::max(whole.depth, part.depth + 1);
  }
  /// Of all that is open, and `part` in it.
  void check(const YAML::Mark& mark, const Size& part) const {
    int64_t values = part.values, bytes = part.bytes;
    for (const Open& one : open_) values += one.size.values, bytes += one.size.bytes;
    if (static_cast<int64_t>(open_.size()) + part.depth > deepest)
      core::fail_usage(place(mark) + ": is nested more than " + std::to_string(deepest) +
                       " deep; write it flatter");
    if (values > most_values)
      core::fail_usage(place(mark) + ": the document has more than " + std::to_string(most_values) +
                       " values; do its aliases multiply?");
    if (bytes > most_bytes)
      core::fail_usage(place(mark) + ": the document has more than " + std::to_string(most_bytes >> 20) +
                       " MiB of text; do its aliases multiply?");
  }

  const std::string& source_;
  int last_start_ = -1;  ///< where the document began, in characters
  std::map<YAML::anchor_t, Size> named_;
  std::vector<Open> open_;
};

}  // namespace

void check_yaml_size(const std::string& text, const std::string& source) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Measure measure(source);
  while (parser.HandleNextDocument(measure)) {
  }
}

}  // namespace photo51::config
