#include "photo51/learners/state.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/scalar_tensor.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "photo51/core/error.hpp"
#include "photo51/core/text.hpp"

namespace photo51::learners {
namespace {

/// "[1, 6]".
std::string text_of(at::IntArrayRef sizes) {
  std::vector<std::string> parts;
  for (const int64_t size : sizes) parts.push_back(std::to_string(size));
  return "[" + core::join(parts, ", ") + "]";
}

/// "[0][5]": the place of the value that is number `flat` of a tensor of these sizes; nothing for a scalar.
std::string place_in(at::IntArrayRef sizes, int64_t flat) {
  std::string place;
  for (size_t d = sizes.size(); d-- > 0; flat /= sizes[d])
    place.insert(0, "[" + std::to_string(flat % sizes[d]) + "]");
  return place;
}

}  // namespace

at::Tensor number_tensor(double value) {
  return at::scalar_tensor(value, at::kDouble);
}

at::Tensor whole_tensor(int64_t value) {
  return at::scalar_tensor(value, at::kLong);
}

at::Tensor bytes_of(std::string_view text) {
  at::Tensor bytes = at::empty({static_cast<int64_t>(text.size())}, at::kByte);
  std::copy(text.begin(), text.end(), bytes.mutable_data_ptr<uint8_t>());
  return bytes;
}

at::Tensor bytes_of(const std::vector<std::string>& texts) {
  std::string all;
  for (const auto& text : texts) (all += text) += '\0';
  return bytes_of(std::string_view(all));
}

void add_part(State& state, const std::string& name, const State& part) {
  for (const auto& [inner, tensor] : part) state[name + "." + inner] = tensor;
}

StateReader::StateReader(const State& state, std::string place)
    : state_(&state), place_(std::move(place)), read_(std::make_shared<std::set<std::string>>()) {}

StateReader StateReader::at(const std::string& name) const {
  StateReader part = *this;
  part.place_ = full_name(name);
  return part;
}

std::string StateReader::full_name(const std::string& name) const {
  return place_.empty() ? name : place_ + "." + name;
}

bool StateReader::has(const std::string& name) const {
  return state_->contains(full_name(name));
}

int64_t StateReader::count() const {
  int64_t found = 0;
  for (;; ++found) {
    const std::string prefix = full_name(std::to_string(found)) + ".";
    const auto first = state_->lower_bound(prefix);
    if (first == state_->end() || !first->first.starts_with(prefix)) return found;
  }
}

void StateReader::fail(const std::string& name, const std::string& problem) const {
  core::fail_data("`" + full_name(name) + "`: " + problem + "; train the model again, or export it anew");
}

at::Tensor StateReader::find(const std::string& name, at::ScalarType type) const {
  const auto found = state_->find(full_name(name));
  if (found == state_->end()) fail(name, "is missing");
  if (found->second.scalar_type() != type)
    fail(name, std::string("holds ") + c10::toString(found->second.scalar_type()) + " where " +
                   c10::toString(type) + " is needed");
  read_->insert(found->first);
  return found->second.contiguous();
}

at::Tensor StateReader::numbers(const std::string& name, at::IntArrayRef sizes, double least,
                                double most) const {
  const at::Tensor tensor = find(name, at::kDouble);
  if (tensor.sizes() != sizes)
    fail(name, "is " + text_of(tensor.sizes()) + " where " + text_of(sizes) + " is needed");
  const auto* values = tensor.const_data_ptr<double>();
  for (int64_t i = 0; i < tensor.numel(); ++i) {
    if (!std::isfinite(values[i])) fail(name + place_in(sizes, i), "is not a finite number");
    if (values[i] < least || values[i] > most)
      fail(name + place_in(sizes, i), core::format_number(values[i]) + " is outside " +
                                          core::format_number(least) + " to " + core::format_number(most));
  }
  return tensor;
}

double StateReader::number(const std::string& name, double least, double most) const {
  return *numbers(name, {}, least, most).const_data_ptr<double>();
}

std::vector<int64_t> StateReader::wholes(const std::string& name, int64_t least, int64_t most) const {
  const at::Tensor tensor = find(name, at::kLong);
  if (tensor.dim() != 1) fail(name, "is " + text_of(tensor.sizes()) + " where a list is needed");
  const auto* values = tensor.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < tensor.numel(); ++i)
    if (values[i] < least || values[i] > most)
      fail(name + "[" + std::to_string(i) + "]", std::to_string(values[i]) + " is outside " +
                                                     std::to_string(least) + " to " + std::to_string(most));
  return {values, values + tensor.numel()};
}

int64_t StateReader::whole(const std::string& name, int64_t least, int64_t most) const {
  const at::Tensor tensor = find(name, at::kLong);
  if (tensor.dim() != 0) fail(name, "is " + text_of(tensor.sizes()) + " where one number is needed");
  const int64_t value = *tensor.const_data_ptr<int64_t>();
  if (value < least || value > most)
    fail(name,
         std::to_string(value) + " is outside " + std::to_string(least) + " to " + std::to_string(most));
  return value;
}

std::string StateReader::text(const std::string& name) const {
  const at::Tensor tensor = find(name, at::kByte);
  if (tensor.dim() != 1) fail(name, "is " + text_of(tensor.sizes()) + " where text is needed");
  const auto* bytes = tensor.const_data_ptr<uint8_t>();
  return {bytes, bytes + tensor.numel()};
}

std::vector<std::string> StateReader::texts(const std::string& name) const {
  const std::string all = text(name);
  std::vector<std::string> list;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = all.find('\0', begin);
    if (end == std::string::npos) fail(name, "does not end with a 0 byte");
    list.push_back(all.substr(begin, end - begin));
    begin = end + 1;
  }
  return list;
}

void StateReader::require_all_read() const {
  for (const auto& [name, tensor] : *state_)
    if (!read_->contains(name))
      core::fail_data("`" + name +
                      "`: is nothing that is learned here; train the model again, or export it anew");
}

}  // namespace photo51::learners
