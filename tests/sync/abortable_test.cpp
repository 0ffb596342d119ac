// SPDX-License-Identifier: Apache-2.0
/// \file
/// Futures that are ended from outside: before, while and after they run.
#include <cowarp/future/join_all.hpp>
#include <cowarp/sync/abortable.hpp>

#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace abortable_test {

using cowarp::scope;

using living = test::living_for;

/// A handle, and a signal that stands behind the future to be aborted.
template <scope S>
struct scene {
  cowarp::abort_handle<S> handle;
  cowarp::signal<std::int32_t, S> value;
};

COWARP_FN inline bool is_alive(const test::counted_life::counts& lives) {
  return lives.built.value() != lives.destroyed.value();
}

struct before_first_poll {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& handle = on.place<scene<S>>().handle;
    on.check.that(!handle.is_aborted());
    std::uint32_t polls = 0;
    auto future         = cowarp::abortable(living(on.counts, 0, polls), handle);

    handle.abort();

    on.check.that(handle.is_aborted());
    on.check.equal(on.woken(), 0u);
    const auto end = on.poll(0, future);
    on.check.that(end.has_value() && !end->has_value());
    on.check.equal(polls, 0u);
    on.check.that(!is_alive(on.counts));
  }
};

struct wakes_once {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& handle        = on.place<scene<S>>().handle;
    std::uint32_t polls = 0;
    auto future         = cowarp::abortable(living(on.counts, 9, polls), handle);
    on.check.that(!on.poll(3, future) && !on.poll(3, future));
    on.check.that(is_alive(on.counts));

    handle.abort();
    on.check.equal(on.woken(), 1u << 3);
    handle.abort();
    on.check.equal(on.woken(), 0u);

    const auto end = on.poll(3, future);
    on.check.that(end.has_value() && !end->has_value());
    on.check.equal(polls, 2u);
    on.check.that(!is_alive(on.counts));
  }
};

struct after_completion {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& handle        = on.place<scene<S>>().handle;
    std::uint32_t polls = 0;
    auto future         = cowarp::abortable(living(on.counts, 0, polls), handle);
    const auto end      = on.poll(0, future);

    handle.abort();

    on.check.that(end.has_value() && end->value_or(0) == 6);
    on.check.equal(on.woken(), 0u);
    handle.reset();
    auto next = cowarp::abortable(living(on.counts, 9, polls), handle);
    on.check.that(!on.poll(1, next));
    handle.abort();
    on.check.equal(on.woken(), 1u << 1);
  }
};

struct hands_on {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& s     = on.place<scene<S>>();
    auto future = cowarp::abortable(s.value.wait(), s.handle);
    auto behind = s.value.wait();
    on.check.that(!on.poll(0, future) && !on.poll(1, behind));
    s.value.send(7);
    on.check.equal(on.woken(), 1u << 0);

    s.handle.abort();
    on.check.that(!*on.poll(0, future));

    // At once, though the aborted future still stands there.
    on.check.equal(on.woken(), 1u << 0 | 1u << 1);
    on.check.equal(on.poll(1, behind).value_or(0), 7);
  }
};

/// Aborts its own handle while it is polled.
template <scope S>
struct aborting {
  using output = std::int32_t;
  cowarp::abort_handle<S>& handle;
  bool succeeds;
  COWARP_FN cowarp::polled<std::int32_t> poll(cowarp::context&) const {
    handle.abort();
    if (succeeds) return 4;
    return cowarp::pending;
  }
};

struct during_poll {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& handle    = on.place<scene<S>>().handle;
    auto unready    = cowarp::abortable(aborting<S>{handle, false}, handle);
    const auto none = on.poll(0, unready);
    on.check.that(none.has_value() && !none->has_value());

    handle.reset();
    auto ready       = cowarp::abortable(aborting<S>{handle, true}, handle);
    const auto value = on.poll(0, ready);
    on.check.that(value.has_value() && value->value_or(0) == 4);
  }
};

using all = test::laws<before_first_poll, wakes_once, after_completion, hands_on, during_poll>;

// ---- one handle for all of a task's futures ------------------------------------------------------

struct house {
  test::checks checks;
  cowarp::abort_handle<> closing;
  cowarp::channel<std::int32_t, 1> doors[3];
  test::counter has_begun;
};

struct open_door {
  house& h;
  COWARP_FN auto operator()(std::size_t i) const {
    return cowarp::abortable(h.doors[i].receive(), h.closing);
  }
};

// [abortable]
COWARP_TASK_FRAME(guarding, 1, 384) {
  house& h;
  cowarp::optional<cowarp::optional<std::int32_t>> guest{};
  cowarp::array<cowarp::optional<cowarp::optional<std::int32_t>>, 3> guests{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(guest, cowarp::abortable(h.doors[0].receive(), h.closing));
  if (guest) h.checks.equal(**guest, 1);  // else the house is closing
  h.checks.that(guest.has_value());
  h.has_begun.add();
  COWARP_AWAIT_INTO(guests, cowarp::join_all<3>(open_door{h}));
  for (const auto& one : guests) h.checks.that(!one.has_value());
  COWARP_BODY_END
};
// [/abortable]

COWARP_TASK_FRAME(visiting, 1) {
  house& h;
  COWARP_BODY_BEGIN
  COWARP_AWAIT(h.doors[0].send(1));
  while (h.has_begun.value() == 0) COWARP_AWAIT(cowarp::yield_now());
  COWARP_AWAIT(cowarp::yield_now());
  h.closing.abort();
  COWARP_BODY_END
};

struct house_app : cowarp::program<guarding, visiting> {
  using grid_state = house;
  COWARP_FN static void start(cowarp::spawner<house_app> s, cowarp::no_state&, house& h) {
    if (s.block() == 0) (void)s.spawn<guarding>(h);
    if (s.block() + 1 == s.blocks()) (void)s.spawn<visiting>(h);
  }
};

}  // namespace abortable_test

#define ABORTABLE_LAW(text, law)                            \
  TEST_CASE("abortable: " text, "[sync][abortable]") {      \
    test::play<abortable_test::all, abortable_test::law>(); \
  }

ABORTABLE_LAW("aborted before the first poll it never runs", before_first_poll)
ABORTABLE_LAW("abort wakes the task, once", wakes_once)
ABORTABLE_LAW("abort after the output changes nothing", after_completion)
ABORTABLE_LAW("an aborted wait hands on at once", hands_on)
ABORTABLE_LAW("an abort during the poll is seen by it", during_poll)

TEST_CASE("abortable: one abort ends all futures of a task", "[sync][abortable]") {
  const auto blocks = GENERATE(1u, 2u);
  abortable_test::house h{};
  test::run_to_end<abortable_test::house_app>(h, {.blocks = blocks});
  h.checks.require_none(2 + 3);
}
