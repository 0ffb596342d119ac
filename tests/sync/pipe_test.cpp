// SPDX-License-Identifier: Apache-2.0
/// \file
/// Bytes in order, partial progress, and who is woken when room or bytes appear.
#include <cowarp/sync/pipe.hpp>

#include <support/checks.hpp>
#include <support/stage.hpp>
#include <support/steps.hpp>

#include <cstddef>
#include <span>

namespace pipe_test {

using cowarp::scope;

/// Bytes that count up from `first`.
template <std::uint32_t Count>
struct sequence {
  std::byte bytes[Count];

  COWARP_FN explicit sequence(std::uint32_t first) {
    for (auto& byte : bytes) byte = static_cast<std::byte>(first++);
  }
  COWARP_FN std::span<const std::byte> first(std::uint32_t count) const { return {bytes, count}; }
  COWARP_FN std::span<const std::byte> all() const { return {bytes, Count}; }
};

/// \returns how many of the bytes count up from `first`; a bad one ends the count.
COWARP_FN inline std::uint32_t counted(std::span<const std::byte> bytes, std::uint32_t first) {
  std::uint32_t i = 0;
  while (i < bytes.size() && bytes[i] == static_cast<std::byte>(first + i)) ++i;
  return i;
}

struct once {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<8, S>>();
    std::byte to[8]{};
    on.check.that(!p.try_read(to) && p.is_empty());

    on.check.equal(*p.try_write(sequence<3>(1).all()), 3u);

    on.check.equal(p.size(), 3u);
    on.check.equal(*p.try_read(to), 3u);
    on.check.equal(counted(to, 1), 3u);
  }
};

struct partial {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    std::byte to[8]{};

    on.check.equal(*p.try_write(sequence<6>(1).all()), 4u);

    on.check.that(p.is_full() && !p.try_write(sequence<1>(9).all()));
    on.check.equal(*p.try_read(std::span(to).first(3)), 3u);
    on.check.equal(*p.try_write(sequence<6>(5).all()), 3u);  // over the end of the ring
    on.check.equal(*p.try_read(to), 4u);
    on.check.equal(counted(to, 4), 4u);
  }
};

struct empty_ranges {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p    = on.place<cowarp::pipe<4, S>>();
    auto read  = p.read({});
    auto write = p.write_all({});
    on.check.equal(*on.poll(0, read), 0u);
    on.check.equal(*on.poll(0, write), 0u);
    on.check.that(*p.try_read({}) == 0 && *p.try_write({}) == 0);
  }
};

struct all_or_nothing {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    const sequence<4> bytes(1);
    on.check.that(!p.try_write_all(sequence<5>(1).all()) && p.is_empty());
    on.check.equal(*p.try_write_all(bytes.first(3)), 3u);
    on.check.that(!p.try_write_all(bytes.first(2)));
    on.check.equal(*p.try_write_all(bytes.first(1)), 1u);
  }
};

struct reader_is_woken {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    std::byte a[4]{}, b[4]{};
    cowarp::optional<decltype(p.read(a))> first(p.read(a)), second(p.read(b));
    on.check.that(!on.poll(0, *first) && !on.poll(1, *second));

    on.check.equal(*p.try_write(sequence<2>(1).all()), 2u);
    on.check.equal(on.woken(), 1u << 0);
    on.check.that(!p.try_read(b) && !on.poll(1, *second));
    first.reset();

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(*on.poll(1, *second), 2u);
    on.check.equal(counted(b, 1), 2u);
  }
};

struct rest_goes_to_next {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    std::byte a[1]{}, b[4]{};
    auto first = p.read(a), second = p.read(b);
    on.check.that(!on.poll(0, first) && !on.poll(1, second));
    on.check.equal(*p.try_write(sequence<3>(1).all()), 3u);
    on.check.equal(on.woken(), 1u << 0);

    on.check.equal(*on.poll(0, first), 1u);

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(*on.poll(1, second), 2u);
    on.check.equal(counted(b, 2), 2u);
  }
};

struct whole_ranges_stay_whole {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<3, S>>();
    const sequence<7> a(0), b(100);
    auto first = p.write_all(a.all()), second = p.write_all(b.all());
    std::byte got[14];
    std::uint32_t count = 0;

    bool is_first = false, is_second = false;
    for (std::uint32_t round = 0; round < 20 && !(is_first && is_second); ++round) {
      if (!is_second) is_second = on.poll(1, second).has_value();
      if (!is_first) is_first = on.poll(0, first).has_value();
      count += p.try_read(std::span(got).subspan(count)).value_or(0);
    }

    count += p.try_read(std::span(got).subspan(count)).value_or(0);
    on.check.equal(count, 14u);
    on.check.equal(counted(std::span(got).first(7), 100), 7u);  // `second` was polled first
    on.check.equal(counted(std::span(got).last(7), 0), 7u);
  }
};

