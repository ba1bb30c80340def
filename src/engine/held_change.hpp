// A change that takes many turns.
#pragma once

#include "engine/merged_watch.hpp"

namespace rollcall {

/// While a long batch is being taken, the consumer shows its state from before the batch.
class HeldChange {
 public:
  HeldChange(MergedConsumer& consumer, bool really) : consumer_(really ? &consumer : nullptr) {
    if (consumer_ != nullptr) consumer_->hold();
  }
  ~HeldChange() {
    if (consumer_ != nullptr) consumer_->let_go();
  }
  HeldChange(const HeldChange&) = delete;
  HeldChange& operator=(const HeldChange&) = delete;

 private:
  MergedConsumer* consumer_;
};

}  // namespace rollcall
