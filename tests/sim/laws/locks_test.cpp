// SPDX-License-Identifier: Apache-2.0
/// \file
/// Locks, permits and queues of waiters: never two where one may be, and nobody forgotten.
#include "law.hpp"

using namespace laws;

// ---- mutex ---------------------------------------------------------------------------------------

namespace {

struct mutex_state : board {
  cowarp::mutex<std::uint32_t> sum;
  count inside;
};
COWARP_TASK(mutex_user, 3, (mutex_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0, done = 0; done < 2; ++i) {
    auto guard = co_await within(s.limit(me * 12, i), s.sum.lock());
    if (!guard) continue;
    s.that(note(s.inside) == 0);
    const std::uint32_t before = **guard;
    co_await cowarp::yield_now();
    **guard = before + 1;
    note(s.inside, ~0u);
    ++done;
  }
}
struct mutex_law : cowarp::program<mutex_user> {
  using grid_state = mutex_state;
  static void start(cowarp::spawner<mutex_law> s, cowarp::no_state&, mutex_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<mutex_user>(s, i, all, i);
  }
};

}  // namespace

TEST_CASE("mutex: one holder at a time in every schedule", "[laws][sync][mutex]") {
  hold<mutex_law>([](auto& s, auto& found) {
    found.equal(s.sum.unguarded(), 6u, "sum under the lock");
    found.that(!s.sum.is_locked(), "the lock is free at the end");
  });
}

// ---- rwlock --------------------------------------------------------------------------------------

namespace {

struct rwlock_state : board {
  cowarp::rwlock<std::uint32_t> value;
  count readers;
  count writers;
};
COWARP_TASK(lock_writer, 2, (rwlock_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0, done = 0; done < 2; ++i) {
    auto guard = co_await within(s.limit(me * 12, i), s.value.write());
    if (!guard) continue;
    s.that(note(s.writers) == 0 && read(s.readers) == 0);
    **guard += 1;
    co_await cowarp::yield_now();
    s.that(read(s.readers) == 0);
    note(s.writers, ~0u);
    ++done;
  }
}
COWARP_TASK(lock_reader, 2, (rwlock_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0, done = 0; done < 2; ++i) {
    auto guard = co_await within(s.limit(me * 12 + 30, i), s.value.read());
    if (!guard) continue;
    note(s.readers);
    s.that(read(s.writers) == 0);
    const std::uint32_t before = **guard;
    co_await cowarp::yield_now();
    s.that(**guard == before);
    note(s.readers, ~0u);
    ++done;
  }
}
struct rwlock_law : cowarp::program<lock_writer, lock_reader> {
  using grid_state = rwlock_state;
  static void start(cowarp::spawner<rwlock_law> s, cowarp::no_state&, rwlock_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<lock_writer>(s, i, all, i);
    for (std::uint32_t i = 0; i < 2; ++i) place<lock_reader>(s, i + 1, all, i);
  }
};

}  // namespace

TEST_CASE("rwlock: readers and writers exclude each other in every schedule",
          "[laws][sync][rwlock]") {
  hold<rwlock_law>([](auto& s, auto& found) {
    found.equal(s.value.unguarded(), 4u, "writes");
    found.that(!s.value.is_locked(), "the lock is free at the end");
  });
}

// ---- semaphore -----------------------------------------------------------------------------------

