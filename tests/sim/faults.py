"""The known faults that planted_faults.py plants: what is changed where, and which test must notice."""
import collections

# A name, the test that must fail, and changes: (file, old text, new text).
Fault = collections.namedtuple("Fault", "name test changes")

WORKER, QUEUE, WAKER = "executor/worker.hpp", "executor/run_queue.hpp", "executor/waker.hpp"
SPAWNER, CHANNEL, SIGNAL = "executor/spawner.hpp", "sync/channel.hpp", "sync/signal.hpp"
BLOCK, CORE = "executor/block.hpp", "sync/detail/channel_core.hpp"
ASYNC, CONTEXT = "executor/async.hpp", "executor/context.hpp"
STALL = "executor/stall.hpp"
SMALL, SIGNAL_WORD = "sync/detail/small_signal.hpp", "sync/detail/signal_word.hpp"
CREDITS, PLACES = "sync/detail/credit_pool.hpp", "executor/place_line.hpp"
GREEDY, MAILBOX = "sync/greedy_channel.hpp", "sync/mailbox.hpp"
CHILDREN, CHILD_SET = "executor/child_wakes.hpp", "future/detail/child_set.hpp"
EXPIRY, SLEEP, LOCK = "timer/expiry.hpp", "timer/sleep.hpp", "platform/spin_lock.hpp"