struct cancelled_write_all {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<2, S>>();
    const sequence<5> a(0), b(50);
    std::byte to[4]{};
    cowarp::optional<decltype(p.write_all(a.all()))> first(p.write_all(a.all()));
    auto second = p.write(b.first(1));
    on.check.that(!on.poll(0, *first) && !on.poll(1, second));

    on.check.equal(*p.try_read(to), 2u);
    on.check.equal(on.woken(), 1u << 0);
    first.reset();

    on.check.equal(on.woken(), 1u << 1);
    on.check.equal(*on.poll(1, second), 1u);
    on.check.equal(*p.try_read(to), 1u);
    on.check.equal(counted(std::span(to).first(1), 50), 1u);
  }
};

/// Embassy's pipe loses this wake: it wakes the writer at `fill_buf`, before there is room.
struct consume_wakes_writer {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    on.check.equal(*p.try_write(sequence<4>(1).all()), 4u);
    const sequence<1> more(5);
    auto write = p.write(more.all());
    on.check.that(!on.poll(0, write));

    auto bytes = *p.try_fill_buf();
    on.check.that(!on.poll(0, write) && on.woken() == 0);
    on.check.equal(counted(bytes.bytes(), 1), 4u);
    bytes.consume(1);

    on.check.equal(on.woken(), 1u << 0);
    on.check.equal(*on.poll(0, write), 1u);
    auto rest = *p.try_fill_buf();
    on.check.equal(rest.size(), 4u);
    on.check.equal(counted(rest.bytes(), 2), 3u);  // up to the end of the ring
  }
};

struct dropped_loan_wakes_reader {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    on.check.equal(*p.try_write(sequence<2>(1).all()), 2u);
    std::byte to[4]{};
    auto read = p.read(to);
    {
      const auto bytes = *p.try_fill_buf();
      on.check.that(!p.try_fill_buf() && !p.try_read(to) && !on.poll(6, read));
    }

    on.check.equal(on.woken(), 1u << 6);
    on.check.equal(*on.poll(6, read), 2u);  // nothing was consumed
    on.check.equal(counted(to, 1), 2u);
  }
};

struct room_is_lent_in_place {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<4, S>>();
    const sequence<2> a(1);
    auto write = p.write(a.all());
    auto read  = p.fill_buf();
    {
      auto room = *p.try_lend_room();
      on.check.that(room.size() == 4 && room.bytes().size() == 4);
      on.check.that(!p.try_lend_room() && !p.try_write(a.all()) && !on.poll(5, write));
      on.check.that(!on.poll(6, read) && on.woken() == 0);
    }  // nothing was published, and the next writer is called
    on.check.equal(on.woken(), 1u << 5);
    on.check.equal(*on.poll(5, write), 2u);
    on.check.equal(on.woken(), 1u << 6);

    auto rest = *p.try_lend_room();
    on.check.equal(rest.bytes().size(), 2u);
    rest.bytes()[0] = std::byte{3};
    p.close();  // what is lent may still be published
    rest.publish(1);
    auto there = *on.poll(6, read);
    on.check.equal(counted(there.bytes(), 1), 3u);
    there.consume(3);
    on.check.that(p.try_fill_buf()->size() == 0 && p.try_lend_room()->bytes().empty());
  }
};

struct close_is_end_of_stream {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<2, S>>();
    const sequence<5> a(1);
    std::byte to[2];
    auto writing = p.write_all(a.all()), blocked = p.write_all(a.all());
    on.check.that(!on.poll(0, writing) && !on.poll(1, blocked));

    p.close();

    on.check.equal(on.woken(), 3u);
    on.check.equal(*on.poll(0, writing), 2u);  // what was written before
    on.check.equal(*on.poll(1, blocked), 0u);
    on.check.equal(*p.try_write(a.all()), 0u);
    on.check.equal(*p.try_write_all(a.all()), 0u);
    on.check.equal(*p.try_read(to), 2u);
    auto end = p.read(to);
    on.check.equal(*on.poll(2, end), 0u);
    on.check.that(p.try_fill_buf()->bytes().empty());
  }
};

struct close_wakes_readers {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    auto& p = on.place<cowarp::pipe<2, S>>();
    std::byte to[2];
    auto a = p.read(to), b = p.read(to);
    auto fill = p.fill_buf();
    on.check.that(!on.poll(0, a) && !on.poll(1, b) && !on.poll(2, fill));

    p.close();

    on.check.equal(on.woken(), 7u);
    on.check.that(*on.poll(1, b) == 0 && *on.poll(0, a) == 0);
    on.check.equal(on.poll(2, fill)->size(), 0u);
  }
};

