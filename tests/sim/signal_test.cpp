// SPDX-License-Identifier: Apache-2.0
#include "explore.hpp"

using namespace std::chrono_literals;
using cowarp::scope;
namespace platform = cowarp::platform;

namespace {

using count = platform::atomic_word<scope::device>;

constexpr std::uint32_t pairs  = 4;
constexpr std::uint32_t rounds = 6;

template <scope Scope>
struct table {
  cowarp::signal<std::uint32_t, Scope> ping[pairs];
  cowarp::signal<std::uint32_t, Scope> pong[pairs];
};
struct results {
  count ended;
  count wrong;
  table<scope::device> shared;
};

// ---- two tasks of a block -----------------------------------------------------------------------

COWARP_TASK_FRAME(block_ping, pairs) {
  table<scope::block>& t;
  results& r;
  std::uint32_t pair;
  std::uint32_t i = 0, got = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    t.ping[pair].send(i);
    COWARP_AWAIT_INTO(got, t.pong[pair].wait_awake(pair % 3));
    if (got != i) r.wrong.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  }
  r.ended.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  COWARP_BODY_END
};

COWARP_TASK_FRAME(block_pong, pairs) {
  table<scope::block>& t;
  results& r;
  std::uint32_t pair;
  std::uint32_t i = 0, got = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    COWARP_AWAIT_INTO(got, t.ping[pair].wait_awake(pair % 3));
    if (got != i) r.wrong.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
    t.pong[pair].send(got);
  }
  r.ended.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  COWARP_BODY_END
};

struct in_a_block : cowarp::program<block_ping, block_pong> {
  using block_state = table<scope::block>;
  using grid_state  = results;
  COWARP_FN static void start(cowarp::spawner<in_a_block> s, block_state& b, results& r) {
    for (std::uint32_t i = 0; i < pairs; ++i) {
      s.must_spawn<block_ping>(b, r, i);
      s.must_spawn<block_pong>(b, r, i);
    }
  }
};

// ---- two tasks of different blocks --------------------------------------------------------------

COWARP_TASK_FRAME(device_ping, pairs) {
  results& r;
  std::uint32_t pair;
  std::uint32_t i = 0, got = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    r.shared.ping[pair].send(i);
    COWARP_AWAIT_INTO(got, r.shared.pong[pair].wait_awake(pair % 3));
    if (got != i) r.wrong.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  }
  r.ended.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  COWARP_BODY_END
};

COWARP_TASK_FRAME(device_pong, pairs) {
  results& r;
  std::uint32_t pair;
  std::uint32_t i = 0, got = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    COWARP_AWAIT_INTO(got, r.shared.ping[pair].wait_awake(pair % 3));
    if (got != i) r.wrong.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
    r.shared.pong[pair].send(got);
  }
  r.ended.fetch_add(1, platform::relaxed);  // relaxed: read after the run.
  COWARP_BODY_END
};

struct across_blocks : cowarp::program<device_ping, device_pong> {
  using grid_state = results;
  COWARP_FN static void start(cowarp::spawner<across_blocks> s, cowarp::no_state&, results& r) {
    for (std::uint32_t i = 0; i < pairs; ++i) {
      if (s.block() == 0) s.must_spawn<device_ping>(r, i);
      if (s.block() == s.blocks() - 1) s.must_spawn<device_pong>(r, i);
    }
  }
};

// ---- several waiters that give up ---------------------------------------------------------------

constexpr std::uint32_t impatient_tasks = 6;
constexpr std::uint32_t patient_tasks   = 3;
constexpr std::uint32_t signals_sent    = 20;
constexpr std::uint32_t the_end         = 1000;

/// A value that does not fit the word of a signal, which then has a lock.
struct wide {
  std::uint32_t number;
  std::uint32_t same;
};
std::uint32_t number_of(std::uint32_t value) { return value; }
std::uint32_t number_of(wide value) { return value.number == value.same ? value.number : the_end; }
template <class Value>
Value made_of(std::uint32_t number) {
  if constexpr (sizeof(Value) > sizeof number) {
    return {number, number};
  } else {
    return number;
  }
}

