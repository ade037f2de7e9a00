#include "nn/weights/pickle.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <map>
#include <unordered_map>

#include "photo51/core/error.hpp"
#include "photo51/core/shown.hpp"

namespace photo51::nn {
namespace {

using Kind = PickleValue::Kind;

/// What a program may name.
enum class Role { ordered_dict, tensor, typed_tensor, parameter, size, storage, type, opaque };
struct Global {
  std::string_view module, name;
  Role role;
  at::ScalarType type = at::kFloat;
};
constexpr Global globals[] = {
    {"collections", "OrderedDict", Role::ordered_dict},
    {"torch._utils", "_rebuild_tensor_v2", Role::tensor},
    {"torch._utils", "_rebuild_tensor_v3", Role::typed_tensor},
    {"torch._utils", "_rebuild_parameter", Role::parameter},
    {"torch", "Size", Role::size},
    {"torch", "DoubleStorage", Role::storage, at::kDouble},
    {"torch", "FloatStorage", Role::storage, at::kFloat},
    {"torch", "HalfStorage", Role::storage, at::kHalf},
    {"torch", "BFloat16Storage", Role::storage, at::kBFloat16},
    {"torch", "LongStorage", Role::storage, at::kLong},
    {"torch", "IntStorage", Role::storage, at::kInt},
    {"torch", "ShortStorage", Role::storage, at::kShort},
    {"torch", "CharStorage", Role::storage, at::kChar},
    {"torch", "ByteStorage", Role::storage, at::kByte},
    {"torch", "BoolStorage", Role::storage, at::kBool},
    {"torch.storage", "UntypedStorage", Role::storage, at::kByte},
    {"torch", "float64", Role::type, at::kDouble},
    {"torch", "float32", Role::type, at::kFloat},
    {"torch", "float16", Role::type, at::kHalf},
    {"torch", "bfloat16", Role::type, at::kBFloat16},
    {"torch", "int64", Role::type, at::kLong},
    {"torch", "int32", Role::type, at::kInt},
    {"torch", "int16", Role::type, at::kShort},
    {"torch", "int8", Role::type, at::kChar},
    {"torch", "uint8", Role::type, at::kByte},
    {"torch", "bool", Role::type, at::kBool},
    // What trainers keep beside the weights: nnU-Net numbers of numpy, DINO and MAE their command line.
    {"torch", "device", Role::opaque},
    {"numpy", "dtype", Role::opaque},
    {"numpy", "ndarray", Role::opaque},
    {"numpy.core.multiarray", "scalar", Role::opaque},
    {"numpy._core.multiarray", "scalar", Role::opaque},
    {"numpy.core.multiarray", "_reconstruct", Role::opaque},
    {"numpy._core.multiarray", "_reconstruct", Role::opaque},
    {"_codecs", "encode", Role::opaque},
    {"argparse", "Namespace", Role::opaque},
    {"__builtin__", "set", Role::opaque},
    {"builtins", "set", Role::opaque},
};

constexpr size_t most_instructions = 4'000'000, most_copied = 8'000'000;
constexpr uint64_t most_edge = uint64_t{1} << 48;

std::string name_of(const Global& global) {
  return std::string(global.module) + "." + std::string(global.name);
}

[[noreturn]] void fail_length() {
  core::fail_data("its pickle is longer than that of any weights (" + std::to_string(most_instructions) +
                  " instructions); save the state dict alone");
}

[[noreturn]] void fail_sense(const char* what) {
  core::fail_data(std::string("its pickle makes no sense: ") + what +
                  "; the file is damaged, or no file of "
                  "torch.save");
}

}  // namespace

struct PickleMachine::State {
  State(std::string_view program_, std::function<PickleStorage(const std::string&)> storage_of_)
      : program(program_), storage_of(std::move(storage_of_)) {}

