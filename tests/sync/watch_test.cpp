// SPDX-License-Identifier: Apache-2.0
/// \file
/// Who sees which version of a watched value.
#include <cowarp/sync/watch.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace watch_test {

using cowarp::scope;
using cowarp::send_status;

template <scope S>
using number = cowarp::watch<std::int32_t, S>;

struct sees_each_once {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w = on.place<number<S>>();
    auto a = w.subscribe(), b = w.subscribe();
    on.check.that(!a.try_changed() && !a.try_get() && !w.has_value());

    on.check.that(w.send(10).is_ok());
    on.check.that(a.has_changed() && *a.try_changed() == 10 && !a.try_changed());
    on.check.that(w.send(20).is_ok());

    on.check.that(*a.try_changed() == 20 && *b.try_changed() == 20 && !b.try_changed());
    on.check.equal(w.version(), 2u);
  }
};

struct new_receiver_sees_value {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w = on.place<number<S>>();
    on.check.that(w.send(10).is_ok());

    auto a = w.subscribe();
    auto b = a;

    on.check.that(*a.try_changed() == 10 && !a.try_changed());
    on.check.equal(*b.try_changed(), 10);
    auto seen = b;
    on.check.that(!seen.try_changed());
  }
};

struct get_marks_seen {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w  = on.place<number<S>>();
    auto a   = w.subscribe();
    auto get = a.get();
    on.check.that(!on.poll(0, get));

    on.check.that(w.send(10).is_ok());

    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(**on.poll(0, get), 10);
    on.check.that(!a.try_changed() && *a.try_get() == 10);
    auto again = a.get();
    on.check.equal(**on.poll(0, again), 10);
  }
};

struct wakes_all {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w         = on.place<number<S>>();
    auto a          = w.subscribe();
    using receiver  = decltype(a);
    receiver many[] = {a, a, a, a, a, a, a, a, a};
    using wait      = decltype(a.changed());
    wait waiting[]  = {many[0].changed(), many[1].changed(), many[2].changed(),
                       many[3].changed(), many[4].changed(), many[5].changed(),
                       many[6].changed(), many[7].changed(), many[8].changed()};
    for (std::uint32_t i = 0; i < 9; ++i) on.check.that(!on.poll(i, waiting[i]));

    on.check.that(w.send(5).is_ok());

    on.check.equal(on.woken(), (1u << 9) - 1);
    for (std::uint32_t i = 0; i < 9; ++i) on.check.equal(**on.poll(i, waiting[i]), 5);
  }
};

struct predicate {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w         = on.place<number<S>>();
    auto a          = w.subscribe();
    const auto even = [](std::int32_t i) { return i % 2 == 0; };
    auto waiting    = a.changed_and(even);
    on.check.that(!on.poll(0, waiting));

    on.check.that(w.send(1).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!on.poll(0, waiting) && !a.try_changed_and(even));
    on.check.that(w.send(2).is_ok());

    on.check.equal(on.woken(), 1u << 0);  // it waited again
    on.check.equal(**on.poll(0, waiting), 2);
    auto get = a.get_and(even);
    on.check.equal(**on.poll(0, get), 2);
    auto odd_get = a.get_and([](std::int32_t i) { return i % 2 != 0; });
    on.check.that(!on.poll(0, odd_get));
  }
};

struct modify {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w      = on.place<number<S>>();
    auto a       = w.subscribe();
    auto waiting = a.changed();
    on.check.that(!on.poll(0, waiting));

    on.check.that(!w.send_if_modified([](auto& value) {
      value = 1;
      return false;
    }));
    on.check.equal(on.woken(), 0u);
    on.check.that(w.send_modify([](auto& value) { value = *value + 1; }));

    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(**on.poll(0, waiting), 2);
  }
};

struct cleared_makes_get_wait {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w = on.place<number<S>>();
    auto a  = w.subscribe();
    on.check.that(w.send(1).is_ok());

    w.clear();