template <class Value>
struct trial {
  struct line {
    cowarp::signal<Value> next;
    count taken[signals_sent];
    count total;
    count resets_left;

    /// \returns false at the end, of which the next waiter learns as well.
    bool take(Value value) {
      if (number_of(value) == the_end) {
        next.send(value);
        return false;
      }
      taken[number_of(value)].fetch_add(1, platform::relaxed);  // relaxed: read after the run.
      total.fetch_add(1, platform::relaxed);                    // relaxed: only counts.
      return true;
    }
  };

  COWARP_TASK_FRAME(impatient, impatient_tasks, 128) {
    using output = cowarp::unit;
    line& l;
    std::uint32_t id;
    cowarp::polled<Value> got{};
    COWARP_BODY_BEGIN
    for (;;) {
      COWARP_AWAIT_INTO(got, cowarp::with_timeout(600ns * (id + 1), l.next.wait_awake(id % 3)));
      if (!got && l.total.load(platform::relaxed) > id) COWARP_RETURN();  // relaxed: only counts.
      if (got && !l.take(*got)) COWARP_RETURN();
      // The next deadline may pass before the next poll; others must get their turn all the same.
      COWARP_AWAIT(cowarp::yield_now());
    }
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(patient, patient_tasks) {
    using output = cowarp::unit;
    line& l;
    Value got{};
    std::uint8_t turn = 0;
    COWARP_BODY_BEGIN
    for (;;) {
      COWARP_AWAIT_INTO(got, l.next.wait_awake(turn++ % 3));
      if (!l.take(got)) COWARP_RETURN();
    }
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(sender, 1) {
    using output = cowarp::unit;
    line& l;
    std::uint32_t i = 0;
    COWARP_BODY_BEGIN
    // relaxed: only counts.
    while (l.resets_left.load(platform::relaxed) != 0 && i < signals_sent) {
      l.next.send(made_of<Value>(i));
      COWARP_AWAIT(cowarp::sleep_for(500ns));
      if (l.taken[i].load(platform::relaxed) != 0) ++i;  // relaxed: only counts.
    }
    for (; i < signals_sent; ++i) {
      l.next.send(made_of<Value>(i));
      // relaxed: only counts.
      while (l.taken[i].load(platform::relaxed) == 0) COWARP_AWAIT(cowarp::sleep_for(500ns));
    }
    l.next.send(made_of<Value>(the_end));
    COWARP_BODY_END
  };

  COWARP_TASK_FRAME(resetter, 1) {
    using output = cowarp::unit;
    line& l;
    COWARP_BODY_BEGIN
    while (l.resets_left.load(platform::relaxed) != 0) {  // relaxed: only counts.
      l.next.reset();
      l.resets_left.fetch_sub(1, platform::relaxed);  // relaxed: as above
      COWARP_AWAIT(cowarp::sleep_for(300ns));
    }
    COWARP_BODY_END
  };

  struct giving_up : cowarp::program<sender, resetter, impatient, patient> {
    using grid_state = line;
    COWARP_FN static void start(cowarp::spawner<giving_up> s, cowarp::no_state&, line& l) {
      if (s.block() == 0) s.template must_spawn<sender>(l);
      if (s.block() == 0) s.template must_spawn<resetter>(l);
      if (s.block() != s.blocks() - 1) return;
      for (std::uint32_t i = 0; i < impatient_tasks; ++i) s.template must_spawn<impatient>(l, i);
      for (std::uint32_t i = 0; i < patient_tasks; ++i) s.template must_spawn<patient>(l);
    }
  };

  /// \param resets how often a value may be dropped; it is then sent again, perhaps once too often
  static void hold(std::uint32_t seeds, std::uint32_t resets) {
    sim_test::explore<giving_up>(
        seeds, {},
        [=] {
          line l{};
          l.resets_left.store(resets, platform::relaxed);  // relaxed: nobody runs yet.
          return l;
        },
        [=](const cowarp::report& report, line& l, sim_test::verdict& found) {
          sim_test::all_done(report, found);
          for (auto& taken : l.taken) {
            const std::uint32_t times = taken.load(platform::relaxed);  // relaxed: ended.
            found.that(times != 0, "a value was not taken");
            found.that(times == 1 || resets != 0, "a value was taken twice");
          }
        });
  }
};

// ---- one waiter that gives up, with nobody behind it; and two ------------------------------------

struct few {
  cowarp::signal<std::uint32_t> next;
  count taken;
  std::uint32_t askers;
};

COWARP_TASK_FRAME(asking_anew, 2, 128) {
  few& l;
  std::uint32_t asked = 0;
  cowarp::polled<std::uint32_t> got{};
  COWARP_BODY_BEGIN
  while (l.taken.load(platform::relaxed) < signals_sent) {  // relaxed: only counts.
    // The deadline may pass while the value is this task's and it was not polled yet.
    COWARP_AWAIT_INTO(got, cowarp::with_timeout(100ns * (asked++ % 8 + 1), l.next.wait()));
    if (got) l.taken.fetch_add(1, platform::relaxed);  // relaxed: only counts.
    COWARP_AWAIT(cowarp::yield_now());
  }
  COWARP_BODY_END
};

COWARP_TASK_FRAME(giving, 1) {
  few& l;
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < signals_sent; ++i) {
    l.next.send(i);
    // relaxed: only counts.
    while (l.taken.load(platform::relaxed) <= i) COWARP_AWAIT(cowarp::sleep_for(100ns));
  }
  COWARP_BODY_END
};

struct asking : cowarp::program<giving, asking_anew> {
  using grid_state = few;
  COWARP_FN static void start(cowarp::spawner<asking> s, cowarp::no_state&, few& l) {
    if (s.block() == 0) s.must_spawn<giving>(l);
    if (s.block() != s.blocks() - 1) return;
    for (std::uint32_t i = 0; i < l.askers; ++i) s.must_spawn<asking_anew>(l);
  }