  std::string_view program;
  size_t at = 0, instructions = 0, copied = 0;
  std::function<PickleStorage(const std::string&)> storage_of;
  std::deque<PickleValue> values;
  std::vector<PickleValue*> stack;
  std::vector<size_t> marks;
  std::unordered_map<uint32_t, PickleValue*> memo;
  std::map<std::string, size_t, std::less<>> keys;  ///< of storages
  std::vector<PickleStorage> storages;
  struct TypedStorage {
    size_t storage;
    at::ScalarType type;
    size_t bytes;
  };
  std::vector<TypedStorage> typed;
  PickleValue nothing, no{.kind = Kind::boolean}, yes{.kind = Kind::boolean, .integer = 1};

  // Reading the program.

  std::string_view take(uint64_t count) {
    if (count > program.size() - at) fail_sense("it is cut off");
    const std::string_view bytes = program.substr(at, count);
    at += count;
    return bytes;
  }
  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view line() {
    const size_t end = program.find('\n', at);
    if (end == std::string_view::npos) fail_sense("it is cut off");
    const std::string_view text = take(end - at);
    ++at;
    return text;
  }

  // Values.

  PickleValue* make(Kind kind) {
    PickleValue& value = values.emplace_back();
    value.kind = kind;
    return &value;
  }
  void push(PickleValue* value) { stack.push_back(value); }
  void push_integer(int64_t integer) {
    PickleValue* value = make(Kind::integer);
    value->integer = integer;
    push(value);
  }
  void push_text(Kind kind, std::string_view text) {
    PickleValue* value = make(kind);
    value->text = text;
    push(value);
  }
  /// Values below the last mark are not to be reached.
  size_t floor() const { return marks.empty() ? 0 : marks.back(); }
  PickleValue* top() const {
    if (stack.size() <= floor()) fail_sense("the stack is empty");
    return stack.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    stack.pop_back();
    return value;
  }
  std::vector<const PickleValue*> pop_to_mark() {
    if (marks.empty()) fail_sense("a mark is absent");
    std::vector<const PickleValue*> items(stack.begin() + static_cast<long>(marks.back()), stack.end());
    stack.resize(marks.back());
    marks.pop_back();
    return items;
  }
  void push_tuple(std::vector<const PickleValue*> items) {
    PickleValue* value = make(Kind::tuple);
    value->items = std::move(items);
    push(value);
  }
  void push_last(size_t count) {
    std::vector<const PickleValue*> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    push_tuple(std::move(items));
  }

  /// Copies of long lists take a byte each in a program.
  void count_copies(size_t count) {
    copied += count;
    if (copied > most_copied) fail_length();
  }

  /// Adds to the container on top; what an opaque value is given is forgotten.
  void add(Kind kind, const std::vector<const PickleValue*>& items) {
    PickleValue* container = top();
    if (container->kind == Kind::opaque) return;
    if (container->kind != kind) fail_sense("items are added to what is no container");
    if (kind == Kind::dict && items.size() % 2 != 0) fail_sense("a key without a value");
    container->items.insert(container->items.end(), items.begin(), items.end());
  }

  void remember(uint32_t place) { memo[place] = top(); }
  void recall(uint32_t place) {
    const auto found = memo.find(place);
    if (found == memo.end()) fail_sense("it recalls what it did not remember");
    push(found->second);
  }

  // Names and what they make.

  void push_global(std::string_view module, std::string_view name) {
    const auto* found = std::ranges::find_if(
        globals, [&](const Global& global) { return global.module == module && global.name == name; });
    if (found == std::end(globals))
      core::fail_data(
          "it needs `" + core::shown(std::string(module) + "." + std::string(name), 200) +
          "`, which is no part of weights, and running what a file names is not safe; if the file is "
          "trusted, save its state dict alone (torch.save(model.state_dict(), …)) or as safetensors");
    PickleValue* value = make(Kind::global);
    value->integer = found - std::begin(globals);
    push(value);
  }
  static const Global* global_of(const PickleValue& value) {
    return value.kind == Kind::global ? &globals[value.integer] : nullptr;
  }

