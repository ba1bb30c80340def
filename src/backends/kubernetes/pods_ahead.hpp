// A long list of pods is decoded while it is read.
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

/// Takes lists of pods of which none is known.
///
/// Threads: the pods of a list of more than a batch are decoded in a thread of its own, while more
/// of it is read and split; there is none on a machine with one processor. That thread touches the
/// batches that it was given and the decoder, and nothing else. `put` is called where take() and
/// finish() are awaited. The destructor waits until the batch at hand is decoded.
class PodsAhead final : public ListTaker {
 public:
  using Put = std::function<void(Pod)>;

  /// `endpoint` is that of the keys. `now`: when the pods were discovered.
  PodsAhead(boost::asio::any_io_executor executor, std::string endpoint, Timestamp now, Put put);
  ~PodsAhead() override;

  [[nodiscard]] Task<void> take(std::string_view bytes) override;
  [[nodiscard]] Task<ListHead> finish() override;

 private:
  using Done = boost::asio::experimental::channel<void(boost::system::error_code)>;
  struct Batch {
    std::string items{};  // one behind the other
    std::vector<std::size_t> ends{};
    std::vector<Pod> pods{};
    Result<void> outcome{};
    std::exception_ptr thrown{};
    bool elsewhere = false;  // decoded by the thread
  };

  void start_thread();
  void hand_on();
  void decode(Batch& batch);
  [[nodiscard]] Task<void> put_oldest();

  boost::asio::any_io_executor executor_;
  Put put_;
  ListSplitter splitter_;
  Batch next_;                  // of what is split
  std::deque<Batch> batches_;   // handed on, the oldest first
  std::shared_ptr<Done> done_;  // as often as the thread is done with one of them

  // Of whoever decodes: the thread, as soon as there is one.
  Decoder decoder_;
  Timestamp now_;
  std::optional<boost::asio::thread_pool> thread_;  // the last member: it ends first
};

}  // namespace rollcall::kubernetes