namespace {

template <class Semaphore>
struct permit_state : board {
  Semaphore permits;
  count held;
};
using fair_state   = permit_state<cowarp::semaphore<2>>;
using greedy_state = permit_state<cowarp::greedy_semaphore<2>>;

template <class State>
cowarp::async<> use_permits(State& s, std::uint32_t me) {
  const std::uint32_t wanted = 1 + me % 2;
  for (std::uint32_t i = 0, done = 0; done < 2; ++i) {
    auto got = co_await within(s.limit(me * 12, i), s.permits.acquire(wanted));
    if (!got) continue;
    if (!*got) co_return;  // closed
    s.that(note(s.held, wanted) + wanted <= 2);
    co_await cowarp::yield_now();
    note(s.held, ~wanted + 1);
    ++done;
  }
  note(s.ended);
}
template <class State>
cowarp::async<> close_sometimes(State& s) {
  if (s.pick(50, 2) == 0) co_return;
  co_await cowarp::sleep_for(s.nap(51));
  s.permits.close();
}
COWARP_TASK(fair_user, 3, (fair_state & s, std::uint32_t me), 200) { co_await use_permits(s, me); }
COWARP_TASK(fair_closer, 1, (fair_state & s), 160) { co_await close_sometimes(s); }
COWARP_TASK(greedy_user, 3, (greedy_state & s, std::uint32_t me), 200) {
  co_await use_permits(s, me);
}
COWARP_TASK(greedy_closer, 1, (greedy_state & s), 160) { co_await close_sometimes(s); }

struct fair_law : cowarp::program<fair_user, fair_closer> {
  using grid_state = fair_state;
  static void start(cowarp::spawner<fair_law> s, cowarp::no_state&, fair_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<fair_user>(s, i, all, i);
    place<fair_closer>(s, 1, all);
  }
};
struct greedy_law : cowarp::program<greedy_user, greedy_closer> {
  using grid_state = greedy_state;
  static void start(cowarp::spawner<greedy_law> s, cowarp::no_state&, greedy_state& all) {
    for (std::uint32_t i = 0; i < 3; ++i) place<greedy_user>(s, i, all, i);
    place<greedy_closer>(s, 1, all);
  }
};

void permits_are_back(auto& s, sim_test::verdict& found) {
  found.equal(s.permits.available(), 2u, "free permits at the end");
  if (!s.permits.is_closed()) found.equal(read(s.ended), 3u, "who got all permits");
}

}  // namespace

TEST_CASE("semaphore: permits are conserved in every schedule", "[laws][sync][semaphore]") {
  hold<fair_law>([](auto& s, auto& found) { permits_are_back(s, found); });
}

TEST_CASE("greedy_semaphore: permits are conserved in every schedule", "[laws][sync][semaphore]") {
  hold<greedy_law>([](auto& s, auto& found) { permits_are_back(s, found); });
}

// ---- wait_queue ----------------------------------------------------------------------------------

