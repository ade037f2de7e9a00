#include "photo51/nn/autocast.hpp"

#include <ATen/autocast_mode.h>

namespace photo51::nn {

Autocast::Autocast(c10::DeviceType device, c10::ScalarType type)
    : device_(device),
      was_on_(at::autocast::is_autocast_enabled(device)),
      type_before_(at::autocast::get_autocast_dtype(device)) {
  at::autocast::clear_cache();  // of weights in another type
  at::autocast::set_autocast_dtype(device, type);
  at::autocast::set_autocast_enabled(device, true);
}

Autocast::~Autocast() {
  at::autocast::clear_cache();  // rounded weights, which the next step changes
  at::autocast::set_autocast_enabled(device_, was_on_);
  at::autocast::set_autocast_dtype(device_, type_before_);
}

}  // namespace photo51::nn
