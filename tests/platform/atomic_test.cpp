// SPDX-License-Identifier: Apache-2.0
/// \file
/// The seam by itself: atomics, the lock, lanes and the pender, with host threads.
#include <cowarp/cowarp.hpp>
#include <cowarp/platform/host/pender.hpp>
#include <cowarp/platform/spin_lock.hpp>

#include <support/catch.hpp>

#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

namespace atomic_test {

using cowarp::scope;
namespace platform = cowarp::platform;

constexpr std::uint32_t threads = 4;
constexpr std::uint32_t rounds  = 5'000;

template <class Work>
void in_threads(Work work) {
  std::vector<std::thread> all;
  for (std::uint32_t i = 0; i < threads; ++i) all.emplace_back([&work, i] { work(i); });
  for (auto& thread : all) thread.join();
}

}  // namespace atomic_test

TEST_CASE("atomic: every operation gives the value before it", "[platform][atomic]") {
  using namespace cowarp::platform;
  atomic_word<cowarp::scope::device> word{};
  // relaxed: only this thread, in every line of this test.
  CHECK(word.load(relaxed) == 0);
  word.store(5, relaxed);
  CHECK(word.exchange(7, relaxed) == 5);
  CHECK(word.fetch_add(3, relaxed) == 7);  // relaxed: as above
  CHECK(word.fetch_sub(2, relaxed) == 10);
  CHECK(word.fetch_or(1, relaxed) == 8);
  CHECK(word.fetch_and(9, relaxed) == 9);  // relaxed: as above
  std::uint32_t expected = 4;
  CHECK_FALSE(word.compare_exchange(expected, 1, relaxed));  // relaxed: as above
  CHECK(expected == 9);
  CHECK(word.compare_exchange(expected, 1, relaxed));
  CHECK(word.load(relaxed) == 1);  // relaxed: as above
}

TEST_CASE("atomic: zero bytes are zero", "[platform][atomic]") {
  cowarp::platform::atomic<std::uint64_t, cowarp::scope::system> word;
  std::memset(static_cast<void*>(&word), 0, sizeof word);
  // relaxed: only this thread.
  CHECK(word.load(cowarp::platform::relaxed) == 0);
  CHECK(sizeof word == 8);
  CHECK(alignof(decltype(word)) == 8);
}

TEST_CASE("atomic: no addition of many threads is lost", "[platform][atomic]") {
  cowarp::platform::atomic_word<cowarp::scope::device> sum{};
  atomic_test::in_threads([&](std::uint32_t) {
    for (std::uint32_t i = 0; i < atomic_test::rounds; ++i) {
      // relaxed: counted only.
      sum.fetch_add(1, cowarp::platform::relaxed);
    }
  });
  // relaxed: the threads have been joined.
  CHECK(sum.load(cowarp::platform::relaxed) == atomic_test::threads * atomic_test::rounds);
}

TEST_CASE("spin_lock: one at a time, and all see the last", "[platform][spin_lock]") {
  cowarp::platform::spin_lock<cowarp::scope::device> lock{};
  std::uint64_t plain = 0;
  bool is_inside      = false;
  bool was_alone      = true;
  atomic_test::in_threads([&](std::uint32_t) {
    for (std::uint32_t i = 0; i < atomic_test::rounds / 5; ++i) {
      lock.with([&] {
        was_alone = was_alone && !is_inside;
        is_inside = true;
        ++plain;
        is_inside = false;
      });
    }
  });
  CHECK(was_alone);
  CHECK(plain == atomic_test::threads * (atomic_test::rounds / 5));
}

TEST_CASE("pender: a rouse before the sleep ends it", "[platform][pender]") {
  cowarp::platform::pender pender;
  pender.rouse();
  pender.rouse();
  const std::uint64_t before = cowarp::platform::clock_ns();
  pender.sleep(5'000'000'000);
  CHECK(cowarp::platform::clock_ns() - before < 4'000'000'000);
}

TEST_CASE("pender: a sleep ends by itself in time", "[platform][pender]") {
  cowarp::platform::pender pender;
  const std::uint64_t before = cowarp::platform::clock_ns();
  pender.sleep(200'000);
  CHECK(cowarp::platform::clock_ns() - before >= 200'000);
}

TEST_CASE("pender: what came before a rouse is seen after", "[platform][pender]") {
  cowarp::platform::pender pender;
  std::uint32_t plain = 0;
  std::thread waker([&] {
    plain = 1;
    pender.rouse();
  });
  pender.sleep(20'000'000'000);
  CHECK(plain == 1);
  waker.join();
}