  void call() {
    const PickleValue* arguments = pop();
    const Global* function = global_of(*pop());
    if (arguments->kind != Kind::tuple) fail_sense("arguments that are no tuple");
    if (function == nullptr) fail_sense("something is called that is no function");
    const auto& given = arguments->items;
    switch (function->role) {
      case Role::ordered_dict:
        return push(ordered_dict(given));
      case Role::tensor:
        return push(tensor(given, nullptr));
      case Role::typed_tensor: {
        const Global* type = given.size() > 6 ? global_of(*given[6]) : nullptr;
        if (type == nullptr || type->role != Role::type) fail_sense("a tensor without a type");
        return push(tensor(given, type));
      }
      case Role::parameter:
        if (given.empty() || given[0]->kind != Kind::tensor) fail_sense("a parameter that is no tensor");
        push(make(Kind::tensor));
        top()->tensor = given[0]->tensor;
        return;
      case Role::size:
        if (given.size() != 1 || given[0]->kind != Kind::tuple) fail_sense("a size that is no tuple");
        count_copies(given[0]->items.size());
        return push_tuple(given[0]->items);
      case Role::opaque:
        return push(make(Kind::opaque));
      case Role::storage:
      case Role::type:
        core::fail_data("it calls `" + name_of(*function) + "`, which is not to be called");
    }
  }

  PickleValue* ordered_dict(const std::vector<const PickleValue*>& given) {
    PickleValue* dict = make(Kind::dict);
    if (given.empty()) return dict;
    if (given.size() > 1 || given[0]->kind != Kind::list) fail_sense("a dict of what is no list");
    count_copies(2 * given[0]->items.size());
    for (const PickleValue* pair : given[0]->items) {
      if ((pair->kind != Kind::list && pair->kind != Kind::tuple) || pair->items.size() != 2)
        fail_sense("a key without a value");
      dict->items.insert(dict->items.end(), pair->items.begin(), pair->items.end());
    }
    return dict;
  }

  // Tensors.

  /// ("storage", its type, key, device, number of elements)
  void push_persistent() {
    const PickleValue* id = pop();
    if (id->kind != Kind::tuple || id->items.size() != 5) fail_sense("a reference that is no storage");
    const auto& part = id->items;
    const Global* type = global_of(*part[1]);
    if (part[0]->kind != Kind::text || part[0]->text != "storage" || type == nullptr ||
        type->role != Role::storage || part[2]->kind != Kind::text || part[4]->kind != Kind::integer)
      fail_sense("a reference that is no storage");
    const std::string key(part[2]->text);
    auto known = keys.find(key);
    if (known == keys.end()) {
      storages.push_back(storage_of(key));
      known = keys.emplace(key, storages.size() - 1).first;
    }
    const size_t available = storages[known->second].bytes, element = c10::elementSize(type->type);
    const int64_t count = part[4]->integer;
    if (count < 0 || static_cast<uint64_t>(count) > available / element)
      core::fail_data("storage `" + core::shown(key, 100) + "` holds " + std::to_string(available) +
                      " bytes where " + std::to_string(count) + " elements of " + std::to_string(element) +
                      " bytes are promised; the file is damaged");
    PickleValue* value = make(Kind::storage);
    value->integer = static_cast<int64_t>(typed.size());
    typed.push_back({known->second, type->type, static_cast<size_t>(count) * element});
    push(value);
  }

  static std::vector<int64_t> whole_numbers(const PickleValue& value) {
    if (value.kind != Kind::tuple) fail_sense("a shape that is no tuple");
    if (value.items.size() > 64) fail_sense("a tensor of more than 64 dimensions");
    std::vector<int64_t> numbers;
    for (const PickleValue* item : value.items) {
      if (item->kind != Kind::integer || item->integer < 0 ||
          static_cast<uint64_t>(item->integer) > most_edge)
        fail_sense("a shape of impossible numbers");
      numbers.push_back(item->integer);
    }
    return numbers;
  }

