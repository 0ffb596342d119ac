// SPDX-License-Identifier: Apache-2.0
/// \file
/// Streams, one item at a time: order, the end, what is kept between polls, and what is dropped.
#include <cowarp/future/buffered.hpp>
#include <cowarp/future/chunks.hpp>
#include <cowarp/future/for_each.hpp>
#include <cowarp/future/stream_adaptors.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

namespace stream_test {

// ---- a pipeline of tasks -------------------------------------------------------------------------

struct state {
  test::checks checks;
  test::trace<> trace;
  cowarp::channel<std::int32_t, 2> numbers;
  cowarp::channel<std::int32_t, 2> more;
};

// [pipeline]
struct is_odd {
  COWARP_FN bool operator()(std::int32_t n) const { return n % 2 != 0; }
};
struct squared {
  COWARP_FN std::int32_t operator()(std::int32_t n) const { return n * n; }
};
struct note {
  state& s;
  COWARP_FN void operator()(std::int32_t n) const { s.trace.add(n); }
};

/// The first three squares of odd numbers; a function, since frames need the name of its type.
COWARP_FN inline auto odd_squares(state& s) {
  return cowarp::take(
      cowarp::map(cowarp::filter(cowarp::from_channel(s.numbers), is_odd{}), squared{}), 3);
}

COWARP_TASK_FRAME(collecting, 1, 160) {
  state& s;
  cowarp::optional<std::int32_t> first{};
  decltype(odd_squares(s)) squares = odd_squares(s);
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(first, cowarp::next(squares));  // one item
  s.checks.equal(*first, 1);
  while (first) {  // the others, by hand
    COWARP_AWAIT_INTO(first, cowarp::next(squares));
    if (first) s.trace.add(*first);
  }
  COWARP_AWAIT(cowarp::for_each(cowarp::from_channel(s.more), note{s}));  // or all of them
  COWARP_BODY_END
};
// [/pipeline]

COWARP_TASK_FRAME(feeding, 1) {
  state& s;
  std::int32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < 6; ++i) COWARP_AWAIT(s.numbers.send(i));
  for (i = 100; i < 105; ++i) COWARP_AWAIT(s.more.send(i));
  s.more.close();
  COWARP_BODY_END
};

struct app : cowarp::program<collecting, feeding> {
  using grid_state = state;
  COWARP_FN static void start(cowarp::spawner<app> s) {
    (void)s.spawn<collecting>(s.grid_state());
    (void)s.spawn<feeding>(s.grid_state());
  }
};

// ---- sources for laws ----------------------------------------------------------------------------

/// Yields 1, 2, ... `last` and then ends; notes if anyone polls it after its end.
struct counting {
  using item = std::int32_t;
  std::int32_t last;
  std::uint32_t* late_polls;
  std::int32_t i = 0;
  bool has_ended = false;
  COWARP_FN cowarp::polled_item<std::int32_t> poll_next(cowarp::context&) {
    if (has_ended) ++*late_polls;
    has_ended = i == last;
    if (has_ended) return cowarp::polled_item<std::int32_t>(cowarp::in_place);
    return cowarp::polled_item<std::int32_t>(cowarp::in_place, cowarp::in_place, ++i);
  }
};

/// \returns whether an answer is the end.
template <class Item>
COWARP_FN bool is_end(const cowarp::polled_item<Item>& answer) {
  return answer.has_value() && !answer->has_value();
}
/// \returns whether an answer is this item.
template <class Item>
COWARP_FN bool is_item(const cowarp::polled_item<Item>& answer, const Item& item) {
  return answer.has_value() && answer->has_value() && **answer == item;
}

/// What a stage's `poll` needs to poll a stream.
template <class Stream>
COWARP_FN auto poll_next(test::stage& on, std::uint32_t actor, Stream& stream) {
  auto next = cowarp::next(stream);
  return on.poll(actor, next);
}

