#include "server/http/accept.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <zlib.h>

#include "server/http/gzip.hpp"

namespace rollcall::server {
namespace {

constexpr std::array<std::string_view, 2> offered = {"text/event-stream", "application/x-ndjson"};

TEST(ServerAccept, TakesTheFirstForWhoDoesNotCare) {
  EXPECT_EQ(preferred("", offered), offered[0]);
  EXPECT_EQ(preferred("*/*", offered), offered[0]);
}

TEST(ServerAccept, TakesWhatIsAskedFor) {
  EXPECT_EQ(preferred("application/x-ndjson", offered), offered[1]);
  EXPECT_EQ(preferred("Application/X-NDJSON; charset=utf-8", offered), offered[1]);
  EXPECT_EQ(preferred("text/html, application/*;q=0.9", offered), offered[1]);
}

TEST(ServerAccept, TakesWhatIsLikedBest) {
  EXPECT_EQ(preferred("text/event-stream;q=0.1, application/x-ndjson;q=0.2", offered), offered[1]);
  EXPECT_EQ(preferred("*/*;q=0.5, text/event-stream;q=0", offered), offered[1]);
}

TEST(ServerAccept, HasNothingForSome) {
  EXPECT_EQ(preferred("text/html", offered), std::nullopt);
  EXPECT_EQ(preferred("*/*;q=0", offered), std::nullopt);
}

TEST(ServerAccept, KnowsWhoTakesGzip) {
  EXPECT_TRUE(accepts_gzip("gzip"));
  EXPECT_TRUE(accepts_gzip("br, gzip;q=0.5"));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_FALSE(accepts_gzip("gzip;q=0, deflate"));
}

TEST(ServerAccept, ComparesTagsWeakly) {
  EXPECT_TRUE(names_tag(R"(W/"1-2")", R"(W/"1-2")"));
  EXPECT_TRUE(names_tag(R"("0", "1-2")", R"(W/"1-2")"));
  EXPECT_TRUE(names_tag("*", R"(W/"1-2")"));
  EXPECT_FALSE(names_tag(R"(W/"1-3")", R"(W/"1-2")"));
  EXPECT_FALSE(names_tag("", R"(W/"1-2")"));
}

std::string inflated(const std::string& packed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string copy = packed;
  std::string out(1U << 20U, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(copy.data());
  stream.avail_in = static_cast<uInt>(copy.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(ServerGzip, IsReadByAnyInflater) {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "instance " + std::to_string(i * i) + "\n";
  for (const Effort effort : {Effort::fast, Effort::thorough}) {
    const std::string packed = gzip(text, effort);
    EXPECT_LT(packed.size(), text.size());
    EXPECT_EQ(inflated(packed), text);
  }
  EXPECT_EQ(inflated(gzip("", Effort::fast)), "");
}

}  // namespace
}  // namespace rollcall::server