  /// (storage, offset, sizes, strides, …), offset and strides in elements.
  PickleValue* tensor(const std::vector<const PickleValue*>& given, const Global* own_type) {
    if (given.size() < 4 || given[0]->kind != Kind::storage || given[1]->kind != Kind::integer)
      fail_sense("a tensor without a storage");
    const TypedStorage& of = typed[static_cast<size_t>(given[0]->integer)];
    const at::ScalarType type = own_type != nullptr ? own_type->type : of.type;
    const size_t element = c10::elementSize(type);
    const uint64_t capacity = of.bytes / element;
    const auto sizes = whole_numbers(*given[2]), strides = whole_numbers(*given[3]);
    const int64_t offset = given[1]->integer;
    if (sizes.size() != strides.size()) fail_sense("a tensor with other strides than edges");
    const auto fail_reach = [&] [[noreturn]] {
      core::fail_data(
          "a tensor of shape " + c10::str(at::IntArrayRef(sizes)) + " reaches beyond its storage of " +
          std::to_string(capacity) +
          " elements, or has more values than that; the file is damaged, or a tensor was expanded: save "
          "it as a copy (.clone())");
    };
    if (offset < 0 || static_cast<uint64_t>(offset) > capacity) fail_reach();
    PickleValue* value = make(Kind::tensor);
    if (std::ranges::find(sizes, 0) != sizes.end()) {
      // torch multiplies the other edges, which no storage bounds.
      uint64_t product = 1;
      for (const int64_t edge : sizes) {
        if (edge == 0) continue;
        if (product > most_edge / static_cast<uint64_t>(edge)) fail_reach();
        product *= static_cast<uint64_t>(edge);
      }
      value->tensor = at::empty(sizes, type);
      return value;
    }
    // Numbers are at most 2^48 and what they add up to stays within `capacity`, so nothing overflows.
    uint64_t count = 1, last = static_cast<uint64_t>(offset);
    for (size_t i = 0; i < sizes.size(); ++i) {
      const auto edge = static_cast<uint64_t>(sizes[i]), stride = static_cast<uint64_t>(strides[i]);
      if (count > capacity / edge) fail_reach();
      count *= edge;
      if (edge > 1 && stride > capacity / (edge - 1)) fail_reach();
      last += (edge - 1) * stride;
      if (last >= capacity) fail_reach();
    }
    if (last >= capacity) fail_reach();
    const PickleStorage& storage = storages[of.storage];
    value->tensor = at::from_blob(
        storage.data + static_cast<size_t>(offset) * element, sizes, strides,
        [owner = storage.owner](void*) {}, type);
    return value;
  }

  /// State that an object is given after it was made: a dict's is metadata of torch, none is needed.
  void build() {
    pop();
    const Kind kind = top()->kind;
    if (kind != Kind::dict && kind != Kind::opaque && kind != Kind::tensor)
      fail_sense("state is given to what has none");
  }

