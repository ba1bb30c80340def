"""The faults that are planted to prove that the tests can fail: each replaces one text of one source.

The text must occur exactly once. The product has no hooks for them.
"""

import dataclasses
import pathlib

ENGINE = "src/engine/"
DOCKER = "src/backends/docker_api/"


@dataclasses.dataclass(frozen=True)
class Fault:
    name: str
    file: str
    sentence: str  # what a user would suffer
    text: str
    replacement: str
    tests: str = ""  # a filter of the unit tests that catch it; empty: the simulation does

    def mutated(self, root: pathlib.Path) -> str:
        """The source with the fault; ValueError if the text is not there exactly once."""
        source = (root / self.file).read_text(encoding="utf-8")
        if source.count(self.text) != 1:
            raise ValueError(f"{self.name}: its text occurs {source.count(self.text)} times in {self.file}")
        return source.replace(self.text, self.replacement)


WATCH = ENGINE + "watch.cpp"
CHANGES = ENGINE + "watch_changes.cpp"
FAILURES = ENGINE + "watch_failures.cpp"
FSM = ENGINE + "reflector_fsm.cpp"
BOOK = ENGINE + "touch_book.cpp"
RECONCILE = ENGINE + "reconcile.cpp"
QUEUE = "src/core/channel/collapsing_queue.cpp"
CHANNEL = "src/core/channel/channel.cpp"
INVENTORY = ENGINE + "inventory.cpp"

