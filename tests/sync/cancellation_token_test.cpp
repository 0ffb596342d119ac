// SPDX-License-Identifier: Apache-2.0
/// \file
/// Trees of tokens: who is cancelled with whom, who is woken, and what remains when tokens go.
#include <support/checks.hpp>
#include <support/futures.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <utility>

namespace cancellation_token_test {

using cowarp::scope;

template <scope S>
using token = cowarp::cancellation_token<S>;

/// Tokens that come and go.
template <scope S>
struct grove {
  static constexpr std::uint32_t size = 12;
  cowarp::optional<token<S>> of[size];

  COWARP_FN void plant(std::uint32_t i, std::uint32_t parent) { of[i].emplace(*of[parent]); }
  COWARP_FN bool is_cancelled(std::uint32_t i) const { return of[i]->is_cancelled(); }
  COWARP_FN void clear() {
    for (std::uint32_t i = size; i-- > 0;) of[i].reset();
  }
};

struct goes_down_not_up {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    g.of[0].emplace();
    g.plant(1, 0);  // 0 -> 1 -> 2, 3
    g.plant(2, 1);
    g.plant(3, 1);
    g.plant(4, 0);

    g.of[2]->cancel();
    on.check.that(g.is_cancelled(2) && !g.is_cancelled(1) && !g.is_cancelled(3));
    g.of[1]->cancel();
    on.check.that(g.is_cancelled(1) && g.is_cancelled(3));
    on.check.that(!g.is_cancelled(0) && !g.is_cancelled(4));
    g.of[0]->cancel();
    on.check.that(g.is_cancelled(0) && g.is_cancelled(4));
    g.plant(5, 3);  // too late for anything else
    on.check.that(g.is_cancelled(5));
    g.clear();
  }
};

struct wakes_all {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    g.of[0].emplace();
    g.plant(1, 0);
    g.plant(2, 0);
    using future = typename token<S>::cancelled_future;
    future waiting[7]{future(*g.of[0]), future(*g.of[1]), future(*g.of[1]), future(*g.of[1]),
                      future(*g.of[1]), future(*g.of[1]), future(*g.of[2])};
    for (std::uint32_t i = 0; i < 7; ++i) on.check.that(!on.poll(i, waiting[i]));

    g.of[1]->cancel();
    on.check.equal(on.woken(), 0x3eu);  // more than are woken at one go
    g.of[1]->cancel();
    on.check.equal(on.woken(), 0u);
    for (std::uint32_t i = 1; i < 6; ++i) on.check.that(on.poll(i, waiting[i]).has_value());
    on.check.that(!on.poll(0, waiting[0]) && !on.poll(6, waiting[6]));

    g.of[0]->cancel();
    on.check.equal(on.woken(), 0x41u);
    on.check.that(on.poll(0, waiting[0]).has_value() && on.poll(6, waiting[6]).has_value());
    auto late = g.of[2]->cancelled();
    on.check.that(on.poll(9, late).has_value());
    g.clear();
  }
};

struct dropped_wait {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    g.of[0].emplace();
    g.plant(1, 0);
    auto stays = g.of[1]->cancelled();
    {
      auto goes = g.of[1]->cancelled();
      on.check.that(!on.poll(0, goes) && !on.poll(1, stays) && !on.poll(0, goes));
    }
    g.of[0]->cancel();
    on.check.equal(on.woken(), 1u << 1);
    on.check.that(on.poll(1, stays).has_value());
    g.clear();
  }
};

struct orphans {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    g.of[0].emplace();
    g.plant(1, 0);  // 0 -> 1 -> 2 -> 3, 4
    g.plant(2, 1);
    g.plant(3, 2);
    g.plant(4, 2);
    g.of[2].reset();
    on.check.that(!g.is_cancelled(3) && !g.is_cancelled(4));
    g.of[3].reset();
    g.of[1]->cancel();
    on.check.that(g.is_cancelled(4) && !g.is_cancelled(0));
    g.of[1].reset();
    g.of[0]->cancel();
    g.clear();
  }
};

