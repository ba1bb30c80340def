#include "backends/host/places.hpp"

#include <gtest/gtest.h>

namespace rollcall::host {
namespace {

TEST(HostPlaces, IsThisHostAlone) {
  BackendOptions options;
  const auto found = places(options);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->size(), 1U);
  EXPECT_EQ(found->front().url, "file:///proc");
  options.endpoint = found->front().url;
  EXPECT_TRUE(places(options).has_value());
}

TEST(HostPlaces, AnotherHostIsAWrongConfiguration) {
  BackendOptions options;
  options.endpoint = "tcp://10.0.0.7";
  const auto found = places(options);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().kind, ErrorKind::invalid_config);
  EXPECT_EQ(found.error().endpoint, "tcp://10.0.0.7");
  EXPECT_FALSE(found.error().remedy.empty());
}

}  // namespace
}  // namespace rollcall::host