/// Random operations, against two counters: bytes written and bytes read.
struct like_a_counter {
  template <scope S>
  static COWARP_FN void play(test::stage& on) {
    constexpr std::uint32_t room = 7;
    auto& p                      = on.place<cowarp::pipe<room, S>>();
    std::uint32_t written = 0, read = 0;
    test::random_numbers random(static_cast<std::uint32_t>(S) + 3);
    for (std::uint32_t step = 0; step < 400; ++step) {
      const std::uint32_t count = 1 + random.below(9);
      const std::uint32_t free  = room - (written - read);
      const std::uint32_t there = written - read;
      const sequence<9> from(written);
      std::byte to[9];
      switch (random.below(4)) {
        case 0: {
          const std::uint32_t expected = count < free ? count : free;
          on.check.equal(p.try_write(from.first(count)).value_or(0), expected);
          written += expected;
          break;
        }
        case 1: {
          const auto wrote = p.try_write_all(from.first(count));
          on.check.that(wrote.has_value() == (count <= free));
          written += wrote.value_or(0);
          break;
        }
        case 2: {
          const std::uint32_t expected = count < there ? count : there;
          on.check.equal(p.try_read(std::span(to).first(count)).value_or(0), expected);
          on.check.equal(counted(std::span(to).first(expected), read), expected);
          read += expected;
          break;
        }
        default: {
          auto bytes = p.try_fill_buf();
          on.check.that(bytes.has_value() == (there != 0));
          if (!bytes) break;
          const auto part = bytes->bytes();
          on.check.equal(counted(part, read), static_cast<std::uint32_t>(part.size()));
          const std::uint32_t some = random.below(static_cast<std::uint32_t>(part.size()) + 1);
          bytes->consume(some);
          read += some;
        }
      }
      on.check.equal(p.size(), written - read);
    }
    on.check.that(read > 200);
  }
};

using all = test::laws<once, partial, empty_ranges, all_or_nothing, reader_is_woken,
                       rest_goes_to_next, whole_ranges_stay_whole, cancelled_write_all,
                       consume_wakes_writer, dropped_loan_wakes_reader, room_is_lent_in_place,
                       close_is_end_of_stream, close_wakes_readers, like_a_counter>;

// ---- across blocks ------------------------------------------------------------------------------

constexpr std::uint32_t blocks = 4, each = 60, length = 10;

struct flow {
  test::checks checks;
  cowarp::pipe<16> pipe;
  test::counter writing;
  test::counter read;
};

/// Writes records of `length` equal bytes, each longer than what may be free.
// [write]
COWARP_TASK_FRAME(write, 1) {
  flow& f;
  std::byte record[length]{};
  std::uint32_t i = 0;
  COWARP_BODY_BEGIN
  for (; i < each; ++i) {
    for (auto& byte : record) byte = static_cast<std::byte>(i);
    COWARP_AWAIT(f.pipe.write_all(record));
  }
  if (f.writing.add() + 1 == blocks) f.pipe.close();
  COWARP_BODY_END
};
// [/write]

COWARP_TASK_FRAME(read, 1) {
  flow& f;
  std::uint32_t count = 0, in_record = 0, i = 0;
  std::byte of_record{};
  std::byte to[7]{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(count, f.pipe.read(to));
    if (count == 0) COWARP_RETURN();
    for (i = 0; i < count; ++i) {
      if (in_record == 0) of_record = to[i];
      f.checks.that(to[i] == of_record);
      in_record = (in_record + 1) % length;
    }
    f.read.add(count);
  }
  COWARP_BODY_END
};

struct flow_app : cowarp::program<write, read> {
  using grid_state = flow;
  COWARP_FN static void start(cowarp::spawner<flow_app> s) {
    (void)s.spawn<write>(s.grid_state());
    if (s.block() == 0) (void)s.spawn<read>(s.grid_state());
  }
};

}  // namespace pipe_test

#define PIPE_LAW(text, law) \
  TEST_CASE("pipe: " text, "[sync][pipe]") { test::play<pipe_test::all, pipe_test::law>(); }

PIPE_LAW("what is written is read", once)
PIPE_LAW("reads and writes move what they can", partial)
PIPE_LAW("an empty range moves nothing at once", empty_ranges)
PIPE_LAW("try_write_all writes all or nothing", all_or_nothing)
PIPE_LAW("a cancelled reader hands its call on", reader_is_woken)
PIPE_LAW("what a reader leaves wakes the next", rest_goes_to_next)
PIPE_LAW("write_all lets no other writer in between", whole_ranges_stay_whole)
PIPE_LAW("a cancelled write_all hands its call on", cancelled_write_all)
PIPE_LAW("consume wakes the writer it made room for", consume_wakes_writer)
PIPE_LAW("a dropped loan consumes nothing and wakes", dropped_loan_wakes_reader)
PIPE_LAW("room is lent in place, to one writer", room_is_lent_in_place)
PIPE_LAW("a closed pipe drains before it ends", close_is_end_of_stream)
PIPE_LAW("close wakes every reader", close_wakes_readers)
PIPE_LAW("random operations agree with two counters", like_a_counter)

TEST_CASE("pipe: records of many blocks arrive whole", "[sync][pipe]") {
  using namespace pipe_test;
  flow f{};

  test::run_to_end<flow_app>(f, {.blocks = blocks});

  f.checks.require_none();
  CHECK(f.read.value() == blocks * each * length);
}
