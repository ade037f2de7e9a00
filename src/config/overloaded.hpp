#pragma once
/// Several lambdas as one visitor.

namespace photo51::config {

template <class... Ts>
struct Overloaded : Ts... {
  using Ts::operator()...;
};
template <class... Ts>
Overloaded(Ts...) -> Overloaded<Ts...>;

}  // namespace photo51::config