FAULTS = (
    Fault("skipped_relist", CHANGES, "A doubt about the stream is not followed by a list.",
          "const ResyncNeeded&) {\n                   doubted_ = true;\n                   report({.outcome = Outcome::desynced, .epoch = epoch_});",
          "const ResyncNeeded&) {\n                   doubted_ = true;"),
    Fault("no_periodic_list", WATCH, "What a stream lost in silence is never found.",
          "if (reflector_.driver_->resync_period() > 0s) phase_", "if (reflector_.driver_->resync_period() > 24h) phase_"),
    Fault("touched_during_list_forgotten", WATCH, "What was touched during a list is not read again after it.",
          "touched_.notify();  // what was touched during the list is read now",
          "book_ = TouchBook();"),
    Fault("reading_outlives_list", WATCH, "What was being read when a list began is never read again.",
          "++round_;\n      book_.interrupt();", "++round_;"),
    Fault("unbounded_readings", WATCH, "Any number of readings is in flight.",
          "readings_.size() < max_readings &&", "max_readings > 0 &&",
          tests="ReflectorTest.AtMostEightReadings*"),
    Fault("touched_after_doubt_forgotten", CHANGES, "An end between a doubt and its list is not read after it.",
          "RunMark::began || doubted_ ||", "RunMark::began ||",
          tests="ReflectorHealingTest.AnEndBetweenADoubt*"),
    Fault("whole_instance_before_list", CHANGES, "A list overrides what the stream told whole after it.",
          "  held_.push(std::move(change));\n", ""),
    Fault("reconnected_before_differences", WATCH, "Reconnected is told before what changed meanwhile.",
          "if (action.apply_list) co_await apply_list(std::move(report.snapshot));\n"
          "  if (action.apply_list) tell_return(action.step);",
          "if (action.apply_list) tell_return(action.step);\n"
          "  if (action.apply_list) co_await apply_list(std::move(report.snapshot));"),
    Fault("disconnected_is_stopped", WATCH, "All is told to have stopped when the connection is lost.",
          "events_.send(BackendDisconnected{return_.backend, return_.endpoint, *owes_disconnected_});",
          "events_.send(BackendDisconnected{return_.backend, return_.endpoint, *owes_disconnected_});\n"
          "  for (const Known& k : KnownById(reflector_.known_)) {\n"
          "    tell({Stopped{k.told->key.id, k.told->name, k.told, Cause::resync}, k.told}, {});\n  }"),
    Fault("gone_during_list_ignored", CHANGES, "One that is destroyed during a list stays as a ghost.",
          "return touch({.id = gone.id, .at = gone.at, .mark = RunMark::ended});", "return;",
          tests="ReflectorTest.OneThatIsDestroyedDuringAList*"),
    Fault("wake_up_swallowed", WATCH, "The resolver of a lost session takes the next one's wake-up with it.",
          "touched_.notify();  // meant for the resolver of the session that is there now\n", "",
          tests="ReflectorHealingTest.WhatWasTouchedBeforeASessionEnded*"),
    Fault("late_looks_not_renewed", CHANGES, "A restart that was lost is never looked at for its address.",
          "  looks_.clear();\n  for", "  for", tests="ReflectorHealingTest.OneThatAListShowsStill*"),
    Fault("old_removal_believed", CHANGES, "A late word of a removal ends the next run of the same id.",
          "if (!gone.final() && gone.at <= known->as_of) {", "if (gone.final() && gone.at <= known->as_of) {",
          tests="ReflectorTest.ALateWordOfARemoval*"),
    Fault("unsettled_not_looked_at_again", CHANGES, "An address that comes late is missed.",
          "if (looks < look_again_after.size()) phase_", "if (looks > look_again_after.size()) phase_"),
    Fault("undelivered_forgotten", CHANGES, "What a closed channel never delivered counts as told.",
          "if (!events_.closed()) return;  // the consumer can still take them", "return;"),
    Fault("mute_engine_not_noticed", WATCH, "A stream that is silently dead is trusted for ever.",
          "  phase_.spawn(probe_when_quiet(session_, epoch_));\n", ""),
    Fault("half_told_list_is_known", CHANGES, "What was not told of a list is never told, because telling it failed.",
          "    give_up_the_rest();\n    throw;", "    throw;", tests="*HalfTold*"),
    Fault("failure_is_silence", FAILURES, "What fails with an exception is never heard of again.",
          "if (epoch == epoch_) note_fault(thrown);", "static_cast<void>(epoch == epoch_ && thrown);"),
    Fault("failure_is_not_told", FAILURES, "A session that has thrown is dropped, and nobody is told.",
          "if (fsm_.state() != State::backing_off) co_return co_await handle(std::move(failure));",
          "if (fsm_.state() == State::done) co_return co_await handle(std::move(failure));"),
    Fault("session_not_let_go", WATCH, "The coroutines of a lost session live on beside the new one.",
          "  phase_.cancel();\n", ""),
    Fault("backoff_never_reset", FSM, "After one bad hour every short loss costs the longest delay.",
          ">= policy_.reset_after) failures_ = 0;", ">= policy_.reset_after) failures_ += 0;"),
    Fault("backoff_never_grows", FSM, "A lost engine is asked many times a second for ever.",
          "std::min(failures_, enough_doublings)", "std::min(0, enough_doublings)"),
    Fault("instant_end_is_normal", FSM, "A stream that ends at once is opened again at once: a busy loop.",
          "< policy_.short_stream)", "< policy_.floor - policy_.floor)"),
    Fault("disconnected_twice", FSM, "Losing the connection again is a second Disconnected.",
          "!std::exchange(disconnected_, true)", "std::exchange(disconnected_, true) || disconnected_"),
    Fault("doubt_during_list_ignored", FSM, "A doubt that comes during a list is taken for settled by it.",
          "list_again_ = true;", "list_again_ = false;"),
    Fault("reconnected_before_second_list", FSM, "Reconnected is told though the list is in doubt.",
          "    if (!again) {", "    if (true) {"),
    Fault("stop_forgotten_by_start", BOOK, "An end that a start follows is forgotten: a restart is hidden.",
          "  into.ended_at = std::max(into.ended_at, from.ended_at);\n", "  into.ended_at = from.ended_at;\n"),
    Fault("two_readings_at_once", BOOK, "One instance is read twice at once, and the later answer wins.",
          "    if (reading_.contains(at->first)) {\n      ++at;\n      continue;\n    }\n",
          "    reading_.erase(at->first);\n"),
    Fault("stop_applied_late", BOOK, "A reading from before the end of one that is gone is believed.",
          "at->second.valid = false;", "at->second.valid = true;"),
    Fault("interrupted_not_noted", BOOK, "What was being read when the session was lost is forgotten.",
          "    if (!note.valid) continue;\n", "    if (note.valid) continue;\n"),
    Fault("update_without_difference", RECONCILE, "Every reading is an update: uncompared fields differ.",
          "if (same_content(*known->told, *now)) return {};",
          "if (same_content(*known->told, *now) && known->told->discovered_at == now->discovered_at) return {};"),
    Fault("absent_is_not_stopped", RECONCILE, "What a list does not hold any more stays as a ghost.",
          "if (!listed_.contains(entry.told->key.id)) add(", "if (listed_.contains(entry.told->key.id)) add("),
    Fault("replay_not_deduplicated", RECONCILE, "A replayed end is told as a restart once more.",
          "*ended_at > known.as_of &&", "true &&"),
    Fault("end_settled_by_older_list", RECONCILE, "A list from before an end is taken for the next run.",
          "end->second <= snapshot_.taken_at;", "true;"),
    Fault("started_before_stopped", RECONCILE, "A reconciliation starts the new before it stops the old.",
          "  Differences all = std::move(stopped_);\n",
          "  Differences all = std::move(started_);\n  std::ranges::move(stopped_, std::back_inserter(all));\n"),
    Fault("stopped_is_running", RECONCILE, "What was read as stopped is told as running.",
          "const bool runs = now && in_running_set(*now);", "const bool runs = now != nullptr;"),
    Fault("first_update_wins", QUEUE, "A slow consumer gets the first of several updates.",
          "    pending->put = Updated{std::move(instance), cause};", "    return;"),
    Fault("untold_run_is_stopped", QUEUE, "The end of a run that was never told is told.",
          "    pending->put.reset();  // Stopped+Started+Stopped: the run between was never sent",
          "    return;"),
    Fault("reconnected_swallowed", QUEUE, "Reconnected is lost if Disconnected was not taken yet.",
          "    order_.erase(at->second);\n    backends_.erase(at);\n", ""),
    Fault("consumer_not_woken", CHANNEL, "A waiting consumer sleeps beside its events.",
          "queue_->events.push(std::move(event), std::move(told));\n  queue_->to_consumer.notify();",
          "queue_->events.push(std::move(event), std::move(told));"),
    Fault("reconnected_overtakes", QUEUE, "Reconnected is told before a difference that a new name moved back.",
          "if (tells) order_.splice", "if (tells && order_.empty()) order_.splice",
          tests="CollapsingQueue.ReconnectedStaysBehind*"),
    Fault("close_not_heard", CHANNEL, "A watch whose consumer is gone goes on.",
          "  queue_->to_sender.notify();\n", ""),
    Fault("stopped_stays_in_inventory", INVENTORY, "The inventory keeps what has stopped.",
          "[this](const Stopped& e) { erase(e.last->key); },", "[](const Stopped&) {},"),
    Fault("stale_for_ever", INVENTORY, "A backend that is back is still called stale.",
          "disconnected_.erase({e.backend, e.endpoint}); },", "static_cast<void>(e); static_cast<void>(this); },"),
    Fault("lost_since", DOCKER + "session.cpp", "The stream begins now, not where the last one ended.",
          "resumes ? std::min(engine_->last_event, just_before) : just_before", "resumes ? just_before : just_before",
          "DockerDriverTest.*"),
    Fault("list_beside_the_store", DOCKER + "session.cpp", "An end is read before the engine has stored it.",
          "touch.mark == RunMark::began) continue;", "touch.mark != RunMark::began) continue;",
          "DockerDriverTest.*"),
    Fault("end_is_a_change", DOCKER + "events.cpp", "The end of a container is only a change of it.",
          '{"die", Meaning::ended},', '{"die", Meaning::changed},', "Events.*"),
    Fault("removed_is_changed", DOCKER + "events.cpp", "One that is removed is only read again.",
          '{"destroy", Meaning::gone},', '{"destroy", Meaning::changed},', "Events.*"),
    Fault("settings_kept_from_before_known", "src/backends/systemd/settings.cpp",
          "A service that did not run when the watch began never gets its settings.",
          "if (known != kept_.end() && known->second.paths == paths)", "if (known != kept_.end())",
          "SettingsBookTest.*"),
    Fault("no_list_is_an_empty_one", "src/backends/incus/answer.cpp", "An answer without a list stops all instances.",
          'if (!envelope.broken && envelope.type == "sync" && envelope_.has_array()) return {};', "if (!envelope.broken) return {};",
          "ListAnswer.*"),
)
