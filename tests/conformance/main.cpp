// The conformance suite: rollcall_conformance_tests [--backend=NAME] [gtest options]
#include <iostream>
#include <string_view>

#include <gtest/gtest.h>

#include "conformance/conformance.hpp"

int main(int argc, char** argv) {
  constexpr std::string_view option = "--backend=";
  for (int at = 1; at < argc; ++at) {
    const std::string_view argument = argv[at];
    if (!argument.starts_with(option)) continue;
    if (rollcall::conformance::choose_backend(std::string(argument.substr(option.size())))) {
      continue;
    }
    std::cerr << argument << ": there is no such backend; these are:";
    for (const auto& backend : rollcall::conformance::all_backends()) {
      std::cerr << ' ' << backend.name;
    }
    std::cerr << '\n';
    return 2;
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
