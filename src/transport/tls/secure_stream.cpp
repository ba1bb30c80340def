#include "transport/tls/secure_stream.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "transport/tls/faults.hpp"
#include "transport/tls/files.hpp"
#include "transport/tls/session.hpp"

namespace rollcall {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t read_size = std::size_t{16} << 10U;  // One TLS record.
constexpr Milliseconds last_words_deadline = 1s;

/// The rest of a deadline that covers several waits.
class Remaining {
 public:
  explicit Remaining(Milliseconds deadline)
      : all_(deadline), end_(std::chrono::steady_clock::now() + deadline) {}

  [[nodiscard]] Milliseconds now() const {
    if (all_ == Milliseconds::zero()) return all_;  // No limit.
    const auto left = std::chrono::ceil<Milliseconds>(end_ - std::chrono::steady_clock::now());
    return std::max(left, Milliseconds(1));
  }

  [[nodiscard]] Milliseconds all() const { return all_; }

  /// Whether the deadline has passed, even though bytes may still be coming.
  [[nodiscard]] bool over() const {
    return all_ != Milliseconds::zero() && std::chrono::steady_clock::now() >= end_;
  }

 private:
  Milliseconds all_;
  std::chrono::steady_clock::time_point end_;
};

/// Sets a flag while a receive is in progress, and clears it however that ends.
class Receiving {
 public:
  explicit Receiving(bool& flag) : flag_(flag) { flag_ = true; }
  ~Receiving() { flag_ = false; }
  Receiving(const Receiving&) = delete;
  Receiving& operator=(const Receiving&) = delete;

 private:
  bool& flag_;
};

class TlsStream final : public Stream {
 public:
  TlsStream(StreamPtr plain, tls::MachinePtr session, Endpoint endpoint)
      : plain_(std::move(plain)),
        session_(std::move(session)),
        endpoint_(std::move(endpoint)),
        buffer_(read_size, '\0') {}

  [[nodiscard]] Task<void> handshake(Milliseconds deadline) {
    const Remaining remaining(deadline);
    for (;;) {
      auto done = session_->handshake();
      const std::string output = session_->take_output();
      if (!output.empty()) {
        auto written = co_await plain_->write(output, remaining.now());
        if (done && !written) co_return fail(std::move(written.error()));
      }
      if (!done) co_return fail(std::move(done.error()));
      if (*done) co_return Result<void>();
      auto more = co_await receive(remaining);
      if (!more) co_return fail(std::move(more.error()));
      if (!*more) co_return fail(tls::cut_short(endpoint_));
    }
  }

  [[nodiscard]] Task<std::size_t> read_some(std::span<char> into, Milliseconds deadline) override {
    const Remaining remaining(deadline);
    for (;;) {
      auto size = session_->read(into);
      if (!size) co_return fail(std::move(size.error()));
      if (*size) co_return **size;
      auto more = co_await receive(remaining);
      if (!more) co_return fail(std::move(more.error()));
      if (!*more) co_return std::size_t{0};
    }
  }

  [[nodiscard]] Task<void> write(std::string_view data, Milliseconds deadline) override {
    auto enciphered = session_->write(data);
    if (!enciphered) co_return fail(std::move(enciphered.error()));
    const std::string output = session_->take_output();
    auto written = co_await plain_->write(output, deadline);
    if (written || receiving_) co_return written;
    auto told = co_await last_words();
    if (told) co_return fail(std::move(*told));
    co_return written;
  }

 private:
  /// Receives more. Returns false at the end of the connection.
  [[nodiscard]] Task<bool> receive(const Remaining& remaining) {
    if (remaining.over()) co_return mute_error(endpoint_, remaining.all());
    const Receiving receiving(receiving_);
    auto size = co_await plain_->read_some(buffer_, remaining.now());
    if (!size && size.error().fault == ConnectFault::mute) {
      co_return mute_error(endpoint_, remaining.all());
    }
    if (!size) co_return fail(std::move(size.error()));
    if (*size == 0) co_return false;
    auto received = session_->receive(std::string_view(buffer_).substr(0, *size));
    if (!received) co_return fail(std::move(received.error()));
    co_return true;
  }

  /// An engine that refuses us sends an alert and closes. Writing then fails, and this reads the
  /// alert.
  [[nodiscard]] boost::asio::awaitable<std::optional<RuntimeError>> last_words() {
    const Remaining remaining(last_words_deadline);
    std::string unwanted(read_size, '\0');
    for (;;) {
      auto size = session_->read(unwanted);
      if (!size) co_return std::move(size.error());
      if (*size) co_return std::nullopt;
      auto more = co_await receive(remaining);
      if (!more || !*more) co_return std::nullopt;
    }
  }

  StreamPtr plain_;
  tls::MachinePtr session_;
  Endpoint endpoint_;
  std::string buffer_;
  bool receiving_ = false;
};

Task<StreamPtr> secured(StreamPtr plain, tls::MachinePtr machine, Endpoint endpoint,
                        Milliseconds deadline) {
  auto stream =
      std::make_unique<TlsStream>(std::move(plain), std::move(machine), std::move(endpoint));
  auto done = co_await stream->handshake(deadline);
  if (!done) co_return fail(std::move(done.error()));
  co_return StreamPtr(std::move(stream));
}

}  // namespace

Task<StreamPtr> secure_stream(StreamPtr plain, Endpoint endpoint, Milliseconds deadline) {
  auto session = tls::Session::open(endpoint);
  if (!session) co_return fail(std::move(session.error()));
  co_return co_await secured(std::move(plain), std::move(*session), std::move(endpoint), deadline);
}

Task<StreamPtr> accept_secure(StreamPtr plain, tls::MachinePtr machine, Endpoint client,
                              Milliseconds deadline) {
  co_return co_await secured(std::move(plain), std::move(machine), std::move(client), deadline);
}

std::optional<Timestamp> expiry_of(const Pem& certificate) {
  const auto all = tls::read_certificates(certificate, "the certificate");
  if (!all) return std::nullopt;
  return tls::time_of(X509_get0_notAfter(all->front().get()));
}

}  // namespace rollcall