template <cowarp::scope S>
using channel = cowarp::channel<std::int32_t, 4, S>;

// ---- laws of sources -----------------------------------------------------------------------------

/// A stream keeps its place in the line, and the message that came for it, between polls.
struct kept_between_polls {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c       = on.place<channel<S>>();
    auto messages = cowarp::from_channel(c);
    on.check.that(!poll_next(on, 0, messages));  // this `next` is dropped
    on.check.that(c.try_send(5).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!c.try_receive());  // it is the stream's
    on.check.that(is_item(poll_next(on, 0, messages), 5));
    on.check.that(!poll_next(on, 0, messages));
  }
};

struct close_ends_it {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c       = on.place<channel<S>>();
    auto messages = cowarp::from_channel(c);
    on.check.that(c.try_send(1).is_ok());
    on.check.that(is_item(poll_next(on, 0, messages), 1));
    on.check.that(!poll_next(on, 0, messages));
    c.close();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(is_end(poll_next(on, 0, messages)));
  }
};

struct drains_what_is_there {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c       = on.place<channel<S>>();
    auto messages = cowarp::from_channel(c);
    on.check.that(c.try_send(1).is_ok() && c.try_send(2).is_ok());
    c.close();
    on.check.that(is_item(poll_next(on, 0, messages), 1));
    on.check.that(is_item(poll_next(on, 0, messages), 2));
    on.check.that(is_end(poll_next(on, 0, messages)));
  }
};

struct hands_on {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c     = on.place<channel<S>>();
    auto behind = c.receive();
    {
      auto messages = cowarp::take(cowarp::map(cowarp::from_channel(c), squared{}), 9);
      on.check.that(!poll_next(on, 0, messages) && !on.poll(1, behind));
      on.check.that(c.try_send(3).is_ok());
      on.check.equal(on.woken(), 1u << 0);
    }
    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(**on.poll(1, behind), 3);
  }
};

// ---- laws of adaptors ----------------------------------------------------------------------------

struct takes_no_more {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c  = on.place<channel<S>>();
    auto two = cowarp::take(cowarp::from_channel(c), 2);
    for (std::int32_t i = 1; i <= 3; ++i) on.check.that(c.try_send(+i).is_ok());
    on.check.that(is_item(poll_next(on, 0, two), 1) && is_item(poll_next(on, 0, two), 2));
    on.check.that(is_end(poll_next(on, 0, two)));
    on.check.equal(c.try_receive().value_or(0), 3);
    auto none = cowarp::take(cowarp::from_channel(c), 0);
    on.check.that(is_end(poll_next(on, 0, none)));
  }
};

/// The item of the one that is ahead waits; each of the two wakes.
struct zip_waits_for_both {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    struct two {
      channel<S> first, second;
    };
    auto& c    = on.place<two>();
    auto pairs = cowarp::zip(cowarp::from_channel(c.first), cowarp::from_channel(c.second));
    on.check.that(!poll_next(on, 0, pairs));
    for (std::int32_t i = 1; i <= 2; ++i) on.check.that(c.second.try_send(i * 10).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!poll_next(on, 0, pairs));
    on.check.equal(c.second.size(), 1u);  // the next one stays where it is
    on.check.that(c.first.try_send(1).is_ok());
    on.check.equal(on.woken(), 1u << 0);
    auto pair = poll_next(on, 0, pairs);
    on.check.that(pair && *pair && cowarp::get<0>(**pair) == 1 && cowarp::get<1>(**pair) == 10);
    on.check.that(!poll_next(on, 0, pairs));
    c.first.close();
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(is_end(poll_next(on, 0, pairs)));
  }
};

