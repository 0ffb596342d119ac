// SPDX-License-Identifier: Apache-2.0
#include <cowarp/sync/mutex.hpp>
#include <cowarp/sync/rwlock.hpp>

#include <support/by_hand.hpp>
#include <support/permit_model.hpp>

#include <chrono>
#include <cstdint>

namespace rwlock_test {

using cowarp::context;
using cowarp::scope;

template <scope Scope>
struct law {
  using primitive = cowarp::rwlock<int, Scope>;
  using reading   = test::by_hand<typename primitive::read_future>;
  using writing   = test::by_hand<typename primitive::write_future>;
};

template <scope Scope>
struct readers_share : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lock, test::checks& found) {
    typename law<Scope>::reading first, second;
    typename law<Scope>::writing writer;

    found.that(first.begin(cx, lock.read()) && second.begin(cx, lock.read()));
    found.that(lock.try_read().has_value() && !lock.try_write().has_value());
    found.that(!writer.begin(cx, lock.write()));
    first.cancel();
    found.that(!writer.poll(cx));
    second.cancel();

    found.that(writer.poll(cx));
    found.that(!lock.try_read().has_value() && !lock.try_write().has_value());
    writer.cancel();
    found.that(!lock.is_locked());
  }
};

template <scope Scope>
struct writer_is_not_overtaken : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lock, test::checks& found) {
    typename law<Scope>::reading held, late, later;
    typename law<Scope>::writing writer;
    static_cast<void>(held.begin(cx, lock.read()));
    static_cast<void>(writer.begin(cx, lock.write()));

    found.that(!late.begin(cx, lock.read()) && !later.begin(cx, lock.read()));
    found.that(!lock.try_read().has_value());
    held.cancel();

    found.that(!late.poll(cx) && writer.poll(cx));
    writer.cancel();
    found.that(late.poll(cx) && later.poll(cx));
  }
};

template <scope Scope>
struct cancelled_writer_lets_readers_in : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lock, test::checks& found) {
    typename law<Scope>::reading held, late;
    typename law<Scope>::writing writer, second;
    static_cast<void>(held.begin(cx, lock.read()));
    static_cast<void>(writer.begin(cx, lock.write()));
    static_cast<void>(late.begin(cx, lock.read()));

    writer.cancel();  // while it waits
    found.that(late.poll(cx));

    static_cast<void>(writer.begin(cx, lock.write()));
    static_cast<void>(second.begin(cx, lock.write()));
    held.cancel();
    late.cancel();    // the first writer is given the lock
    writer.cancel();  // and does not want it any more
    found.that(second.poll(cx));
  }
};

template <scope Scope>
struct downgrade_lets_readers_in : law<Scope> {
  using typename law<Scope>::primitive;
  COWARP_FN static void check(context& cx, primitive& lock, test::checks& found) {
    auto write = std::move(*lock.try_write());
    *write     = 3;
    typename law<Scope>::reading reader;
    typename law<Scope>::writing writer;
    static_cast<void>(reader.begin(cx, lock.read()));
    static_cast<void>(writer.begin(cx, lock.write()));

    auto read = primitive::downgrade(std::move(write));

    found.that(!write.has_lock() && *read == 3);
    found.that(reader.poll(cx) && !writer.poll(cx));
    reader.cancel();
    read.unlock();
    found.that(writer.poll(cx));
  }
};

/// Any sequence of calls does what the model does.
template <scope Scope>
struct as_the_model : law<Scope> {
  using typename law<Scope>::primitive;
  static constexpr std::uint32_t count = 6;  // requests 0 to 3 read, the others write
  static constexpr std::uint32_t all   = 100;

  struct run {
    primitive& lock;
    context& cx;
    test::checks& found;
    test::permit_model<count> model{all, false};
    typename law<Scope>::reading readers[4] = {};
    typename law<Scope>::writing writers[2] = {};

    COWARP_FN bool poll(std::uint32_t i) {
      return i < 4 ? readers[i].poll(cx) : writers[i - 4].poll(cx);
    }
    COWARP_FN void step(std::uint32_t what, std::uint32_t i) {
      if (model.is_idle(i)) {
        if (i < 4) {
          readers[i].start(lock.read());
        } else {
          writers[i - 4].start(lock.write());
        }
        model.begin(i, i < 4 ? 1 : all);
        found.equal(poll(i), model.is_settled(i));
      } else if (what == 0) {
        found.equal(poll(i), model.is_settled(i));
      } else {
        i < 4 ? readers[i].cancel() : writers[i - 4].cancel();
        model.end(i);
      }
      found.equal(lock.is_locked(), model.free() != all);
    }
  };
  COWARP_FN static void check(context& cx, primitive& lock, test::checks& found) {
    for (std::uint32_t seed = 1; seed <= 20; ++seed) {
      test::random_numbers random(seed);
      run r{lock, cx, found};
      for (int i = 0; i < 100; ++i) r.step(random.below(2), random.below(count));
    }
  }
};

