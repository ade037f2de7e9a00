#include "nn/weights/pickle.hpp"

#include <bit>
#include <cstring>
#include <map>
#include <unordered_map>

#include "nn/weights/pickle_bytes.hpp"
#include "nn/weights/pickle_globals.hpp"
#include "nn/weights/pickle_tensor.hpp"
#include "photo51/core/error.hpp"
#include "photo51/core/shown.hpp"

namespace photo51::nn {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t most_instructions = 4'000'000, most_copied = 8'000'000;

[[noreturn]] void fail_length() {
  core::fail_data("its pickle is longer than that of any weights (" + std::to_string(most_instructions) +
                  " instructions); save the state dict alone");
}

}  // namespace

struct PickleMachine::State {
  State(std::string_view program_, std::function<PickleStorage(const std::string&)> storage_of_)
      : program(program_), storage_of(std::move(storage_of_)) {}

  PickleBytes program;
  size_t instructions = 0, copied = 0;
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
  /// Text, or bytes, which weights do not need.
  bool push_text(uint8_t code, uint64_t count) {
    PickleValue* value = make(code == 'X' || code == 0x8c || code == 0x8d ? Kind::text : Kind::opaque);
    value->text = program.take(count);
    push(value);
    return true;
  }
  /// Values below the last mark are not to be reached.
  size_t floor() const { return marks.empty() ? 0 : marks.back(); }
  PickleValue* top() const {
    if (stack.size() <= floor()) fail_pickle("the stack is empty");
    return stack.back();
  }
  PickleValue* pop() {
    PickleValue* value = top();
    stack.pop_back();
    return value;
  }
  std::vector<const PickleValue*> pop_to_mark() {
    if (marks.empty()) fail_pickle("a mark is absent");
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
    if (container->kind != kind) fail_pickle("items are added to what is no container");
    if (kind == Kind::dict && items.size() % 2 != 0) fail_pickle("a key without a value");
    container->items.insert(container->items.end(), items.begin(), items.end());
  }

  void remember(uint32_t place) { memo[place] = top(); }
  void recall(uint32_t place) {
    const auto found = memo.find(place);
    if (found == memo.end()) fail_pickle("it recalls what it did not remember");
    push(found->second);
  }

  void push_global(std::string_view module, std::string_view name) {
    const PickleGlobal* found = find_pickle_global(module, name);
    if (found == nullptr)
      core::fail_data(
          "it needs `" + core::shown(std::string(module) + "." + std::string(name), 200) +
          "`, which is no part of weights, and running what a file names is not safe; if the file "
          "is trusted, save its state dict alone (torch.save(model.state_dict(), …)) or as "
          "safetensors");
    PickleValue* value = make(Kind::global);
    value->global = found;
    push(value);
  }
  static const PickleGlobal* global_of(const PickleValue& value) { return value.global; }

  void call() {
    const PickleValue* arguments = pop();
    const PickleGlobal* function = global_of(*pop());
    if (arguments->kind != Kind::tuple) fail_pickle("arguments that are no tuple");
    if (function == nullptr) fail_pickle("something is called that is no function");
    const auto& given = arguments->items;
    switch (function->role) {
      case PickleRole::ordered_dict:
        return push(ordered_dict(given));
      case PickleRole::tensor:
        return push(tensor(given, nullptr));
      case PickleRole::typed_tensor: {
        const PickleGlobal* type = given.size() > 6 ? global_of(*given[6]) : nullptr;
        if (type == nullptr || type->role != PickleRole::type) fail_pickle("a tensor without a type");
        return push(tensor(given, type));
      }
      case PickleRole::parameter:
        if (given.empty() || given[0]->kind != Kind::tensor) fail_pickle("a parameter that is no tensor");
        push(make(Kind::tensor));
        top()->tensor = given[0]->tensor;
        return;
      case PickleRole::size:
        if (given.size() != 1 || given[0]->kind != Kind::tuple) fail_pickle("a size that is no tuple");
        count_copies(given[0]->items.size());
        return push_tuple(given[0]->items);
      case PickleRole::opaque:
        return push(make(Kind::opaque));
      case PickleRole::storage:
      case PickleRole::type:
        core::fail_data("it calls `" + function->full_name() + "`, which is not to be called");
    }
  }

  PickleValue* ordered_dict(const std::vector<const PickleValue*>& given) {
    PickleValue* dict = make(Kind::dict);
    if (given.empty()) return dict;
    if (given.size() > 1 || given[0]->kind != Kind::list) fail_pickle("a dict of what is no list");
    count_copies(2 * given[0]->items.size());
    for (const PickleValue* pair : given[0]->items) {
      if ((pair->kind != Kind::list && pair->kind != Kind::tuple) || pair->items.size() != 2)
        fail_pickle("a key without a value");
      dict->items.insert(dict->items.end(), pair->items.begin(), pair->items.end());
    }
    return dict;
  }