namespace {

constexpr std::uint32_t tokens = 4;

struct queue_state : board {
  cowarp::wait_queue<> changed;
  cowarp::wait_queue<> once;
  count left;
};
/// True once it took a token.
struct take_token {
  queue_state* of;
  bool operator()() const {
    std::uint32_t left = read(of->left);
    while (left != 0) {
      // acq_rel: as `note`.
      if (of->left.compare_exchange(left, left - 1, platform::acq_rel)) return true;
    }
    return false;
  }
};
/// One wake for each token: a waiter that gives up after it was woken must hand the wake on.
COWARP_TASK(token_giver, 2, (queue_state & s), 160) {
  for (std::uint32_t i = 0; i < tokens / 2; ++i) {
    note(s.left);
    s.changed.wake_one();
    co_await cowarp::yield_now();
  }
  if (note(s.ended) == 0) s.once.wake_one();  // kept if nobody waits yet
}
COWARP_TASK(once_waiter, 1, (queue_state & s), 160) { s.that(co_await s.once.wait()); }
/// Takes one token; gives up some waits before.
COWARP_TASK(token_taker, 4, (queue_state & s, std::uint32_t me), 200) {
  for (std::uint32_t i = 0;; ++i) {
    const auto got = co_await within(s.limit(me * 12, i), s.changed.wait_until(take_token{&s}));
    if (!got) continue;
    s.that(*got);
    note(s.got[0]);
    co_return;
  }
}
struct queue_law : cowarp::program<token_giver, token_taker, once_waiter> {
  using grid_state = queue_state;
  static void start(cowarp::spawner<queue_law> s, cowarp::no_state&, queue_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<token_giver>(s, i, all);
    for (std::uint32_t i = 0; i < tokens; ++i) place<token_taker>(s, i + 1, all, i);
    place<once_waiter>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("wait_queue: every wake reaches somebody in every schedule", "[laws][sync][wait_queue]") {
  hold<queue_law>([](auto& s, auto& found) {
    found.equal(read(s.got[0]), tokens, "tokens taken");
    found.equal(read(s.left), 0u, "tokens left");
  });
}

// ---- atomic_waker --------------------------------------------------------------------------------

namespace {

struct bell_state : board {
  cowarp::atomic_waker<> waiting;
  count rings;
};
/// Ready once so many rings were heard: registers first, and looks then.
class heard {
 public:
  using output = cowarp::unit;
  heard(bell_state& s, std::uint32_t rings) : s_(s), rings_(rings) {}
  cowarp::polled<cowarp::unit> poll(cowarp::context& cx) {
    s_.waiting.register_waker(cx.waker());
    if (read(s_.rings) < rings_) return cowarp::pending;
    return cowarp::unit{};
  }

 private:
  bell_state& s_;
  std::uint32_t rings_;
};
COWARP_TASK(bell_ringer, 2, (bell_state & s), 160) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    note(s.rings);
    s.waiting.wake();
    co_await cowarp::yield_now();
  }
}
COWARP_TASK(bell_hearer, 1, (bell_state & s), 160) {
  for (std::uint32_t i = 1; i <= 6; ++i) co_await heard(s, i);
  note(s.ended);
}
struct bell_law : cowarp::program<bell_ringer, bell_hearer> {
  using grid_state = bell_state;
  static void start(cowarp::spawner<bell_law> s, cowarp::no_state&, bell_state& all) {
    for (std::uint32_t i = 0; i < 2; ++i) place<bell_ringer>(s, i, all);
    place<bell_hearer>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("atomic_waker: no wake is lost in any schedule", "[laws][sync][atomic_waker]") {
  hold<bell_law>([](auto& s, auto& found) { found.equal(read(s.ended), 1u, "who heard all"); });
}

// ---- abortable -----------------------------------------------------------------------------------

namespace {

struct abort_state : board {
  cowarp::channel<std::uint32_t, 1> line;
  cowarp::abort_handle<> handle;
  cowarp::abort_handle<> last;
  count aborted;
};
COWARP_TASK(abort_waiter, 1, (abort_state & s), 200) {
  for (std::uint32_t i = 0; i < 3;) {
    const auto got = co_await cowarp::abortable(s.line.receive(), s.handle);
    if (got) {
      note(s.got[**got]);
      ++i;
    } else {
      note(s.aborted);
      s.handle.reset();
    }
  }
}
COWARP_TASK(abort_sender, 1, (abort_state & s), 160) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    note(s.sent[i]);
    s.that((co_await s.line.send(i)).is_ok());
  }
}
COWARP_TASK(aborter, 1, (abort_state & s), 160) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    co_await cowarp::sleep_for(std::chrono::nanoseconds(s.pick(i, 300)));
    s.handle.abort();
  }
}
/// Only the abort can end this.
COWARP_TASK(abort_only, 1, (abort_state & s), 200) {
  s.that(!co_await cowarp::abortable(cowarp::never<>(), s.last));
}
COWARP_TASK(last_aborter, 1, (abort_state & s), 160) {
  for (std::uint32_t i = s.pick(9, 3); i > 0; --i) co_await cowarp::yield_now();
  s.last.abort();
}
struct abort_law : cowarp::program<abort_waiter, abort_sender, aborter, abort_only, last_aborter> {
  using grid_state = abort_state;
  static void start(cowarp::spawner<abort_law> s, cowarp::no_state&, abort_state& all) {
    place<abort_waiter>(s, 0, all);
    place<abort_sender>(s, 1, all);
    place<aborter>(s, 1, all);
    place<abort_only>(s, 0, all);
    place<last_aborter>(s, 1, all);
  }
};

}  // namespace

TEST_CASE("abortable: an abort loses no message in any schedule", "[laws][sync][abortable]") {
  hold<abort_law>([](auto& s, auto& found) { conserved(s, found); });
}
