#include "hostview/sock_diag.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include "core/budgets.hpp"
#include "support/paths.hpp"

namespace rollcall {
namespace {

using sock_diag::Progress;
using sock_diag::Query;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

using Bytes = std::vector<std::byte>;

constexpr std::uint32_t recorded_sequence = 7;
constexpr Query tcp{.family = AF_INET, .protocol = Protocol::tcp, .sequence = recorded_sequence};
constexpr Query udp{.family = AF_INET, .protocol = Protocol::udp, .sequence = recorded_sequence};

Bytes recorded(const std::string& name) {
  const std::string path = ROLLCALL_SOURCE_DIR "/src/hostview/testdata/sock_diag/" + name + ".bin";
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_FALSE(text.empty()) << path;
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

struct Parsed {
  Result<Progress> progress;
  std::vector<ListeningSocket> sockets;
};

Parsed parse(std::span<const std::byte> bytes, const Query& query = tcp) {
  Parsed parsed;
  // An exact copy, so that the sanitizer sees reads beyond its end.
  const auto exact = std::make_unique<std::byte[]>(bytes.size());
  std::ranges::copy(bytes, exact.get());
  parsed.progress = sock_diag::parse(std::span(exact.get(), bytes.size()), query, parsed.sockets);
  return parsed;
}

std::vector<std::string> shown(const std::vector<ListeningSocket>& sockets) {
  std::vector<std::string> result;
  for (const auto& socket : sockets) {
    result.push_back(fmt::format(
        "{} {}:{}{}{}", to_string(socket.protocol), socket.address.to_string(), socket.port,
        socket.dual_stack ? " dual" : "", socket.interface != 0 ? " bound" : ""));
  }
  return result;
}

template <class T>
void append(Bytes& bytes, const T& value) {
  const auto view = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), view.begin(), view.end());
}

Bytes message(std::uint16_t type, const Bytes& payload, std::uint16_t flags = NLM_F_MULTI,
              std::uint32_t sequence = recorded_sequence) {
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(sizeof header + payload.size());
  header.nlmsg_type = type;
  header.nlmsg_flags = flags;
  header.nlmsg_seq = sequence;
  Bytes bytes;
  append(bytes, header);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  return bytes;
}

Bytes status(int value) {
  Bytes payload;
  append(payload, value);
  return payload;
}

Bytes a_socket(std::uint16_t port) {
  inet_diag_msg body{};
  body.idiag_family = AF_INET;
  body.id.idiag_sport = htons(port);
  body.idiag_inode = 5;
  Bytes payload;
  append(payload, body);
  return payload;
}

TEST(SockDiag, ReadsWhatAKernelSaid) {
  EXPECT_THAT(shown(parse(recorded("tcp4")).sockets),
              UnorderedElementsAre("tcp 127.0.0.1:8001", "tcp 0.0.0.0:8002", "tcp 0.0.0.0:8003",
                                   "tcp 0.0.0.0:8003", "tcp 0.0.0.0:8004 bound"));
  EXPECT_THAT(shown(parse(recorded("tcp6")).sockets),
              UnorderedElementsAre("tcp ::1:8011", "tcp :::8012", "tcp :::8013 dual",
                                   "tcp 127.0.0.1:8014"));
  EXPECT_THAT(shown(parse(recorded("udp4"), udp).sockets), ElementsAre("udp 127.0.0.1:5301"));
  EXPECT_THAT(shown(parse(recorded("udp6"), udp).sockets), ElementsAre("udp :::5311 dual"));
}

TEST(SockDiag, TheEndOfTheAnswerIsSeen) {
  for (const char* name : {"tcp4", "tcp6", "udp4", "udp6"}) {
    EXPECT_EQ(parse(recorded(name)).progress, Progress::done) << name;
  }
  EXPECT_EQ(parse(message(SOCK_DIAG_BY_FAMILY, a_socket(80))).progress, Progress::more);
  EXPECT_EQ(parse({}).progress, Progress::more);
}

TEST(SockDiag, TwoOfOnePortAreToldApart) {
  std::vector<std::uint64_t> inodes;
  for (const auto& socket : parse(recorded("tcp4")).sockets) {
    EXPECT_NE(socket.inode, 0U);
    EXPECT_EQ(socket.cgroup, 1U);  // The root.
    if (socket.port == 8003) inodes.push_back(socket.inode);
  }
  ASSERT_THAT(inodes, SizeIs(2));
  EXPECT_NE(inodes[0], inodes[1]);
}

TEST(SockDiag, EveryPrefixIsRefusedOrIsWholeMessages) {
  for (const char* name : {"tcp4", "tcp6", "udp4", "udp6"}) {
    const auto bytes = recorded(name);
    const auto all = parse(bytes).sockets.size();
    std::size_t refused = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto parsed = parse(std::span(bytes).first(size));
      if (parsed.progress) {
        EXPECT_EQ(parsed.progress, Progress::more);
      } else {
        EXPECT_EQ(parsed.progress.error().kind, ErrorKind::protocol);
        ++refused;
      }
    }
    // Only prefixes that end with a message are accepted: the empty one, and one for each socket.
    EXPECT_EQ(refused, bytes.size() - 1 - all);
  }
}