struct chunks_keep_items {
  template <cowarp::scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& c    = on.place<channel<S>>();
    auto pairs = cowarp::chunks<2>(cowarp::from_channel(c));
    on.check.that(c.try_send(1).is_ok());
    on.check.that(!poll_next(on, 0, pairs));  // the 1 waits in the stream
    on.check.that(c.try_send(2).is_ok() && c.try_send(3).is_ok());
    auto pair = poll_next(on, 0, pairs);
    on.check.that(pair && *pair && (*pair)->size() == 2 && (**pair)[0] == 1 && (**pair)[1] == 2);
    on.check.that(!poll_next(on, 0, pairs));
    c.close();
    on.check.equal(on.woken(), 1u << 0);
    pair = poll_next(on, 0, pairs);
    on.check.that(pair && *pair && (*pair)->size() == 1 && (**pair)[0] == 3);
    pair = poll_next(on, 0, pairs);
    on.check.that(pair && !*pair);
  }
};

using all = test::laws<kept_between_polls, close_ends_it, drains_what_is_there, hands_on,
                       takes_no_more, zip_waits_for_both, chunks_keep_items>;

// ---- on the host ---------------------------------------------------------------------------------

/// Takes a stream to its end. \returns its items.
template <class Stream>
std::vector<typename Stream::item> items_of(Stream stream) {
  std::vector<typename Stream::item> items;
  while (auto next = cowarp::block_on(cowarp::next(stream))) items.push_back(std::move(*next));
  return items;
}

using numbers = std::vector<std::int32_t>;

/// Counts down to 1, each time after a yield, as the futures of a stream.
struct counting_down {
  std::int32_t from;
  COWARP_FN auto operator()() {
    return cowarp::map(cowarp::yield_now(), [n = from--](cowarp::unit) {
      return n > 0 ? cowarp::optional<std::int32_t>(n) : cowarp::nullopt;
    });
  }
};

struct size_of_chunk {
  COWARP_FN std::int32_t operator()(cowarp::chunk<std::int32_t, 3> chunk) const {
    return static_cast<std::int32_t>(chunk.size());
  }
};

/// Yields two lives and then waits for ever.
struct born_twice {
  using item = test::counted_life;
  test::counted_life::counts& lives;
  std::int32_t left = 2;
  COWARP_FN cowarp::polled_item<item> poll_next(cowarp::context&) {
    if (left-- <= 0) return cowarp::pending;
    return cowarp::polled_item<item>(cowarp::in_place, cowarp::in_place, lives);
  }
};

/// Yields lives without end.
struct giving_birth {
  test::counted_life::counts& lives;
  COWARP_FN cowarp::optional<test::counted_life> operator()() const {
    return cowarp::optional<test::counted_life>(cowarp::in_place, lives);
  }
};

}  // namespace stream_test

TEST_CASE("stream: items pass a pipeline of tasks in order", "[future][stream]") {
  stream_test::state s{};
  test::run_to_end<stream_test::app>(s);
  s.checks.require_none(1);
  CHECK(s.trace.entries() == std::vector<std::int32_t>{9, 25, 100, 101, 102, 103, 104});
}

TEST_CASE("from_channel: between polls it keeps its message", "[future][stream]") {
  test::play<stream_test::all, stream_test::kept_between_polls>();
}

TEST_CASE("from_channel: a close ends it and wakes", "[future][stream]") {
  test::play<stream_test::all, stream_test::close_ends_it>();
}

TEST_CASE("from_channel: it drains a closed channel first", "[future][stream]") {
  test::play<stream_test::all, stream_test::drains_what_is_there>();
}

TEST_CASE("from_channel: a destroyed stream hands its message on", "[future][stream]") {
  test::play<stream_test::all, stream_test::hands_on>();
}

TEST_CASE("from_fn: it yields until the function has nothing", "[future][stream]") {
  using namespace stream_test;
  std::int32_t n   = 0;
  const auto below = [&n]() -> cowarp::optional<std::int32_t> {
    if (n == 3) return cowarp::nullopt;
    return n++;
  };
  CHECK(items_of(cowarp::from_fn(below)) == numbers{0, 1, 2});
  CHECK(items_of(cowarp::from_fn(counting_down{3})) == numbers{3, 2, 1});
}

