#pragma once
/// Waiting for what a worker loads.

#include <chrono>
#include <future>

#include "photo51/core/error.hpp"
#include "photo51/core/interrupt.hpp"

namespace photo51::data {

/// A case may take long; whoever saves a state when interrupted need not wait for it.
template <class T>
T wait_for(std::future<T>& loaded) {
  while (loaded.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout)
    if (core::interrupted())
      throw core::Error(core::Fault::interrupted, "interrupted while cases were loaded");
  return loaded.get();
}

}  // namespace photo51::data