TEST(SockDiag, NoByteThatIsWrongReadsBeyondTheBuffer) {
  const auto bytes = recorded("tcp6");
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    for (const auto value : {std::byte{0}, std::byte{1}, std::byte{0x7f}, std::byte{0xff}}) {
      auto wrong = bytes;
      wrong[at] = value;
      EXPECT_LE(parse(wrong).sockets.size(), 4U);
    }
  }
}

TEST(SockDiag, LengthsThatCannotBeAreRefused) {
  for (const std::uint32_t length : {0U, 1U, 15U, 1000U, 0xffffffffU}) {
    auto bytes = message(SOCK_DIAG_BY_FAMILY, a_socket(80));
    std::memcpy(bytes.data(), &length, sizeof length);
    const auto parsed = parse(bytes);
    ASSERT_FALSE(parsed.progress) << length;
    EXPECT_THAT(parsed.progress.error().what, HasSubstr("longer than its datagram"));
  }
  for (const int length : {0, 3, 9, 0xffff}) {
    auto payload = a_socket(80);
    append(payload,
           nlattr{.nla_len = static_cast<std::uint16_t>(length), .nla_type = INET_DIAG_CGROUP_ID});
    append(payload, std::uint32_t{0});
    const auto parsed = parse(message(SOCK_DIAG_BY_FAMILY, payload));
    ASSERT_FALSE(parsed.progress) << length;
    EXPECT_THAT(parsed.progress.error().what, HasSubstr("attribute"));
  }
}

TEST(SockDiag, AFamilyThatWasNotAskedForIsRefused) {
  auto payload = a_socket(80);
  payload[0] = std::byte{AF_UNIX};
  EXPECT_EQ(parse(message(SOCK_DIAG_BY_FAMILY, payload)).progress.error().kind,
            ErrorKind::protocol);
}

TEST(SockDiag, OtherMessagesAreSkipped) {
  auto bytes = message(SOCK_DIAG_BY_FAMILY, a_socket(80), NLM_F_MULTI, recorded_sequence - 1);
  for (const auto& other : {message(NLMSG_NOOP, status(0)), message(999, status(0)),
                            message(SOCK_DIAG_BY_FAMILY, a_socket(81))}) {
    bytes.insert(bytes.end(), other.begin(), other.end());
  }
  EXPECT_THAT(shown(parse(bytes).sockets), ElementsAre("tcp 0.0.0.0:81"));
}

TEST(SockDiag, ASocketWithoutAPortServesNobody) {
  EXPECT_THAT(parse(message(SOCK_DIAG_BY_FAMILY, a_socket(0))).sockets, IsEmpty());
}

TEST(SockDiag, WhatIsNotConsistentIsAskedAnew) {
  const auto interrupted = static_cast<std::uint16_t>(NLM_F_MULTI | NLM_F_DUMP_INTR);
  EXPECT_EQ(parse(message(SOCK_DIAG_BY_FAMILY, a_socket(80), interrupted)).progress,
            Progress::interrupted);
  EXPECT_EQ(parse(message(NLMSG_DONE, status(0), interrupted)).progress, Progress::interrupted);
  EXPECT_EQ(parse(message(NLMSG_OVERRUN, {})).progress, Progress::interrupted);
}

TEST(SockDiag, TheKernelsRefusalSaysWhatToDo) {
  const auto missing = parse(message(NLMSG_ERROR, status(-ENOENT))).progress;
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().fault, ConnectFault::missing);
  EXPECT_THAT(missing.error().remedy, HasSubstr("modprobe"));
  const auto denied = parse(message(NLMSG_DONE, status(-EPERM))).progress;
  ASSERT_FALSE(denied);
  EXPECT_EQ(denied.error().kind, ErrorKind::denied);
  EXPECT_THAT(denied.error().remedy, HasSubstr("sandbox"));
  const auto other = parse(message(NLMSG_ERROR, status(-ENOMEM))).progress;
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().kind, ErrorKind::unavailable);
  EXPECT_FALSE(parse(message(NLMSG_DONE, {})).progress);
}

TEST(SockDiag, AsksForWhatListens) {
  const auto bytes = sock_diag::request(tcp);
  ASSERT_EQ(bytes.size(), sizeof(nlmsghdr) + sizeof(inet_diag_req_v2));
  inet_diag_req_v2 body{};
  std::memcpy(&body, bytes.data() + sizeof(nlmsghdr), sizeof body);
  EXPECT_EQ(body.idiag_states, 1U << 10U);
  std::memcpy(&body, sock_diag::request(udp).data() + sizeof(nlmsghdr), sizeof body);
  EXPECT_EQ(body.idiag_states, 1U << 7U);
}

TEST(SockDiag, MoreSocketsThanAHostMayHaveAreAnError) {
  std::vector<ListeningSocket> sockets(budget::host_sockets - 1);
  const Bytes one = message(SOCK_DIAG_BY_FAMILY, a_socket(80));
  ASSERT_TRUE(sock_diag::parse(one, tcp, sockets));
  const auto beyond = sock_diag::parse(one, tcp, sockets);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().kind, ErrorKind::protocol);
  EXPECT_THAT(beyond.error().remedy, HasSubstr("ss -lntup"));
  EXPECT_THAT(sockets, SizeIs(budget::host_sockets));
}

}  // namespace
}  // namespace rollcall