  static void hold(std::uint32_t seeds, std::uint32_t askers) {
    sim_test::explore<asking>(
        seeds, {},
        [=] {
          few l{};
          l.askers = askers;
          return l;
        },
        [](const cowarp::report& report, few& l, sim_test::verdict& found) {
          sim_test::all_done(report, found);
          const std::uint32_t taken = l.taken.load(platform::relaxed);  // relaxed: ended.
          found.equal(taken, signals_sent, "values taken");
        });
  }
};

}  // namespace

TEST_CASE("signal: who gives up alone leaves the value to its next wait", "[sim][sync][signal]") {
  asking::hold(200, 1);
}

TEST_CASE("signal: who gives up last of a line leaves no line", "[sim][sync][signal]") {
  asking::hold(200, 2);
}

TEST_CASE("signal: no wake is lost between tasks of a block", "[sim][sync][signal]") {
  sim_test::explore<in_a_block>(
      200, {}, [] { return results{}; },
      [](const cowarp::report& report, results& r, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        // relaxed: the run has ended.
        found.equal(r.ended.load(platform::relaxed), report.blocks * pairs * 2, "ended tasks");
        found.equal(r.wrong.load(platform::relaxed), 0u, "wrong values");  // relaxed: as above
      });
}

TEST_CASE("signal: no wake is lost between tasks of two blocks", "[sim][sync][signal]") {
  sim_test::explore<across_blocks>(
      400, {}, [] { return results{}; },
      [](const cowarp::report& report, results& r, sim_test::verdict& found) {
        sim_test::all_done(report, found);
        found.equal(r.ended.load(platform::relaxed), pairs * 2, "ended tasks");  // relaxed: ended.
        found.equal(r.wrong.load(platform::relaxed), 0u, "wrong values");        // relaxed: ended.
      });
}

TEMPLATE_TEST_CASE("signal: a value is taken once though waiters give up", "[sim][sync][signal]",
                   std::uint32_t, wide) {
  trial<TestType>::hold(400, 0);
}

TEMPLATE_TEST_CASE("signal: nobody waits for ever though values are dropped", "[sim][sync][signal]",
                   std::uint32_t, wide) {
  trial<TestType>::hold(150, 12);
}