FAULTS = [
    # ---- polling ----
    Fault("the ready bit is cleared after the poll instead of before", "executor_test", [
        (WORKER, "woken = word.ready.exchange(0, platform::acquire);",
         "woken = word.ready.load(platform::acquire);"),
        (WORKER, "      polls_ += platform::count_bits(polled);",
         "      if (platform::lane() == 0) word.ready.fetch_and(~polled, platform::relaxed);\n"
         "      polls_ += platform::count_bits(polled);")]),
    Fault("the ready word is read and then set to zero", "signal_test", [
        (WORKER, "woken = word.ready.exchange(0, platform::acquire);",
         "woken = word.ready.load(platform::acquire);\n      word.ready.store(0, platform::relaxed);")]),
    Fault("self-wakes are polled instead of the wakes of others", "coroutine_test", [
        (WORKER, "      ready |= woken;\n", "      if (ready == 0) ready = woken;\n")]),
    Fault("who called a coroutine that ended is resumed for ever", "coroutine_test", [
        (ASYNC, "      coroutine = step.at();\n      next      = {chain_step::later, coroutine};\n", "      coroutine = step.at();\n")]),
    Fault("who calls a coroutine that yields is resumed for it", "coroutine_test", [
        (ASYNC, "    root.next                       = {detail::chain_step::later, coroutine_.address()};\n", "")]),
    Fault("a coroutine that ended at once is resumed for who called it", "coroutine_test", [
        (ASYNC, "    root.next = caller;\n", "")]),
    Fault("a coroutine that yields waits for what it had", "coroutine_test", [
        (ASYNC, "      }\n      next = {chain_step::later, coroutine};\n", "      }\n")]),
    Fault("a coroutine that yields is not polled again", "coroutine_test", [
        (ASYNC, "    if (step.is(chain_step::later)) outer.wake_self();\n", "")]),
    Fault("what a coroutine noted is handed over twice", "coroutine_test", [
        (CONTEXT, "    other.merge(*this);\n    notes_ = 0;\n", "    other.merge(*this);\n")]),
    Fault("each lane looks by itself whether its word is ready", "executor_test", [
        (WORKER, "if (platform::any_lane(word.ready.load(platform::relaxed) != 0))",
         "if (word.ready.load(platform::relaxed) != 0)")]),
    Fault("a task that ends stays self-woken", "spawner_test", [
        (WORKER, "said.second & ~said.first;", "said.second | (again_before & said.first);")]),
    Fault("self-wakes are noted without a meeting", "coroutine_test", [
        (WORKER, "      platform::sync_warp();  // all lanes read it in the next pass\n", "")]),
    Fault("slots without a task are polled", "executor_test", [
        (WORKER, "woken &= word.alive.load(platform::acquire);", "")]),
    Fault("the leader's word is not given to the other lanes", "executor_test", [
        (WORKER, "woken = platform::from_leader(woken);", "")]),
    Fault("each lane decides by itself whether the block ends", "executor_test", [
        (WORKER, "    seen = platform::from_leader(seen);\n",
         "    seen = block_.end.load(platform::relaxed) != 0 ? ending : 0;\n")]),
    Fault("each lane asks its own clock whether a timer is due", "timer_test", [
        (EXPIRY, "return soonest_ != never && soonest_ <= platform::uniform(clock::now_ns());",
         "return soonest_ != never && soonest_ <= clock::now_ns();")]),

    Fault("a worker takes its words without a look", "executor_test", [
        (WORKER, "if (platform::any_lane(word.ready.load(platform::relaxed) != 0))",
         "if (platform::any_lane(true))")]),

    # ---- a slot's life ----
    Fault("a slot is freed before its task is destroyed", "spawner_test", [
        (WORKER, "            spawner<Program>::template storage_of<Task>(block_, slot).destroy();\n",
         "            block_.word(index).claimed.fetch_and(~(1u << lane), platform::release);\n"
         "            spawner<Program>::template storage_of<Task>(block_, slot).destroy();\n")]),
    Fault("a slot is freed before it is marked dead", "spawner_test", [
        (WORKER, "      // relaxed: only this worker reads it; a spawner sets it anew after `claimed`.\n"
                   "      word.alive.fetch_and(~ended, platform::relaxed);\n", ""),
        (WORKER, "      word.claimed.fetch_and(~ended, platform::release);\n",
         "      word.claimed.fetch_and(~ended, platform::release);\n"
         "      word.alive.fetch_and(~ended, platform::relaxed);\n")]),
    Fault("a task is made ready before it is built", "spawner_test", [
        (SPAWNER, "    storage_of<Task>(here(), slot).construct(static_cast<Arguments&&>(arguments)...);\n"
                  "    begin(slot);\n",
         "    begin(slot);\n"
         "    storage_of<Task>(here(), slot).construct(static_cast<Arguments&&>(arguments)...);\n")]),
    Fault("two spawners claim one slot", "spawner_test", [
        (SPAWNER, "if ((taken & bit) == 0) return", "return")]),
    Fault("a slot keeps its generation", "executor_test", [
        (WORKER, "          block_.items[slot].next_generation();\n", "")]),
    Fault("a waker in the block does not compare generations", "executor_test", [
        (WAKER, "} else if (here.items[task().slot()].generation() == generation()) {", "} else {")]),
    Fault("a waker from another block does not compare generations", "executor_test", [
        (QUEUE, "if ((state >> 1 & run_item::generation_mask) != generation) return false;", "")]),

    # ---- the run queue ----
    Fault("the link is read after the queued bit was cleared", "executor_test", [
        (QUEUE, "      at = take_link(item);\n", ""),
        (QUEUE, "      items_[item].state.fetch_and(~queued, platform::acq_rel);\n",
         "      items_[item].state.fetch_and(~queued, platform::acq_rel);\n"
         "      at = take_link(item);\n")]),
    Fault("the owner does not wait for a link", "channel_test", [
        (QUEUE, "    while ((next = link.load(platform::relaxed)) == 0) platform::pause(0);\n",
         "    next = link.load(platform::relaxed);\n    if (next == 0) next = linked;\n")]),
    Fault("the owner leaves a link for the next list", "channel_test", [
        (QUEUE, "    link.store(0, platform::relaxed);\n", "")]),
    Fault("a push swaps the head by a load and a store", "channel_test", [
        (QUEUE, "before = head_.exchange(item + 1, platform::relaxed);",
         "before = head_.load(platform::relaxed);\n    head_.store(item + 1, platform::relaxed);")]),
    Fault("an item is pushed though it is queued", "executor_test", [
        (QUEUE, "    if ((state & queued) == 0) push(item);", "    push(item);")]),
    Fault("a task is made ready before its queued bit is cleared", "signal_test", [
        (QUEUE, "      items_[item].state.fetch_and(~queued, platform::acq_rel);\n      deliver(item);\n",
         "      deliver(item);\n      items_[item].state.fetch_and(~queued, platform::acq_rel);\n")]),
    Fault("the queue is emptied by a store", "channel_test", [
        (QUEUE, "std::uint32_t at = head_.exchange(0, platform::relaxed);",
         "std::uint32_t at = head_.load(platform::relaxed);\n"
         "    head_.store(0, platform::relaxed);")]),

    # ---- spawns and the end ----
    Fault("a spawn from elsewhere does not keep the grid up", "spawner_test", [
        (SPAWNER, "    here().grid->active.fetch_add(1, platform::relaxed);\n", "")]),
    Fault("a block that is active again is not counted", "spawner_test", [
        (WORKER, "if (is_active_) block_.grid->active.fetch_sub(1, platform::relaxed);",
         "block_.grid->active.fetch_sub(1, platform::relaxed);")]),
    Fault("a block stays active once and for all", "spawner_test", [
        (WORKER, "      is_active_ = false;\n", "")]),
    Fault("spawns that wait for a slot are forgotten", "spawner_test", [
        (WORKER, "        has_waiting_spawns_ = true;\n", "")]),
    Fault("an inbox cell is freed before its arguments are out", "spawner_test", [
        (WORKER, "      auto& left               = *static_cast<arguments*>(inbox.cell(cell));\n",
         "      auto& left               = *static_cast<arguments*>(inbox.cell(cell));\n"
         "      inbox.claimed.fetch_and(~(1u << cell), platform::release);\n")]),
    Fault("a task is counted after it can be polled", "spawner_test", [
        (SPAWNER, "    here().live.fetch_add(1, platform::relaxed);\n", ""),
        (SPAWNER, "    here().wake(slot);\n",
         "    here().wake(slot);\n    here().live.fetch_add(1, platform::relaxed);\n")]),

    # ---- stalls ----
    Fault("a block with wakes in its run queue is called quiet", "stall_test", [
        (STALL, "if (!block.queue->is_empty() || has_ready(block)) return;",
         "if (has_ready(block)) return;"),
        (STALL, "      if (!grid.queues[i].is_empty()) return;\n", "")]),
    Fault("a block with ready tasks is called quiet", "stall_test", [
        (STALL, "if (!block.queue->is_empty() || has_ready(block)) return;",
         "if (!block.queue->is_empty()) return;")]),
    Fault("a worker is called quiet while it polls", "stall_test", [
        (WORKER, "if constexpr (finds_stalls<Program>) stalls_.depart(block_, index_);\n", "")]),
    Fault("a block stays counted while it takes wakes from elsewhere", "stall_test", [
        (STALL, "    block.is_counted = 0;\n", "    return;\n")]),
    Fault("one worker speaks for its block", "stall_test", [
        (STALL, "if ((quiet & (workers_epoch - 1)) != workers || quiet != block.quiet_seen) {",
         "if (quiet != block.quiet_seen) {")]),
    Fault("a worker with a running timer is called quiet", "stall_test", [
        (STALL, "      if (!timers.has_none()) return;\n", "")]),
    Fault("all blocks are quiet though one was not yet", "stall_test", [
        (STALL, "const bool is_quiet       = static_cast<std::uint32_t>(quiet) == grid.blocks;",
         "const bool is_quiet       = static_cast<std::uint32_t>(quiet) + 1 >= grid.blocks;")]),
    Fault("a quiet worker does not show the wakes that it sent", "stall_test", [
        (STALL, "block.quiet.fetch_add(1, platform::release);",
         "block.quiet.fetch_add(1, platform::relaxed);")]),

    # ---- primitives ----
    Fault("a lock is taken by a load and a store", "scheduler_test", [
        (LOCK, "word_.exchange(locked, order::acquire) == unlocked) {",
         "(word_.store(locked, order::relaxed), true)) {")]),
    Fault("a receiver that leaves keeps its message to itself", "channel_test", [
        (CORE, "      --from_.receivers.reserved;\n      woken = from_.notify();\n    });",
         "      --from_.receivers.reserved;\n    });")]),
    Fault("a receiver that leaves keeps its reservation", "channel_test", [
        (CORE, "      --from_.receivers.reserved;\n      woken = from_.notify();\n    });",
         "      woken = from_.notify();\n    });")]),
    Fault("a receiver does not let the next sender know", "channel_test", [
        (CORE, "      serve(from_.ring);\n      woken = from_.notify();\n",
         "      serve(from_.ring);\n")]),
    Fault("a sender that leaves keeps its room", "channel_test", [
        (CHANNEL, "      to_.ring.drop(sender_.room);\n", "")]),
    Fault("a sender stays in the queue of a closed channel", "channel_test", [
        (CHANNEL, "    if (sender_.is == waiter_state::queued) to_.senders.remove(sender_);\n    if",
         "    if")]),
    Fault("newcomers take messages that are reserved", "channel_test", [
        (CORE, "return ring.ready() > receivers.reserved && !receivers.has_claims();",
         "return ring.ready() != 0;")]),
    Fault("a close does not reach the waiting receivers", "channel_test", [
        (CORE, "(ring.ready() > receivers.reserved || (is_closed && ring.is_empty()));",
         "ring.ready() > receivers.reserved;")]),
    Fault("a waiter that leaves keeps the signal's value to itself", "signal_test", [
        (SIGNAL, "if (from_.has_value_) woken = from_.reserve_for_first();", "")]),
    Fault("a signal wakes nobody", "signal_test", [
        (SIGNAL, "woken = reserve_for_first();\n    });", "reserve_for_first();\n    });")]),
    Fault("a small signal wakes nobody", "signal_test", [
        (SMALL, "    if (was.is_waiting() && !was.is_looking()) wake(was.first());\n", "")]),
    Fault("a small signal: who falls asleep does not say so", "signal_test", [
        (SMALL, "if (!was.is_waiting() || was.is_looking() || ", "if (!was.is_waiting() || ")]),
    Fault("a small signal: who looks does not come again", "signal_test", [
        (SMALL, "        if (looks) cx.wake_self();\n", "")]),
    Fault("a small signal: who looks is taken for a line", "signal_test", [
        (SIGNAL_WORD, "(high() & others) == 0", "high() == 0")]),
    Fault("a small signal: who is new takes what is reserved", "signal_test", [
        (SMALL, "was.has_value() && (is_first || !was.is_reserved())", "was.has_value()")]),
    Fault("a small signal: who joins the line does not note it", "signal_test", [
        (SMALL, "if (!was.has_line() && !change(was, was.with_line(true), platform::relaxed)) continue;",
         "")]),
    Fault("a small signal: the note of a line outlives it", "signal_test", [
        (SMALL, "while (line_.is_empty() && !change(", "while (false && !change(")]),
    Fault("a small signal: who takes the value forgets the line", "signal_test", [
        (SMALL, "if (!was.has_line()) return change(was, word(), platform::acquire);",
         "return change(was, word(), platform::acquire);")]),
    Fault("a small signal: who leaves the first place forgets the line", "signal_test", [
        (SMALL, "        if (from_.move_up(false).has_line()) return;\n"
                "        was = from_.look();\n",
         "        if (from_.change(was, word(), platform::relaxed)) return;\n")]),
    Fault("a small signal: a value that is handed on wakes nobody", "signal_test", [
        (SMALL, "        if (is_given) woken = task;\n", "")]),
    Fault("a small signal: who leaves keeps the reservation", "signal_test", [
        (SIGNAL_WORD, "of(high(), low() & ~reserved);", "of(high(), low());")]),
    Fault("a small signal: a value that replaces another is free", "signal_test", [
        (SIGNAL_WORD, "flags_when_called() | filled",
                      "(is_waiting() ? flags_when_called() : low() & line) | filled")]),
    Fault("a small signal: a reset drops the reservation", "signal_test", [
        (SIGNAL_WORD, "low() & ~filled", "low() & line")]),
    Fault("a small signal: a value is sent without a release", "handover_test", [
        (SMALL, "was.with(value), platform::release", "was.with(value), platform::relaxed")]),
    Fault("a small signal: a value is taken without an acquire", "handover_test", [
        (SMALL, "return change(was, word(), platform::acquire);",
         "return change(was, word(), platform::relaxed);")]),
    Fault("a small signal: who is woken alone takes it without an acquire", "handover_test", [
        (SMALL, "was.is_reserved_alone() && from.take(was)",
         "was.is_reserved_alone() && from.change(was, word(), platform::relaxed)")]),
    Fault("a small signal: who comes alone takes what is reserved", "signal_test", [
        (SIGNAL_WORD, "{ return low() == filled; }", "{ return has(filled); }")]),
    Fault("a small signal: who is woken alone forgets the line", "signal_test", [
        (SMALL, "was.is_reserved_alone() && from.take(was)",
         "was.has_value() && from.change(was, word(), platform::acquire)")]),

    # ---- primitives, under the laws ----
    Fault("a released lock is not given to who waits", "laws/locks_test", [
        ("sync/detail/permit_pool.hpp", "    change([&] { taken_ -= count; });",
         "    list_.with([&] { taken_ -= count; });")]),
    Fault("a lock that was given to who gave up is kept", "laws/locks_test", [
        ("sync/detail/wait_list.hpp", "    if (has_waited_) source_.leave(waiter_);\n", "")]),
    Fault("a request is served though permits are missing", "laws/locks_test", [
        ("sync/detail/permit_pool.hpp", "    if (w.wanted > free()) return false;",
         "    if (free() == 0) return false;")]),
    Fault("a closed pool keeps its waiters", "laws/locks_test", [
        ("sync/detail/permit_pool.hpp", "    if (is_closed_) return true;\n    if (w.wanted",
         "    if (w.wanted")]),
    Fault("a writer takes as much as a reader", "laws/locks_test", [
        ("sync/rwlock.hpp", "using write_future = detail::held_future<Value, pool, all>;",
         "using write_future = detail::held_future<Value, pool, 2>;"),
        ("sync/rwlock.hpp", "using write_guard  = detail::held<Value, pool, all>;",
         "using write_guard  = detail::held<Value, pool, 2>;")]),
    Fault("a wake without a waiter is not kept", "laws/locks_test", [
        ("sync/wait_queue.hpp", "      has_kept_wake_ = true;\n", "")]),
    Fault("a woken waiter that leaves does not hand on", "laws/locks_test", [
        ("sync/wait_queue.hpp", "if (was_notified && w.let_in == reason::one) is_given = false;", "")]),
    Fault("a waker is registered by a load and a store", "laws/locks_test", [
        ("sync/atomic_waker.hpp", "    const bits_type old = word_.exchange(mine, platform::acq_rel);",
         "    const bits_type old = word_.load(platform::acquire);\n"
         "    word_.store(mine, platform::relaxed);")]),
    Fault("an abortable future looks first and registers then", "laws/locks_test", [
        ("sync/abortable.hpp", "    handle_.waiting_.register_waker(cx.waker());\n"
                               "    if (handle_.is_aborted()) return give_up();\n",
         "    handle_.waiting_.register_waker(cx.waker());\n")]),
    Fault("a barrier lets the last one in alone", "laws/values_test", [
        ("sync/barrier.hpp", "list_.update(fn, [&] { return detail::first_of_past_round(list_, phase_); });",
         "list_.with(fn);")]),
    Fault("a barrier opens one too early", "laws/values_test", [
        ("sync/barrier.hpp", "if (arrived_ != expected() || arrived_ == 0) return false;",
         "if (arrived_ + 1 < expected() || arrived_ == 0) return false;")]),
    Fault("a latch opens without waking", "laws/values_test", [
        ("sync/latch.hpp", "list_.update([&] { is_open_ = true; }, [&] { return list_.first(); });",
         "list_.with([&] { is_open_ = true; });")]),
    Fault("a latch is opened by the first", "laws/values_test", [
        ("sync/latch.hpp", "    if (count != to_go) return;\n", "")]),
    Fault("an event that is set wakes nobody", "laws/values_test", [
        ("sync/event.hpp", "    list_.update([&] { changes_ += is_odd() ? 0 : 1; },\n"
                           "                 [&] { return detail::first_of_past_round(list_, changes_); });",
         "    list_.with([&] { changes_ += is_odd() ? 0 : 1; });")]),
    Fault("a value is made by all who need it", "laws/values_test", [
        ("sync/once_lock.hpp", "      if (!wait_.poll(cx)) return pending;\n      has_right_ = ",
         "      if (!wait_.poll(cx)) return pending;\n      of_.pool_.give(1);\n      has_right_ = ")]),
    Fault("who gives up making a value keeps the right", "laws/values_test", [
        ("sync/once_lock.hpp", "    awaited_.reset();\n    of_.pool_.give(1);\n",
         "    awaited_.reset();\n")]),
    Fault("who fails to make a value keeps the right", "laws/values_test", [
        ("sync/once_lock.hpp", "        give_up();\n        return polled<output>(in_place, nullptr);",
         "        has_right_ = false;\n        return polled<output>(in_place, nullptr);")]),
    Fault("news do not reach who waits for them", "laws/values_test", [
        ("sync/detail/line.hpp", "      if (!is_end && first.since >= news) return;",
         "      if (!is_end) return;")]),
    Fault("a watch wakes nobody at its end", "laws/values_test", [
        ("sync/watch.hpp", "receivers_.call(this->is_closed_, woken);",
         "receivers_.call(false, woken);")]),
    Fault("who leaves the line stays counted as called", "laws/messages_test", [
        ("sync/detail/line.hpp", "    if (w.is == waiter::state::notified) --called_;\n", "")]),
    Fault("newcomers overtake who waits in line", "laws/messages_test", [
        ("sync/detail/line.hpp", "return queue_.is_empty() && available > called_;",
         "return available != 0;"),
        ("sync/detail/line.hpp", "    if (w.is == waiter::state::notified) return available != 0;\n",
         "    if (w.is == waiter::state::notified) return true;\n")]),
    Fault("a receiver does not tell senders of its room", "laws/messages_test", [
        ("sync/priority_channel.hpp", "    senders_.call(sendable(), woken);\n", "")]),
    Fault("a slot that was dropped unread is free", "laws/messages_test", [
        ("sync/zerocopy_channel.hpp", "if (of == side::send ? is_done : !is_done) {",
         "if (of == side::send && is_done) {")]),
    Fault("a closed zerocopy_channel ends with a slot still written", "laws/messages_test", [
        ("sync/zerocopy_channel.hpp", "this->is_closed_ && count_ == 0 && written_ == 0;",
         "this->is_closed_ && count_ == 0;")]),
    Fault("a message is dropped before the slowest subscriber read it", "laws/messages_test", [
        ("sync/pubsub_channel.hpp", "if (j != i && is_used_[j] && next_[j] <= id) return true;",
         "if (j > i && is_used_[j] && next_[j] <= id) return true;")]),
    Fault("another writer gets into a write_all", "laws/messages_test", [
        ("sync/pipe.hpp", "      turn_.wait_first(cx, publish);\n", "      to.change(publish);\n")]),
    Fault("a pipe forgets that it is being read", "laws/messages_test", [
        ("sync/pipe.hpp", "    if (is_reading_) return 0;\n", ""),
        ("sync/pipe.hpp", "      is_reading_ = false;\n", "")]),
    Fault("a sender that ends without an answer tells nobody", "laws/messages_test", [
        ("sync/oneshot.hpp", "    this->change([&] { is_abandoned_ = true; });",
         "    this->lock_.with([&] { is_abandoned_ = true; });")]),
    Fault("an owner that leaves keeps the service", "laws/messages_test", [
        ("sync/rpc_service.hpp", "of_->change([&] { of_->is_owned_ = of_->is_owner_idle_ = false; });",
         "of_->change([&] { of_->is_owner_idle_ = false; });")]),
    Fault("a call that is given up is run all the same", "laws/messages_test", [
        ("sync/rpc_service.hpp", "      if (job_.is == detail::waiter::state::queued) at_.jobs_.remove(job_);\n"
                                 "      if (at_.running_",
         "      if (at_.running_")]),

    # ---- memory orders ----
    Fault("polls do not see what the wakers wrote", "executor_test", [
        (WORKER, "woken = word.ready.exchange(0, platform::acquire);",
         "woken = word.ready.exchange(0, platform::relaxed);")]),
    Fault("polls do not see the frame of a new task", "spawner_test", [
        (WORKER, "woken = word.ready.exchange(0, platform::acquire);",
         "woken = word.ready.exchange(0, platform::relaxed);"),
        (WORKER, "woken &= word.alive.load(platform::acquire);",
         "woken &= word.alive.load(platform::relaxed);")]),
    Fault("only the leader sees what the wakers wrote", "executor_test", [
        (WORKER, "    platform::sync_warp();  // hands the leader's acquire to all lanes\n", "")]),
    Fault("a wake in the block hands over nothing", "executor_test", [
        (BLOCK, "word(slot >> 5).ready.fetch_or(1u << (slot & 31u), platform::release);",
         "word(slot >> 5).ready.fetch_or(1u << (slot & 31u), platform::relaxed);")]),
    Fault("a waker from another block hands over nothing", "executor_test", [
        (QUEUE, "compare_exchange(state, state | queued, platform::acq_rel)",
         "compare_exchange(state, state | queued, platform::relaxed)")]),
    Fault("the owner of a run queue takes over nothing", "executor_test", [
        (QUEUE, "state.fetch_and(~queued, platform::acq_rel)",
         "state.fetch_and(~queued, platform::relaxed)")]),
    Fault("a slot is freed without a release", "spawner_test", [
        (WORKER, "word.claimed.fetch_and(~ended, platform::release);",
         "word.claimed.fetch_and(~ended, platform::relaxed);")]),
    Fault("a slot is claimed without an acquire", "spawner_test", [
        (SPAWNER, "taken = claimed.fetch_or(bit, platform::acquire);",
         "taken = claimed.fetch_or(bit, platform::relaxed);")]),
    Fault("arguments for another block are not published", "spawner_test", [
        (SPAWNER, "inbox.filled.fetch_or(1u << cell, platform::release);",
         "inbox.filled.fetch_or(1u << cell, platform::relaxed);")]),
    Fault("an inbox cell is freed without a release", "spawner_test", [
        (WORKER, "inbox.claimed.fetch_and(~(1u << cell), platform::release);",
         "inbox.claimed.fetch_and(~(1u << cell), platform::relaxed);")]),
    Fault("a lock is taken without an acquire", "channel_test", [
        (LOCK, "word_.exchange(locked, order::acquire)", "word_.exchange(locked, order::relaxed)")]),
    Fault("a lock is given up without a release", "signal_test", [
        (LOCK, "word_.store(unlocked, order::release);", "word_.store(unlocked, order::relaxed);")]),
    Fault("a latch counts without collecting what others wrote", "handover_test", [
        ("sync/latch.hpp", "counted_.fetch_add(count, platform::acq_rel)",
         "counted_.fetch_add(count, platform::relaxed)")]),
    Fault("a value that is there is read without an acquire", "handover_test", [
        ("sync/once_lock.hpp", "return is_set_.load(platform::acquire) != 0;",
         "return is_set_.load(platform::relaxed) != 0;")]),
    Fault("a cancellation is seen without an acquire", "handover_test", [
        ("sync/cancellation_token.hpp", "return state_.load(platform::acquire);",
         "return state_.load(platform::relaxed);")]),
    Fault("who was let in last finds its waker still inside", "laws/ends_test", [
        ("sync/detail/wait_list.hpp", "(!woken.is_full() || queue_.is_empty())",
         "!woken.is_full()")]),

    Fault("who closes comes back after the last it woke", "laws/ends_test", [
        ("sync/detail/waiting.hpp", "while (woken.has_more());", "while (woken.is_full());")]),
    Fault("a task that reached its block leaves its abort behind", "laws/handles_test", [
        ("executor/join_link.hpp", "      if (of != nullptr) of->follow(to, task);\n", "")]),
    Fault("a handle looks at its link before the lock only", "laws/handles_test", [
        ("executor/task_handle.hpp", "        if (link_.load(platform::relaxed) != now) return;\n",
         "")]),
    Fault("a level may be passed over for ever", "laws/priority_test", [
        ("executor/priority.hpp",
         "if (has_polled && passed_over_ / one % (1u << bits) < patience) {", "if (has_polled) {")]),

    Fault("who is always due first starves the others", "laws/priority_test", [
        (WORKER, "    if (passes_ % (most_passed_over + 1) == most_passed_over) {\n"
                 "      return poll_words_of<any_level>(0);\n    }\n", "")]),
    Fault("only the leader's deadlines are compared", "laws/priority_test", [
        (WORKER, "      due = platform::smallest_of_lanes(due);\n", "")]),

    Fault("who only looks for a message keeps others waiting", "channel_test", [
        (CORE, "return ring.ready() > receivers.reserved && !receivers.has_claims();",
         "return ring.ready() > receivers.reserved && receivers.is_empty();")]),
    Fault("who only looks for room keeps others waiting", "channel_test", [
        (CHANNEL, "return to_.ring.has_room() && !to_.senders.has_claims();",
         "return to_.ring.has_room() && (to_.senders.is_empty() || to_.senders.first() == &sender_);"),
        (CORE, "!ring.has_room() || senders.has_claims()", "!ring.has_room() || !senders.is_empty()")]),
    Fault("a claim is forgotten by who looks", "channel_test", [
        (CORE, "    if (!w.only_looks) --claims_;\n", "    --claims_;\n")]),

    # ---- timers ----
    Fault("a timer fires a little early", "timer_test", [
        (SLEEP, "return clock::now_ns() >= item_.deadline_ns;",
         "return clock::now_ns() + 20 >= item_.deadline_ns;")]),
    Fault("only the first of a task's timers is remembered", "timer_test", [
        (EXPIRY, "          timers.wait_until(item->deadline_ns);\n", "")]),
    Fault("only the leader's deadlines count", "timer_test", [
        (EXPIRY, "    soonest = platform::smallest_of_lanes(soonest);\n",
         "    soonest = platform::uniform(soonest);\n")]),
    Fault("a timer that is dropped stays in the list", "timer_test", [
        (SLEEP, "  COWARP_FN ~timer() { disarm(); }", "  COWARP_FN ~timer() {}")]),
    Fault("an expiry forgets the words without a due task", "timer_test", [
        (EXPIRY, "      if (soonest < next) next = soonest;\n",
         "      if (soonest < next && soonest <= now) next = soonest;\n")]),

    # ---- credits ----
    Fault("a credit that is given wakes nobody", "laws/messages_test", [
        (CREDITS, "std::int32_t>(count) > 0) call(count);", "std::int32_t>(count) > 1) call(count);")]),
    Fault("a task sleeps without a last look", "laws/messages_test", [
        (CREDITS, "if (credits(old) <= 0 && (old & closed) == 0) return false;",
         "if ((old & closed) == 0) return false;")]),
    Fault("who gives up sleep keeps what it was woken for", "laws/messages_test", [
        (CREDITS, "  COWARP_FN void hand_on() {\n", "  COWARP_FN void hand_on() {\n    return;\n")]),
    Fault("the note that somebody sleeps is taken away too soon", "laws/messages_test", [
        (CREDITS, "if (sleepers_.is_empty()) word_.fetch_and(~sleeping, platform::relaxed);",
         "word_.fetch_and(~sleeping, platform::relaxed);")]),
    Fault("a cell is full before its message is there", "laws/messages_test", [
        (GREEDY, "to.turn.store(turn_of(mine.ticket) + 1, platform::release);",
         "to.turn.store(turn_of(mine.ticket) + 1, platform::relaxed);")]),
    Fault("a receiver does not wait for its message", "laws/messages_test", [
        (GREEDY, "    from.await(turn_of(mine.ticket) + 1);\n", "")]),
    Fault("a sender fills a cell that is not empty", "laws/messages_test", [
        (GREEDY, "    to.await(turn_of(mine.ticket));\n", "")]),
    Fault("a closed channel is drained while a message is on its way", "laws/messages_test", [
        (CREDITS, "return (word_.load(platform::acquire) & ~sleeping) == closed;",
         "return (word_.load(platform::acquire) & closed) != 0;")]),
    Fault("a closed pool gives credits", "laws/messages_test", [
        (CREDITS, "ServesAfterClose || (old & closed) == 0 ? credits(old) : 0;", "credits(old);")]),

    Fault("room of a pipe that is left is lent for ever", "laws/messages_test", [
        ("sync/pipe.hpp", "  COWARP_FN ~lent_room() { publish(0); }\n", "  COWARP_FN ~lent_room() {}\n")]),

    # ---- looking for room ----
    Fault("who looks for room is promised some", "laws/messages_test", [
        (CORE, "if (is_closed || first.only_looks) {", "if (is_closed) {")]),
    Fault("behind one who looks for room nobody is called", "laws/messages_test", [
        (CORE, "    woken.has_more = can_notify_sender() || can_notify_receiver();\n",
         "    woken.has_more = can_notify_receiver();\n")]),

    # ---- reservations ----
    Fault("a task that ends frees its slot though somebody waits for it", "laws/reservation_test", [
        (WORKER, "      if constexpr (Program::awaits_slots) {\n        for (std::uint32_t slots = ended;",
         "      if constexpr (false) {\n        for (std::uint32_t slots = ended;")]),
    Fault("who gives up keeps the slot that it was given", "laws/reservation_test", [
        (PLACES, "return list_.forget_locked(w) == waiter::state::notified ? w.place : none; },",
         "list_.forget_locked(w); return none; },")]),
    Fault("a reservation that is not used wakes nobody", "laws/reservation_test", [
        (SPAWNER, "      slots.line().give(slot, [&](std::uint32_t place) { slots.free(place); });\n",
         "      slots.free(slot);\n")]),
    Fault("room in an inbox that is not used wakes nobody", "laws/reservation_test", [
        (SPAWNER, "      cells.line().give(cell, [&](std::uint32_t place) { cells.free(place); });\n",
         "      cells.free(cell);\n")]),
    Fault("a task that reached its block leaves its room to nobody", "laws/reservation_test", [
        (WORKER, "        spawns().template give_back_cell<Task>(block_.block, cell);\n",
         "        inbox.claimed.fetch_and(~(1u << cell), platform::relaxed);\n")]),
    Fault("a slot is looked for before the line is locked", "laws/reservation_test", [
        (PLACES, "    return list_.enter(w, task, [&](waiter& newcomer) {\n"
                 "      newcomer.place = claim();\n",
         "    const std::uint32_t there = w.is == waiter::state::idle ? claim() : none;\n"
         "    return list_.enter(w, task, [&](waiter& newcomer) {\n"
         "      newcomer.place = there;\n")]),
    Fault("a place goes to who waits and to whoever asks", "laws/reservation_test", [
        (PLACES, "                   if (first == nullptr) {\n                     free(place);\n"
                 "                   } else {\n                     first->place = place;\n"
                 "                   }\n",
         "                   free(place);\n                   if (first != nullptr) first->place = place;\n")]),

    # ---- mailbox ----
    Fault("a message in a mailbox is not published", "laws/mailbox_test", [
        (MAILBOX, "sent_.store(sent + 1, platform::release);",
         "sent_.store(sent + 1, platform::relaxed);")]),
    Fault("a mailbox's receiver looks at a message that it does not see", "laws/mailbox_test", [
        (MAILBOX, "    static_cast<void>(sent_.load(platform::acquire));\n", "")]),
    Fault("a place in a mailbox is free while its message is read", "laws/mailbox_test", [
        (MAILBOX, "received_.store(received + 1, platform::release);",
         "received_.store(received + 1, platform::relaxed);")]),
    Fault("a mailbox's sender fills a place that it does not see free", "laws/mailbox_test", [
        (MAILBOX, "if (sent - received_.load(platform::acquire) == Capacity)",
         "if (sent - received_.load(platform::relaxed) == Capacity)")]),
    Fault("a mailbox takes one message more than it holds", "laws/mailbox_test", [
        (MAILBOX, "received_.load(platform::acquire) == Capacity)",
         "received_.load(platform::acquire) > Capacity)")]),
    Fault("the end of a mailbox is looked for after the last message", "laws/mailbox_test", [
        (MAILBOX, "    const bool is_closed = from_.is_closed();\n", ""),
        (MAILBOX, "if (*result || is_closed) return result;",
         "if (*result || from_.is_closed()) return result;")]),
    Fault("who waits at a mailbox looks once", "laws/mailbox_test", [
        (MAILBOX, "      next_->arm(cx);\n", "")]),

    # ---- children ----
    Fault("a child's bit is set after the wake of its task", "laws/children_test", [
        (WAKER, "  if (task.child() != 0) children_of(here, task).note(task.child(), is_here);\n"
                "  if (is_here) {\n    here.wake(task.slot());\n  } else {\n"
                "    here.grid->queues[task.block()].wake_generation(task.slot(), generation);\n  }\n",
         "  if (is_here) {\n    here.wake(task.slot());\n  } else {\n"
         "    here.grid->queues[task.block()].wake_generation(task.slot(), generation);\n  }\n"
         "  if (task.child() != 0) children_of(here, task).note(task.child(), is_here);\n")]),
    Fault("a child's bit shows nothing of what the waker wrote", "laws/children_test", [
        (CHILDREN, "from_elsewhere.fetch_or(1u << child, platform::release)",
         "from_elsewhere.fetch_or(1u << child, platform::relaxed)")]),
    Fault("the same in the task's own block", "laws/children_test", [
        (CHILDREN, "from_here.fetch_or(1u << child, platform::release)",
         "from_here.fetch_or(1u << child, platform::relaxed)")]),
    Fault("children are read and then forgotten", "laws/children_test", [
        (CHILDREN, "here |= from_here.fetch_and(~mine, platform::acquire);",
         "from_here.store(here & ~mine, platform::relaxed);")]),
    Fault("a join forgets the children below its own", "laws/children_test", [
        (CHILD_SET, "if ((woken & (bit(i) | below_[i])) != 0)", "if ((woken & bit(i)) != 0)")]),
    Fault("a timer wakes its task and not its child", "laws/children_test", [
        (EXPIRY, "          detail::note_child(block, task);\n", "")]),
    Fault("a receive keeps whom it was first polled for", "laws/children_test", [
        (CORE, "      receiver_.task = cx.task();  // maybe another child of its task\n", "")]),
]