struct guards {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g     = on.place<grove<S>>();
    using guard = typename token<S>::guard;
    g.of[0].emplace();
    {
      guard first(*g.of[0]);
      first.disarm();
    }
    on.check.that(!g.is_cancelled(0));
    {
      guard first(*g.of[0]);
      guard second(std::move(first));
      on.check.that(!g.is_cancelled(0));
    }
    on.check.that(g.is_cancelled(0));
    g.clear();
  }
};

struct until {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    g.of[0].emplace();
    g.plant(1, 0);
    std::uint32_t polls = 0;
    {
      auto ends = cowarp::until_cancelled(test::living_for(on.counts, 1, polls), *g.of[1]);
      on.check.that(!on.poll(0, ends));
      const auto six = on.poll(0, ends);
      on.check.that(six && six->value_or(0) == 6);
    }
    auto waits = cowarp::until_cancelled(test::living_for(on.counts, 9, polls), *g.of[1]);
    on.check.that(!on.poll(1, waits) && !on.poll(1, waits));
    g.of[0]->cancel();
    on.check.equal(on.woken(), 1u << 1);
    const auto none = on.poll(1, waits);
    on.check.that(none && !*none);
    on.check.equal(polls, 4u);

    auto late            = cowarp::until_cancelled(test::living_for(on.counts, 0, polls), *g.of[1]);
    const auto also_none = on.poll(2, late);
    on.check.that(also_none && !*also_none);
    on.check.equal(polls, 4u);
    g.clear();
  }
};

/// Random operations against plain arrays.
struct like_the_model {
  static constexpr std::uint32_t size   = 12;
  static constexpr std::uint32_t actors = 10;
  static constexpr std::uint32_t none   = ~0u;

  struct model {
    std::uint32_t parent[size];
    bool is_there[size];
    bool is_cancelled[size];
    std::uint32_t waits_for[actors];

    COWARP_FN bool is_below(std::uint32_t i, std::uint32_t top) const {
      for (; i != none; i = parent[i]) {
        if (i == top) return true;
      }
      return false;
    }
    COWARP_FN bool is_awaited(std::uint32_t i) const {
      for (const std::uint32_t token : waits_for) {
        if (token == i) return true;
      }
      return false;
    }
    /// \returns the actors that are woken.
    COWARP_FN std::uint32_t cancel(std::uint32_t top) {
      std::uint32_t woken = 0;
      bool is_new[size]{};
      for (std::uint32_t i = 0; i < size; ++i) {
        is_new[i] = is_there[i] && !is_cancelled[i] && is_below(i, top);
      }
      for (std::uint32_t i = 0; i < size; ++i) is_cancelled[i] |= is_new[i];
      for (std::uint32_t a = 0; a < actors; ++a) {
        if (waits_for[a] != none && is_new[waits_for[a]]) woken |= 1u << a;
      }
      return woken;
    }
    COWARP_FN void remove(std::uint32_t i) {
      for (auto& p : parent) p = p == i ? parent[i] : p;
      is_there[i] = false;
    }
  };

  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& g = on.place<grove<S>>();
    cowarp::optional<typename token<S>::cancelled_future> waiting[actors];
    model m{};
    test::random_numbers random(static_cast<std::uint32_t>(S) + 5);
    bool is_planted = false;
    for (std::uint32_t step = 0; step < 3000; ++step) {
      if (!is_planted) {
        for (auto& future : waiting) future.reset();
        g.clear();
        m = model{};
        for (auto& p : m.parent) p = none;
        for (auto& w : m.waits_for) w = none;
        g.of[0].emplace();
        m.is_there[0] = is_planted = true;
      }
      const std::uint32_t i = random.below(size);
      const std::uint32_t a = random.below(actors);
      std::uint32_t woken   = 0;
      const auto what       = random.below(12);
      if (!m.is_there[i]) {
        const std::uint32_t parent = random.below(size);
        if (!m.is_there[parent]) continue;
        g.plant(i, parent);
        m.is_there[i]     = true;
        m.is_cancelled[i] = m.is_cancelled[parent];
        m.parent[i]       = parent;
      } else if (what == 0) {
        if (i == 0 && random.below(8) != 0) continue;
        woken = m.cancel(i);
        g.of[i]->cancel();
        is_planted = i != 0;
      } else if (what < 4) {
        if (i == 0 || m.is_awaited(i)) continue;
        m.remove(i);
        g.of[i].reset();
      } else if (m.waits_for[a] == none) {
        waiting[a].emplace(*g.of[i]);
        m.waits_for[a] = i;
      } else if (what < 6) {
        waiting[a].reset();
        m.waits_for[a] = none;
      }
      if (m.waits_for[a] != none) {
        const bool is_ready = on.poll(a, *waiting[a]).has_value();
        on.check.equal(is_ready, m.is_cancelled[m.waits_for[a]]);
        if (is_ready) {
          waiting[a].reset();
          m.waits_for[a] = none;
        }
      }
      on.check.equal(on.woken(), woken);
      for (std::uint32_t k = 0; k < size; ++k) {
        if (m.is_there[k]) on.check.equal(g.is_cancelled(k), m.is_cancelled[k]);
      }
    }
    for (auto& future : waiting) future.reset();
    g.clear();
  }
};

