// Recorded answers of Docker, cut at every byte on their way through the HTTP client, the splitter
// and the decoders.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "backends/docker/driver.hpp"
#include "support/http_server.hpp"
#include "support/memory_stream.hpp"
#include "support/paths.hpp"
#include "support/run.hpp"
#include "support/virtual_env.hpp"

namespace rollcall::conformance {
namespace {

constexpr std::size_t chunk_size = 512;
constexpr std::size_t enough_events = 2500;

std::vector<std::filesystem::path> recordings(const std::vector<std::string>& names) {
  std::vector<std::filesystem::path> found;
  const std::string folder = ROLLCALL_SOURCE_DIR "/src/backends/docker/testdata";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (std::ranges::find(names, name) != names.end()) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  return found;
}

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The body as an engine sends it, in chunks with arbitrary boundaries.
std::string chunked(const std::string& body) {
  std::string text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t at = 0; at < body.size(); at += chunk_size) {
    const std::string piece = body.substr(at, chunk_size);
    text += fmt::format("{:x}\r\n{}\r\n", piece.size(), piece);
  }
  return text + "0\r\n\r\n";
}

/// A driver whose connections answer the ping, and then give the answer in two pieces.
class CutAnswer {
 public:
  explicit CutAnswer(std::string answer) : answer_(std::move(answer)) {
    Wire wire{.connect = [this](Milliseconds) { return connect(); }, .deadlines = {}};
    driver_ = docker::make_driver({"unix:///x", "test"}, {}, env_, std::move(wire));
  }

  [[nodiscard]] std::size_t size() const { return answer_.size(); }

  std::vector<InstancePtr> list(std::size_t at) {
    at_ = at;
    std::vector<InstancePtr> instances;
    auto session = test::run(io_, driver_->connect(Purpose::list));
    if (!session) return instances;
    auto snapshot = test::run(io_, (*session)->list());
    if (!snapshot) return instances;
    for (const Reading& reading : snapshot->readings) instances.push_back(reading.instance);
    return instances;
  }

  /// One line for each change that the stream reports until its end.
  std::vector<std::string> changes(std::size_t at) {
    at_ = at;
    std::vector<std::string> lines;
    auto session = test::run(io_, driver_->connect(Purpose::watch));
    while (session) {
      auto change = test::run(io_, (*session)->next());
      if (!change) return {change.error().describe()};
      if (std::holds_alternative<StreamEnded>(*change)) break;
      if (const auto* touched = std::get_if<Touched>(&*change)) {
        lines.push_back(fmt::format("{} {} {}", touched->id, static_cast<int>(touched->mark),
                                    touched->at.time_since_epoch().count()));
      } else if (const auto* gone = std::get_if<Gone>(&*change)) {
        lines.push_back(gone->id + " gone");
      } else {
        lines.emplace_back("another change");
      }
    }
    return lines;
  }

 private:
  Task<StreamPtr> connect() {
    std::vector<std::string> pieces = {hello_, answer_.substr(0, at_), answer_.substr(at_)};
    co_return std::make_unique<test::MemoryStream>(std::move(pieces));
  }

  boost::asio::io_context io_;
  std::shared_ptr<test::VirtualEnv> env_ = std::make_shared<test::VirtualEnv>(io_);
  const std::string hello_ =
      test::http_answer("OK", 200, "Server: Docker/20.10.24 (linux)\r\nApi-Version: 1.41\r\n");
  std::string answer_;
  std::size_t at_ = 0;
  std::unique_ptr<Driver> driver_;
};

TEST(DockerAnswersCutAtEveryByte, GiveTheSameList) {
  const auto paths = recordings({"list.run-ports.json", "list.net-host.json"});
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    CutAnswer answer(chunked(text_of(path)));
    const auto whole = answer.list(answer.size());
    ASSERT_FALSE(whole.empty()) << path;
    for (std::size_t at = 1; at < answer.size(); ++at) {
      const auto cut = answer.list(at);
      ASSERT_EQ(cut.size(), whole.size()) << path << " cut at " << at;
      EXPECT_TRUE(same_content(*cut.front(), *whole.front())) << path << " cut at " << at;
    }
  }
}

TEST(DockerAnswersCutAtEveryByte, GiveTheSameChanges) {
  const auto paths = recordings({"events.jsonl"});
  ASSERT_FALSE(paths.empty());
  for (const auto& path : paths) {
    const std::string events = text_of(path);
    CutAnswer answer(chunked(events.substr(0, events.find('\n', enough_events) + 1)));
    const auto whole = answer.changes(answer.size());
    ASSERT_GE(whole.size(), 2U) << path;
    for (std::size_t at = 1; at < answer.size(); ++at) {
      ASSERT_EQ(answer.changes(at), whole) << path << " cut at " << at;
    }
  }
}

}  // namespace
}  // namespace rollcall::conformance