    auto get = a.get();
    on.check.that(!on.poll(0, get) && !a.try_changed());
    on.check.that(w.send(2).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(**on.poll(0, get), 2);
  }
};

struct cancelled_sees_later {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w = on.place<number<S>>();
    auto a = w.subscribe(), b = w.subscribe();
    cowarp::optional<decltype(a.changed())> first(a.changed()), second(b.changed());
    on.check.that(!on.poll(0, *first) && !on.poll(1, *second));

    second.reset();  // before it was called
    on.check.that(w.send(3).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    first.reset();  // after

    on.check.equal(*a.try_changed(), 3);
    on.check.equal(*b.try_changed(), 3);
  }
};

struct close_ends {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& w = on.place<number<S>>();
    auto a = w.subscribe(), b = w.subscribe();
    on.check.that(w.send(1).is_ok());
    on.check.equal(*a.try_changed(), 1);
    auto waiting = a.changed();
    on.check.that(!on.poll(0, waiting));

    w.close();

    on.check.equal(on.woken(), 1u << 0);
    const auto end = on.poll(0, waiting);
    on.check.that(end.has_value() && !end->has_value());
    auto late = b.changed();
    auto get  = b.get();
    on.check.equal(**on.poll(1, late), 1);  // the latest is seen before the end
    on.check.equal(**on.poll(1, get), 1);
    const auto back = w.send(2);
    on.check.that(back.status == send_status::closed && *back.value == 2);
    on.check.that(!w.send_modify([](auto&) {}));
  }
};

using all = test::laws<sees_each_once, new_receiver_sees_value, get_marks_seen, wakes_all,
                       predicate, modify, cleared_makes_get_wait, cancelled_sees_later, close_ends>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, receivers = 3, last = 200;

struct flow {
  test::checks checks;
  cowarp::watch<std::uint32_t> latest;
  test::counter saw_last;
};

COWARP_TASK_FRAME(send, 1) {
  flow& f;
  std::uint32_t i = 1;
  COWARP_BODY_BEGIN
  for (; i <= last; ++i) {
    (void)f.latest.send(i);
    COWARP_AWAIT(cowarp::yield_now());
  }
  f.latest.close();
  COWARP_BODY_END
};

// [follow]
COWARP_TASK_FRAME(follow, receivers) {
  flow& f;
  cowarp::watch<std::uint32_t>::receiver latest = f.latest.subscribe();
  std::uint32_t before                          = 0;
  cowarp::polled<std::uint32_t> value{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(value, latest.changed());
    if (!value) break;               // closed, and the last version was seen
    f.checks.that(*value > before);  // some may be missed, none comes twice
    before = *value;
  }
  if (before == last) f.saw_last.add();
  COWARP_BODY_END
};
// [/follow]

struct flow_app : cowarp::program<send, follow> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    if (s.block() == 0) (void)s.spawn<send>(s.grid_state());
    for (std::uint32_t i = 0; i < receivers; ++i) (void)s.spawn<follow>(s.grid_state());
  }
};

}  // namespace watch_test

#define WATCH_LAW(text, law) \
  TEST_CASE("watch: " text, "[sync][watch]") { test::play<watch_test::all, watch_test::law>(); }

WATCH_LAW("a receiver sees each version once", sees_each_once)
WATCH_LAW("a new receiver sees the value there is", new_receiver_sees_value)
WATCH_LAW("get waits for a value and marks it", get_marks_seen)
WATCH_LAW("a send wakes every waiting receiver", wakes_all)
WATCH_LAW("changed_and waits for what is wanted", predicate)
WATCH_LAW("only a modification is news", modify)
WATCH_LAW("clear makes get wait", cleared_makes_get_wait)
WATCH_LAW("a cancelled receiver sees the version later", cancelled_sees_later)
WATCH_LAW("a closed watch shows its latest and ends", close_ends)

TEST_CASE("watch: every block sees the last version", "[sync][watch]") {
  using namespace watch_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  f.checks.require_none(blocks * receivers);
  CHECK(f.saw_last.value() == blocks * receivers);
}
