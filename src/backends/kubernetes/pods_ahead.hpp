// Decodes a long list of pods while it is being read.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/thread_pool.hpp>
#include <rollcall/instance.hpp>
#include <rollcall/result.hpp>

#include "backends/kubernetes/decode.hpp"
#include "backends/kubernetes/list_taker.hpp"

namespace rollcall::kubernetes {

/// Takes lists of pods none of which is known yet.
///
/// Threads: if a list is longer than one batch, its pods are decoded in a separate thread while the
/// rest is read and split; on a machine with one processor there is no thread. The thread touches
/// only its batches and the decoder. `put` is called by the coroutine that awaits take() and
/// finish(). The destructor waits until the current batch is decoded.
class PodsAhead final : public ListTaker {
 public:
  using Put = std::function<Result<void>(Pod)>;

  /// An error of `put` ends the list. `endpoint` goes into the keys. `now`: when the pods were
  /// discovered.
  PodsAhead(boost::asio::any_io_executor executor, std::string endpoint, Timestamp now, Put put);
  ~PodsAhead() override;

  [[nodiscard]] Task<void> take(std::string_view bytes) override;
  [[nodiscard]] Task<ListHead> finish() override;

 private:
  using Done = boost::asio::experimental::channel<void(boost::system::error_code)>;
  struct Batch {
    std::string items{};  // Concatenated.
    std::vector<std::size_t> ends{};
    std::vector<Pod> pods{};
    Result<void> outcome{};
    std::exception_ptr thrown{};
    bool elsewhere = false;  // The thread decodes it.
  };

  static void tell_done(const boost::asio::any_io_executor& executor,
                        const std::shared_ptr<Done>& done) noexcept;
  void start_thread();
  void hand_on();
  void decode(Batch& batch);
  [[nodiscard]] Task<void> put_oldest();

  boost::asio::any_io_executor executor_;
  Put put_;
  ListSplitter splitter_;
  Batch next_;                  // Being filled by the splitter.
  std::deque<Batch> batches_;   // Handed over, the oldest first.
  std::shared_ptr<Done> done_;  // One message per batch that the thread has decoded.

  // Used by the thread once there is one, until then by the reader.
  Decoder decoder_;
  Timestamp now_;
  std::optional<boost::asio::thread_pool> thread_;  // Last member, so that it ends first.
};

}  // namespace rollcall::kubernetes
