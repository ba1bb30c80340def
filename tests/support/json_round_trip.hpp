// Checks that an instance survives JSON unchanged.
#pragma once

#include <string>

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include "core/json/json.hpp"
#include "core/json/json_read.hpp"

namespace rollcall::test {

/// Writes, reads and writes the instance again: the texts must be equal, and reading must add no
/// problem. For everything that decoders make.
inline void expect_survives_json(const Instance& instance) {
  const std::string written = boost::json::serialize(to_json(instance));
  const auto read = read_instance(to_json(instance));
  ASSERT_TRUE(read) << written << ": " << read.error().describe();
  EXPECT_EQ(boost::json::serialize(to_json(**read)), written);
  EXPECT_EQ((*read)->problems.size(), instance.problems.size()) << written;
}

}  // namespace rollcall::test
