// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/schedule.hpp>
#include <cowarp/platform/sim/scheduler.hpp>

#include <atomic>
#include <thread>

namespace cowarp::sim {

namespace {

// What a host thread that runs no lane has in place of a lane's.
fiber outside;
std::uint64_t outside_clock_ns = 1'000'000;

fiber& running() {
  scheduler* run = scheduler::of_running_lane();
  return run != nullptr ? run->running() : outside;
}

}  // namespace

void schedule_point() {
  if (auto* run = scheduler::of_running_lane()) run->point();
}

void yield() {
  if (auto* run = scheduler::of_running_lane()) {
    run->yield();
  } else {
    std::this_thread::yield();
  }
}

void idle(std::uint32_t passes, std::uint64_t limit_ns) {
  if (auto* run = scheduler::of_running_lane()) run->idle(passes, limit_ns);
}

std::uint64_t clock_ns() {
  auto* run = scheduler::of_running_lane();
  if (run == nullptr) return outside_clock_ns += 100;
  run->point();
  return run->now_ns();
}

block_header* this_block() { return running().block; }
void enter_block(block_header* block) { running().block = block; }
frame_stack*& current_frame_stack() { return running().frames; }
std::uint32_t lane() { return running().lane; }
std::uint32_t warp() { return running().worker; }

// ---- memory --------------------------------------------------------------------------------------

namespace {

std::uint64_t changed(std::uint64_t old, change how, std::uint64_t value, std::uint64_t wanted) {
  switch (how) {
    case change::exchange: return value;
    case change::add: return old + value;
    case change::subtract: return old - value;
    case change::set_bits: return old | value;
    case change::keep_bits: return old & value;
    case change::compare: return old == wanted ? value : old;
  }
  return old;
}

/// Real atomics, since a test may have host threads beside a simulation.
template <class Word>
std::uint64_t change_atomically(void* at, change how, std::uint64_t value, std::uint64_t wanted) {
  const std::atomic_ref<Word> word(*static_cast<Word*>(at));
  Word old = word.load();
  while (!word.compare_exchange_weak(old, static_cast<Word>(changed(old, how, value, wanted)))) {
  }
  return old;
}

}  // namespace

std::uint64_t read_word(const operation& what) {
  if (what.bytes == 4) {
    return std::atomic_ref<std::uint32_t>(*static_cast<std::uint32_t*>(what.at)).load();
  }
  return std::atomic_ref<std::uint64_t>(*static_cast<std::uint64_t*>(what.at)).load();
}

std::uint64_t change_word(const operation& what, change how, std::uint64_t value,
                          std::uint64_t wanted) {
  if (what.bytes == 4) return change_atomically<std::uint32_t>(what.at, how, value, wanted);
  return change_atomically<std::uint64_t>(what.at, how, value, wanted);
}

std::uint64_t load(const operation& what) {
  auto* run = scheduler::of_running_lane();
  return run != nullptr ? run->load(what) : read_word(what);
}

void store(const operation& what, std::uint64_t value) {
  if (auto* run = scheduler::of_running_lane()) {
    run->store(what, value);
  } else {
    change_word(what, change::exchange, value);
  }
}

std::uint64_t modify(const operation& what, change how, std::uint64_t value, std::uint64_t wanted) {
  auto* run = scheduler::of_running_lane();
  return run != nullptr ? run->modify(what, how, value, wanted)
                        : change_word(what, how, value, wanted);
}

void plain_access(const void* at, std::size_t bytes, bool is_write, const void* where) {
  if (auto* run = scheduler::of_running_lane()) run->plain_access(at, bytes, is_write, where);
}

// ---- failures and meetings -----------------------------------------------------------------------

void fail(const char* what) {
  if (auto* run = scheduler::of_running_lane()) run->fail(what);
}

void fail_assertion(const char* condition, const char* message, const char* file, int line) {
  auto* run = scheduler::of_running_lane();
  if (run == nullptr) return;
  run->fail(std::string(file) + ":" + std::to_string(line) + ": " + message + " (" + condition +
            ")");
}

agreement meet(meeting kind, std::uint64_t value, std::source_location where, std::uint64_t key) {
  auto* run = scheduler::of_running_lane();
  if (run == nullptr) {  // a host thread is a warp of one lane
    const auto bit = [&](unsigned i) { return static_cast<std::uint32_t>(value >> i & 1u); };
    return {value, {bit(0), bit(1), bit(2)}};
  }
  return run->meet(kind, value, where, key);
}

}  // namespace cowarp::sim