using all =
    test::laws<goes_down_not_up, wakes_all, dropped_wait, orphans, guards, until, like_the_model>;

// ---- a tree of tasks -----------------------------------------------------------------------------

// [cancellation_token]
struct site {
  test::checks checks;
  cowarp::cancellation_token<> closing;  // the root: for everybody
  cowarp::channel<std::int32_t, 4> orders;
  test::counter at_work;
  test::counter served;
};

COWARP_TASK_FRAME(serving, 6, 160) {
  site& s;
  cowarp::cancellation_token<> mine{};  // for this task and whatever it begins
  cowarp::optional<cowarp::optional<std::int32_t>> order{};
  COWARP_BODY_BEGIN
  mine.follow(s.closing);
  s.at_work.add();
  for (;;) {
    COWARP_AWAIT_INTO(order, cowarp::until_cancelled(s.orders.receive(), mine));
    if (!order) break;  // cancelled
    s.served.add();
  }
  s.checks.that(mine.is_cancelled());
  COWARP_BODY_END
};

COWARP_TASK_FRAME(managing, 1) {
  site& s;
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 20; ++i) COWARP_AWAIT(s.orders.send(i));
  while (s.served.value() < 20 || s.at_work.value() < 6) COWARP_AWAIT(cowarp::yield_now());
  s.closing.cancel();
  COWARP_AWAIT(s.closing.cancelled());  // at once
  COWARP_BODY_END
};
// [/cancellation_token]

struct app : cowarp::program<serving, managing> {
  using grid_state = site;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    if (s.block() == 0) s.must_spawn<managing>(s.grid_state());
    if (s.block() + 1 != s.blocks()) return;
    for (int i = 0; i < 6; ++i) s.must_spawn<serving>(s.grid_state());
  }
};

}  // namespace cancellation_token_test

#define TOKEN_LAW(text, law)                                                  \
  TEST_CASE("cancellation_token: " text, "[sync][cancellation_token]") {      \
    test::play<cancellation_token_test::all, cancellation_token_test::law>(); \
  }

TOKEN_LAW("a cancel goes down the tree, not up", goes_down_not_up)
TOKEN_LAW("a cancel wakes all who wait below", wakes_all)
TOKEN_LAW("a dropped wait leaves the others waiting", dropped_wait)
TOKEN_LAW("a token that goes leaves its children to its parent", orphans)
TOKEN_LAW("a guard cancels unless it is disarmed", guards)
TOKEN_LAW("any sequence does what the model does", like_the_model)
TOKEN_LAW("a future runs until its token is cancelled", until)

TEST_CASE("cancellation_token: one cancel ends all tasks", "[sync][cancellation_token]") {
  const auto blocks = GENERATE(1u, 2u);
  cancellation_token_test::site s{};
  test::run_to_end<cancellation_token_test::app>(s, {.blocks = blocks});
  s.checks.require_none(6);
  CHECK(s.served.value() == 20);
}