  /// Little-endian, in two's complement; one of more than 64 bits is of no use.
  void push_long(uint64_t count) {
    const std::string_view bytes = take(count);
    if (count > 8) return push(make(Kind::opaque));
    uint64_t value = count > 0 && (static_cast<uint8_t>(bytes.back()) & 0x80) != 0 ? ~uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), count);
    push_integer(static_cast<int64_t>(value));
  }

  void push_real() {
    uint64_t bits = 0;  // big-endian
    for (const char byte : take(8)) bits = bits << 8 | static_cast<uint8_t>(byte);
    PickleValue* value = make(Kind::real);
    value->real = std::bit_cast<double>(bits);
    push(value);
  }

  /// One instruction; false after the last.
  bool step() {
    if (++instructions > most_instructions) fail_length();
    const auto code = static_cast<uint8_t>(take(1)[0]);
    switch (code) {
      case 0x80:  // PROTO
        if (const auto protocol = number<uint8_t>(); protocol < 2 || protocol > 5)
          core::fail_data("its pickle is of protocol " + std::to_string(protocol) +
                          ", and 2 to 5 are known; save the weights again");
        break;
      case 0x95:
        take(8);
        break;  // FRAME
      case '.':
        return false;  // STOP
      case '(':
        marks.push_back(stack.size());
        break;
      case '0':
        pop();
        break;
      case 'N':
        push(&nothing);
        break;
      case 0x88:
        push(&yes);
        break;
      case 0x89:
        push(&no);
        break;
      case 'J':
        push_integer(number<int32_t>());
        break;
      case 'K':
        push_integer(number<uint8_t>());
        break;
      case 'M':
        push_integer(number<uint16_t>());
        break;
      case 0x8a:
        push_long(number<uint8_t>());
        break;
      case 0x8b:
        push_long(number<uint32_t>());
        break;
      case 'G':
        push_real();
        break;
      case 'X':
        push_text(Kind::text, take(number<uint32_t>()));
        break;
      case 0x8c:
        push_text(Kind::text, take(number<uint8_t>()));
        break;
      case 0x8d:
        push_text(Kind::text, take(number<uint64_t>()));
        break;
      case 'B':
        push_text(Kind::opaque, take(number<uint32_t>()));
        break;  // bytes
      case 'C':
        push_text(Kind::opaque, take(number<uint8_t>()));
        break;
      case 0x8e:
        push_text(Kind::opaque, take(number<uint64_t>()));
        break;
      case '}':
        push(make(Kind::dict));
        break;
      case ']':
        push(make(Kind::list));
        break;
      case 0x8f:
        push(make(Kind::opaque));
        break;  // EMPTY_SET
      case ')':
        push_tuple({});
        break;
      case 't':
        push_tuple(pop_to_mark());
        break;
      case 0x85:
        push_last(1);
        break;
      case 0x86:
        push_last(2);
        break;
      case 0x87:
        push_last(3);
        break;
      case 'a': {
        const PickleValue* item = pop();
        add(Kind::list, {item});
        break;
      }
      case 'e':
        add(Kind::list, pop_to_mark());
        break;
      case 's': {
        const PickleValue *value = pop(), *key = pop();
        add(Kind::dict, {key, value});
        break;
      }
      case 'u':
        add(Kind::dict, pop_to_mark());
        break;
      case 0x90:  // ADDITEMS, to a set
        pop_to_mark();
        if (top()->kind != Kind::opaque) fail_sense("items are added to what is no set");
        break;
      case 'q':
        remember(number<uint8_t>());
        break;
      case 'r':
        remember(number<uint32_t>());
        break;
      case 0x94:
        remember(static_cast<uint32_t>(memo.size()));
        break;
      case 'h':
        recall(number<uint8_t>());
        break;
      case 'j':
        recall(number<uint32_t>());
        break;
      case 'c': {
        const std::string_view module = line(), name = line();
        push_global(module, name);
        break;
      }
      case 0x93: {
        const PickleValue *name = pop(), *module = pop();
        if (name->kind != Kind::text || module->kind != Kind::text) fail_sense("a global that is no name");
        push_global(module->text, name->text);
        break;
      }
      case 'Q':
        push_persistent();
        break;
      case 'R':
      case 0x81:
        call();
        break;  // REDUCE, and NEWOBJ of a class
      case 'b':
        build();
        break;
      default:
        core::fail_data("its pickle has the instruction " + std::to_string(code) + " at byte " +
                        std::to_string(at - 1) +
                        ", which no weights need; if the file is trusted, save its state "
                        "dict alone or as safetensors");
    }
    return true;
  }
};

PickleMachine::PickleMachine(std::string_view program,
                             std::function<PickleStorage(const std::string& key)> storage_of)
    : state_(std::make_unique<State>(program, std::move(storage_of))) {}
PickleMachine::~PickleMachine() = default;

const PickleValue& PickleMachine::run() {
  while (state_->step()) {
  }
  if (state_->stack.size() != 1 || !state_->marks.empty()) fail_sense("more than one value is left");
  return *state_->stack.front();
}

}  // namespace photo51::nn
