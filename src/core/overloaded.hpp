// One visitor of several functions. std::visit does not compile until each alternative has one, so
// one that is added later cannot be forgotten.
#pragma once

namespace rollcall {

template <class... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace rollcall