/// Writers change two numbers with an await in between; readers never see them differ.
template <scope Scope>
struct contention {
  using output = cowarp::unit;
  struct numbers {
    int first, second;
  };
  using primitive = cowarp::rwlock<numbers, Scope>;
  using place     = test::home<primitive>;

  struct grid {
    test::checks found;
    typename place::in_grid shared;
  };
  static constexpr int writes = 30;

  COWARP_TASK_FRAME(writer, 8, 96) {
    primitive& lock;
    grid& all;
    int i = 0;
    cowarp::optional<typename primitive::write_guard> held{};
    COWARP_BODY_BEGIN
    for (; i < writes; ++i) {
      COWARP_AWAIT_INTO(held, lock.write());
      ++(*held)->first;
      COWARP_AWAIT(cowarp::yield_now());
      ++(*held)->second;
      held.reset();
      COWARP_AWAIT_INTO(held, cowarp::with_timeout(std::chrono::nanoseconds(i * 20), lock.write()));
      held.reset();
    }
    COWARP_BODY_END
  };
  COWARP_TASK_FRAME(reader, 32, 96) {
    primitive& lock;
    grid& all;
    int first = -1;
    cowarp::optional<typename primitive::read_guard> held{};
    COWARP_BODY_BEGIN
    while (first < writes) {
      COWARP_AWAIT_INTO(held, cowarp::with_timeout(std::chrono::nanoseconds(700), lock.read()));
      if (!held) COWARP_AWAIT_INTO(held, lock.read());
      all.found.that((*held)->first >= first);
      first = (*held)->first;
      COWARP_AWAIT(cowarp::yield_now());
      all.found.that((*held)->first == first && (*held)->second == first);
      held.reset();
    }
    COWARP_BODY_END
  };
  struct app : cowarp::program<writer, reader> {
    using block_state = typename place::in_block;
    using grid_state  = grid;
    COWARP_FN static void start(cowarp::spawner<app> s, block_state& mine, grid_state& all) {
      primitive& lock = place::find(mine, all.shared);
      for (int i = 0; i < 8; ++i) static_cast<void>(s.template spawn<writer>(lock, all));
      for (int i = 0; i < 32; ++i) static_cast<void>(s.template spawn<reader>(lock, all));
    }
  };
};

// [rwlock]
struct settings {
  int step, limit;
};
struct board {
  cowarp::rwlock<settings> current;
  cowarp::mutex<int> sum;
};

COWARP_TASK_FRAME(follow, 8) {
  board& shared;
  cowarp::rwlock<settings>::read_guard read{};
  cowarp::mutex<int>::guard sum{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(read, shared.current.read());  // beside other readers
  COWARP_AWAIT_INTO(sum, shared.sum.lock());
  *sum += read->step;
  COWARP_BODY_END  // both guards unlock
};

COWARP_TASK_FRAME(change, 1) {
  board& shared;
  cowarp::rwlock<settings>::write_guard write{};
  COWARP_BODY_BEGIN
  COWARP_AWAIT_INTO(write, shared.current.write());
  *write = {2, 20};
  COWARP_BODY_END
};
// [/rwlock]

struct app : cowarp::program<follow, change> {
  using grid_state = board;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, board& shared) {
    static_cast<void>(s.spawn<change>(shared));
    for (int i = 0; i < 8; ++i) static_cast<void>(s.spawn<follow>(shared));
  }
};

using all_laws =
    test::laws_by_hand<readers_share, writer_is_not_overtaken, cancelled_writer_lets_readers_in,
                       downgrade_lets_readers_in, as_the_model>;

TEMPLATE_TEST_CASE("rwlock: readers share, a writer is alone", "[sync][rwlock]", TEST_SCOPES) {
  all_laws::require<readers_share>(TestType::value);
}
TEMPLATE_TEST_CASE("rwlock: a reader does not overtake a waiting writer", "[sync][rwlock]",
                   TEST_SCOPES) {
  all_laws::require<writer_is_not_overtaken>(TestType::value);
}
TEMPLATE_TEST_CASE("rwlock: a cancelled writer lets the next in", "[sync][rwlock]", TEST_SCOPES) {
  all_laws::require<cancelled_writer_lets_readers_in>(TestType::value);
}
TEMPLATE_TEST_CASE("rwlock: a downgraded writer reads beside other readers", "[sync][rwlock]",
                   TEST_SCOPES) {
  all_laws::require<downgrade_lets_readers_in>(TestType::value);
}
TEMPLATE_TEST_CASE("rwlock: any sequence does what the model does", "[sync][rwlock]", TEST_SCOPES) {
  all_laws::require<as_the_model>(TestType::value);
}
TEMPLATE_TEST_CASE("rwlock: no reader sees half of a change", "[sync][rwlock]", TEST_SCOPES) {
  typename contention<TestType::value>::grid state{};
  test::run_to_end<typename contention<TestType::value>::app>(state, {.blocks = 3});
  state.found.require_none();
}

TEST_CASE("rwlock: the guards unlock at the end of their task", "[sync][rwlock]") {
  board state{};
  test::run_to_end<app>(state);
  CHECK(!state.current.is_locked());
  CHECK(state.sum.unguarded() <= 16);
}

}  // namespace rwlock_test