  /// ("storage", its type, key, device, number of elements)
  void push_persistent() {
    const PickleValue* id = pop();
    if (id->kind != Kind::tuple || id->items.size() != 5) fail_pickle("a reference that is no storage");
    const auto& part = id->items;
    const PickleGlobal* type = global_of(*part[1]);
    if (part[0]->kind != Kind::text || part[0]->text != "storage" || type == nullptr ||
        type->role != PickleRole::storage || part[2]->kind != Kind::text || part[4]->kind != Kind::integer)
      fail_pickle("a reference that is no storage");
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

  /// (storage, offset, sizes, strides, …), offset and strides in elements.
  PickleValue* tensor(const std::vector<const PickleValue*>& given, const PickleGlobal* own_type) {
    if (given.size() < 4 || given[0]->kind != Kind::storage || given[1]->kind != Kind::integer)
      fail_pickle("a tensor without a storage");
    const TypedStorage& of = typed[static_cast<size_t>(given[0]->integer)];
    PickleValue* value = make(Kind::tensor);
    value->tensor =
        pickled_tensor(storages[of.storage], of.bytes, own_type != nullptr ? own_type->type : of.type,
                       given[1]->integer, *given[2], *given[3]);
    return value;
  }

  /// State that an object is given after it was made: a dict's is metadata of torch, none is needed.
  void build() {
    pop();
    const Kind kind = top()->kind;
    if (kind != Kind::dict && kind != Kind::opaque) fail_pickle("state is given to what has none");
  }

  /// Little-endian, in two's complement; one of more than 64 bits is of no use.
  void push_long(uint64_t count) {
    const std::string_view bytes = program.take(count);
    if (count > 8) return push(make(Kind::opaque));
    uint64_t value = count > 0 && (static_cast<uint8_t>(bytes.back()) & 0x80) != 0 ? ~uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), count);
    push_integer(static_cast<int64_t>(value));
  }

  void push_real() {
    uint64_t bits = 0;  // big-endian
    for (const char byte : program.take(8)) bits = bits << 8 | static_cast<uint8_t>(byte);
    PickleValue* value = make(Kind::real);
    value->real = std::bit_cast<double>(bits);
    push(value);
  }

  /// One instruction; false after the last.
  bool step() {
    if (++instructions > most_instructions) fail_length();
    const auto code = static_cast<uint8_t>(program.take(1)[0]);
    switch (code) {
      case 0x80:  // PROTO
        if (const auto protocol = program.number<uint8_t>(); protocol < 2 || protocol > 5)
          core::fail_data("its pickle is of protocol " + std::to_string(protocol) +
                          ", and 2 to 5 are known; save the weights again");
        break;
      case 0x95:
        program.take(8);
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
        push_integer(program.number<int32_t>());
        break;
      case 'K':
        push_integer(program.number<uint8_t>());
        break;
      case 'M':
        push_integer(program.number<uint16_t>());
        break;
      case 0x8a:
        push_long(program.number<uint8_t>());
        break;
      case 0x8b:
        push_long(program.number<uint32_t>());
        break;
      case 'G':
        push_real();
        break;
      case 'X':
      case 'B':
        return push_text(code, program.number<uint32_t>());
      case 0x8c:
      case 'C':
        return push_text(code, program.number<uint8_t>());
      case 0x8d:
      case 0x8e:
      case 0x96:
        return push_text(code, program.number<uint64_t>());
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
        if (top()->kind != Kind::opaque) fail_pickle("items are added to what is no set");
        break;
      case 'q':
        remember(program.number<uint8_t>());
        break;
      case 'r':
        remember(program.number<uint32_t>());
        break;
      case 0x94:
        remember(static_cast<uint32_t>(memo.size()));
        break;
      case 'h':
        recall(program.number<uint8_t>());
        break;
      case 'j':
        recall(program.number<uint32_t>());
        break;
      case 'c': {
        const std::string_view module = program.line(), name = program.line();
        push_global(module, name);
        break;
      }
      case 0x93: {
        const PickleValue *name = pop(), *module = pop();
        if (name->kind != Kind::text || module->kind != Kind::text) fail_pickle("a global that is no name");
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
                        std::to_string(program.at() - 1) +
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
  if (state_->stack.size() != 1 || !state_->marks.empty()) fail_pickle("more than one value is left");
  return *state_->stack.front();
}

}  // namespace photo51::nn
