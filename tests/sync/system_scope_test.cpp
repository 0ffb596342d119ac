// SPDX-License-Identifier: Apache-2.0
/// \file
/// Every primitive once at system scope, between tasks of one block and of two, on every backend.
#include <support/checks.hpp>
#include <support/steps.hpp>

#include <cstddef>
#include <cstdint>

namespace system_scope_test {

constexpr auto scope           = cowarp::scope::system;
constexpr std::uint32_t rounds = 50;  // of each lock, by each task

struct one_more {
  COWARP_FN auto operator()() const { return cowarp::ready(1); }
};

using zerocopy_type = cowarp::zerocopy_channel<int, 1, scope>;
using pubsub_type   = cowarp::pubsub_channel<int, 1, 1, scope>;
using watch_type    = cowarp::watch<int, scope>;
using mutex_type    = cowarp::mutex<std::uint32_t, scope>;
using rwlock_type   = cowarp::rwlock<std::uint32_t, scope>;

/// `cargo` is what is handed over, a place for each verb: no atomic, so that only the primitive orders it.
struct hall {
  test::checks checks;
  std::uint32_t cargo[16];
  cowarp::channel<int, 1, scope> channel;
  cowarp::greedy_channel<int, 1, scope> greedy;
  cowarp::priority_channel<int, 1, scope> priority;
  zerocopy_type zerocopy;
  pubsub_type pubsub;
  cowarp::pipe<1, scope> pipe;
  cowarp::oneshot<int, scope> oneshot;
  cowarp::rpc_service<std::uint32_t, scope> service;
  cowarp::signal<int, scope> signal;
  cowarp::signal<int, scope> subscribed;
  watch_type watch;
  cowarp::once_lock<int, scope> once;
  cowarp::lazy_lock<int, one_more, scope> lazy;
  cowarp::wait_queue<scope> queue;
  cowarp::event<scope> event;
  cowarp::latch<2, scope> latch;
  cowarp::barrier<2, scope> barrier;
  cowarp::cancellation_token<scope> token;
  cowarp::abort_handle<scope> abort;
  mutex_type mutex;
  rwlock_type rwlock;
  cowarp::semaphore<1, scope> semaphore;
  cowarp::greedy_semaphore<1, scope> greedy_permits;
  std::uint32_t under_permit;
  std::uint32_t under_greedy;
};

struct twice {
  hall* h;
  COWARP_FN std::uint32_t operator()(std::uint32_t& resource) const {
    resource = h->cargo[14];  // sees what the caller wrote
    return 2 * resource;
  }
};

COWARP_TASK_FRAME(giving, 1, 256) {
  hall& h;
  std::byte byte[1]{};
  cowarp::optional<typename zerocopy_type::send_slot> slot{};
  cowarp::optional<cowarp::optional<std::uint32_t>> told{};
  COWARP_BODY_BEGIN
  for (std::uint32_t i = 0; i < 15; ++i) h.cargo[i] = 100 + i;
  COWARP_AWAIT(h.channel.send(1));
  COWARP_AWAIT(h.greedy.send(1));
  COWARP_AWAIT(h.priority.send(1));
  COWARP_AWAIT_INTO(slot, h.zerocopy.send());
  **slot = 1;
  slot->done();
  COWARP_AWAIT(h.subscribed.wait());
  COWARP_AWAIT(h.pubsub.publish(1));
  COWARP_AWAIT(h.pipe.write(byte));
  h.checks.that(h.oneshot.send(1).is_ok());
  h.signal.send(1);
  h.checks.that(h.watch.send(1).is_ok());
  h.checks.that(!h.once.init(1));
  COWARP_AWAIT(h.lazy.get());
  h.queue.wake_one();
  h.event.set();
  COWARP_AWAIT(h.latch.arrive_and_wait());
  COWARP_AWAIT(h.barrier.arrive_and_wait());
  h.abort.abort();
  h.token.cancel();
  COWARP_AWAIT_INTO(told, h.service.call(twice{&h}));
  h.checks.that(*told && **told == 228);
  h.service.close();
  COWARP_BODY_END
};

COWARP_TASK_FRAME(taking, 1, 256) {
  hall& h;
  std::byte byte[1]{};
  std::uint32_t resource = 0;
  cowarp::optional<typename zerocopy_type::receive_slot> slot{};
  cowarp::optional<typename pubsub_type::subscriber> news{};
  cowarp::optional<typename watch_type::receiver> latest{};
  COWARP_BODY_BEGIN
  news.emplace(h.pubsub.subscribe());
  latest.emplace(h.watch.subscribe());
  COWARP_AWAIT(h.channel.receive());
  h.checks.equal(h.cargo[0], 100u);
  COWARP_AWAIT(h.greedy.receive());
  h.checks.equal(h.cargo[1], 101u);
  COWARP_AWAIT(h.priority.receive());
  h.checks.equal(h.cargo[2], 102u);
  COWARP_AWAIT_INTO(slot, h.zerocopy.receive());
  h.checks.that(**slot == 1 && h.cargo[3] == 103);
  slot->done();
  h.subscribed.send(1);
  COWARP_AWAIT(news->next());
  h.checks.equal(h.cargo[4], 104u);
  COWARP_AWAIT(h.pipe.read(byte));
  h.checks.equal(h.cargo[5], 105u);
  COWARP_AWAIT(h.oneshot.receive());
  h.checks.equal(h.cargo[6], 106u);
  COWARP_AWAIT(h.signal.wait());
  h.checks.equal(h.cargo[7], 107u);
  COWARP_AWAIT(latest->changed());
  h.checks.equal(h.cargo[8], 108u);
  COWARP_AWAIT(h.once.get());
  h.checks.equal(h.cargo[9], 109u);
  COWARP_AWAIT(h.lazy.get());
  COWARP_AWAIT(h.queue.wait());
  h.checks.equal(h.cargo[10], 110u);
  COWARP_AWAIT(h.event.wait());
  h.checks.equal(h.cargo[11], 111u);
  COWARP_AWAIT(h.latch.arrive_and_wait());
  h.checks.equal(h.cargo[12], 112u);
  COWARP_AWAIT(h.barrier.arrive_and_wait());
  COWARP_AWAIT(cowarp::abortable(cowarp::never<>(), h.abort));
  COWARP_AWAIT(h.token.cancelled());
  h.checks.equal(h.cargo[13], 113u);
  COWARP_AWAIT(h.service.serve(resource));
  h.checks.equal(resource, 114u);
  COWARP_BODY_END
};

/// Holds each lock for a while, and counts under it.
COWARP_TASK_FRAME(locking, 2, 256) {
  hall& h;
  std::uint32_t i = 0;
  cowarp::optional<typename mutex_type::guard> alone{};
  cowarp::optional<typename rwlock_type::write_guard> writer{};
  cowarp::optional<typename rwlock_type::read_guard> reader{};
  cowarp::optional<cowarp::optional<typename cowarp::semaphore<1, scope>::permits>> permit{};
  cowarp::optional<cowarp::optional<typename cowarp::greedy_semaphore<1, scope>::permits>> greedy{};
  std::uint32_t before = 0;
  COWARP_BODY_BEGIN
  for (; i < rounds; ++i) {
    COWARP_AWAIT_INTO(alone, h.mutex.lock());
    before = **alone;
    COWARP_AWAIT(cowarp::yield_now());
    **alone = before + 1;
    alone.reset();

    COWARP_AWAIT_INTO(writer, h.rwlock.write());
    before = **writer;
    COWARP_AWAIT(cowarp::yield_now());
    **writer = before + 1;
    writer.reset();
    COWARP_AWAIT_INTO(reader, h.rwlock.read());
    h.checks.that(**reader > before);
    reader.reset();

    COWARP_AWAIT_INTO(permit, h.semaphore.acquire());
    before = h.under_permit;
    COWARP_AWAIT(cowarp::yield_now());
    h.under_permit = before + 1;
    permit.reset();
    COWARP_AWAIT_INTO(greedy, h.greedy_permits.acquire());
    before = h.under_greedy;
    COWARP_AWAIT(cowarp::yield_now());
    h.under_greedy = before + 1;
    greedy.reset();
  }
  COWARP_BODY_END
};

struct app : cowarp::program<giving, taking, locking> {
  using grid_state = hall;
  COWARP_FN static void start(cowarp::spawner<app> s, cowarp::no_state&, hall& h) {
    if (s.block() == 0) {
      (void)s.spawn<giving>(h);
      (void)s.spawn<locking>(h);
    }
    if (s.block() + 1 == s.blocks()) {
      (void)s.spawn<taking>(h);
      (void)s.spawn<locking>(h);
    }
  }
};

}  // namespace system_scope_test

TEST_CASE("sync: every primitive works at system scope", "[sync][system]") {
  using namespace system_scope_test;
  for (std::uint32_t blocks : {1u, 2u}) {
    hall h{};
    test::run_to_end<app>(h, {.blocks = blocks});
    h.checks.require_none(19 + 2 * rounds);
    CHECK(h.mutex.unguarded() == 2 * rounds);
    CHECK(h.rwlock.unguarded() == 2 * rounds);
    CHECK(h.under_permit == 2 * rounds);
    CHECK(h.under_greedy == 2 * rounds);
  }
}