TEST_CASE("take: it takes no more than it yields", "[future][stream]") {
  test::play<stream_test::all, stream_test::takes_no_more>();
}

TEST_CASE("zip: the one ahead waits, and either wakes", "[future][stream]") {
  test::play<stream_test::all, stream_test::zip_waits_for_both>();
}

TEST_CASE("zip: it ends with the shorter", "[future][stream]") {
  using namespace stream_test;
  std::uint32_t late = 0;
  CHECK(items_of(cowarp::zip(counting{2, &late}, counting{5, &late})).size() == 2);
  CHECK(items_of(cowarp::zip(counting{5, &late}, counting{2, &late})).size() == 2);
  CHECK(items_of(cowarp::zip(counting{0, &late}, counting{1, &late})).empty());
  const auto pairs = items_of(cowarp::zip(counting{3, &late}, counting{3, &late}));
  CHECK(cowarp::get<0>(pairs.at(2)) + 10 * cowarp::get<1>(pairs.at(2)) == 33);
  CHECK(late == 0);
}

TEST_CASE("chunks: items wait in it for the others", "[future][stream]") {
  test::play<stream_test::all, stream_test::chunks_keep_items>();
}

TEST_CASE("chunks: only the last is short, and none is empty", "[future][stream]") {
  using namespace stream_test;
  std::uint32_t late = 0;
  const auto sizes   = [&late](std::int32_t items) {
    return items_of(cowarp::map(cowarp::chunks<3>(counting{items, &late}), size_of_chunk{}));
  };
  CHECK(sizes(7) == numbers{3, 3, 1});
  CHECK(sizes(6) == numbers{3, 3});
  CHECK(sizes(0).empty());
  CHECK(late == 0);
}

TEST_CASE("chunk: items that only move move with it", "[future][stream]") {
  using pair = cowarp::chunk<test::only_moves, 2>;
  pair first;
  first.push_back(test::only_moves(1));
  first.push_back(test::only_moves(2));
  pair second = std::move(first);
  CHECK(first.is_empty());
  first.push_back(test::only_moves(3));
  first = std::move(second);
  REQUIRE(first.size() == 2);
  CHECK(first[0].value() == 1);
  CHECK(first[1].value() == 2);
}

TEST_CASE("stream: adaptors poll nothing after its end", "[future][stream]") {
  using namespace stream_test;
  std::uint32_t late = 0;
  CHECK(items_of(cowarp::map(counting{3, &late}, squared{})) == numbers{1, 4, 9});
  CHECK(items_of(cowarp::filter(counting{4, &late}, is_odd{})) == numbers{1, 3});
  CHECK(items_of(cowarp::take(counting{3, &late}, 3)) == numbers{1, 2, 3});
  CHECK(items_of(cowarp::take(counting{2, &late}, 3)) == numbers{1, 2});
  std::int32_t sum = 0;
  cowarp::block_on(cowarp::for_each(counting{4, &late}, [&](std::int32_t n) { sum += n; }));
  CHECK(sum == 10);
  CHECK(late == 0);
}

TEST_CASE("stream: dropped early it takes its items along", "[future][stream]") {
  using namespace stream_test;
  test::counted_life::counts lives{};
  cowarp::context cx;
  const auto alive = [&] { return lives.built.value() - lives.destroyed.value(); };
  const auto never = [] { return cowarp::never<cowarp::optional<int>>(); };
  {
    auto pairs = cowarp::zip(cowarp::from_fn(giving_birth{lives}), cowarp::from_fn(never));
    CHECK_FALSE(pairs.poll_next(cx).has_value());
    CHECK(alive() == 1);
  }
  CHECK(alive() == 0);
  {
    auto threes = cowarp::chunks<3>(born_twice{lives});
    CHECK_FALSE(threes.poll_next(cx).has_value());
    CHECK(alive() == 2);
  }
  CHECK(alive() == 0);
}
