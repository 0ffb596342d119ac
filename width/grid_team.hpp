// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where the blocks of an executor meet to do one task's work together.
#pragma once

#include <cowarp/platform/pause.hpp>
#include <cowarp/sync/semaphore.hpp>
#include <cowarp/sync/wait_queue.hpp>
#include <cowarp/width/lanes.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

namespace cowarp {

/// One request at a time, cut into pieces that workers of any block take; for `grid_for`.
///
/// ```text
///   ┌────────┐ open 1  ┌──────┐ all pieces taken, nobody inside 3  ┌────────┐
///   │ closed │ ──────► │ open │ ─────────────────────────────────► │ closed │
///   └────────┘         └─┬──▲─┘ ─────────────────────────────────► └────────┘
///                        └──┘                close 4
///                      help 2
/// ```
///
/// 1  the task that has the turn writes the request, then the word
/// 2  a worker counts itself in and takes a piece with one atomic, runs it, counts itself out
/// 3  the task finds so, and closes with one exchange; the last worker to go out woke it
/// 4  the task is dropped: no piece is taken any more, and it waits until nobody is inside
///
/// Invariant:     the request is written only while the word is closed, and read only by who counted
///                itself in while it was open. A worker that comes late finds it closed, or helps the
///                next request.
/// Called by:     `help`: all lanes of a worker, converged; the rest: the task that has the turn.
/// Scope:         device; it lives in the grid state.
/// Memory order:  what the task wrote before is visible to all who run a piece; what they wrote, to the
///                task after 3 and 4.
/// Progress:      4 waits for workers that run a piece, who wait for nobody. The rest is lock-free, but
///                for the short spin lock of the queue.
/// Storage:       192 bytes; zero bytes are valid.
class grid_team {
 public:
  static constexpr scope primitive_scope        = scope::device;
  static constexpr std::size_t most_bytes_of_fn = 64;

  grid_team()                            = default;
  grid_team(const grid_team&)            = default;  // before and after a run, bitwise
  grid_team& operator=(const grid_team&) = default;

  // ---- for grid_for ----

  using turns = semaphore<1>;
  [[nodiscard]] COWARP_FN turns& turn() { return turn_; }

  /// Begins a request for `workers` workers. \pre the caller has the turn.
  template <class Fn>
  COWARP_FN void open(std::uint32_t count, const Fn& fn, std::uint32_t workers) {
    static_assert(
        std::is_trivially_copyable_v<Fn> && sizeof(Fn) <= most_bytes_of_fn && alignof(Fn) <= 16,
        "grid_for: other blocks get a copy of the function: make it trivially copyable and "
        "of 64 bytes or less, for instance with one pointer to what it works on");
    ::new (static_cast<void*>(fn_)) Fn(fn);
    run_   = &run<Fn>;
    count_ = count;
    size_  = piece_size(count, workers);
    // relaxed: published below, as the rest; an atomic since `has_work` may look at any time.
    pieces_.store(static_cast<std::uint32_t>((std::uint64_t{count} + size_ - 1) / size_),
                  platform::relaxed);
    // relaxed: the exchange decides.
    std::uint64_t word = word_.load(platform::relaxed);
    // release: publishes the request. Who is inside for a moment, and found it closed, stays counted.
    while (!word_.compare_exchange(word, (word & ~(one_inside - 1)) | is_open, platform::release)) {
    }
  }

  /// \returns true if there are pieces that nobody has taken; it may be out of date.
  [[nodiscard]] COWARP_FN bool has_work() const {
    // acquire: shows the number of pieces.
    const std::uint64_t word = word_.load(platform::acquire);
    return (word & is_open) != 0 && piece_of(word) < pieces();
  }

  /// Runs one piece, if there is one. \returns true if there may be more.
  COWARP_FN bool help(lane l) {
    std::uint64_t word = 0;
    // acquire: shows the request.
    if (l.is_leader()) word = word_.fetch_add(one_inside + 1, platform::acquire);
    word = platform::from_lane(word, 0);
    platform::sync_width();  // hands the leader's acquire to all lanes
    const std::uint32_t all   = (word & is_open) != 0 ? pieces() : 0;
    const std::uint32_t piece = piece_of(word);
    if (piece < all) {
      const std::uint64_t first = std::uint64_t{piece} * size_;
      const std::uint64_t last  = first + size_ < count_ ? first + size_ : count_;
      run_(fn_, first, last, l);
    }
    platform::sync_width();  // hands what all lanes wrote to the leader's release
    if (l.is_leader()) leave((word & is_open) != 0, all);
    return piece < all && piece + 1 < all;
  }

  /// Ends the request if all of it is done.
  [[nodiscard]] COWARP_FN bool try_finish() {
    // relaxed: the exchange acquires.
    std::uint64_t word = word_.load(platform::relaxed);
    while (word < one_inside && piece_of(word) >= pieces()) {
      // acquire: shows what all who ran pieces wrote.
      if (word_.compare_exchange(word, 0, platform::acquire)) return true;
    }
    return false;
  }
  struct finished {
    grid_team* team;
    COWARP_FN bool operator()() const { return team->try_finish(); }
  };
  /// \returns a future that is ready once the request has ended.
  [[nodiscard]] COWARP_FN auto finish() { return done_.wait_until(finished{this}); }

  /// Ends the request before it is done; nobody runs a piece of it after that.
  COWARP_FN void close() {
    // relaxed: the load below acquires.
    word_.fetch_and(~is_open, platform::relaxed);
    // acquire: shows what those wrote who were inside.
    while (word_.load(platform::acquire) >= one_inside) platform::pause(64);
  }

 private:
  // The word: pieces that were taken (bits 0 to 31), whether it is open, and workers inside.
  static constexpr std::uint64_t is_open    = std::uint64_t{1} << 39;
  static constexpr std::uint64_t one_inside = std::uint64_t{1} << 40;
  // Pieces for each worker, so that no one waits long for the last.
  static constexpr std::uint32_t pieces_each = 4;

  static COWARP_FN std::uint32_t piece_of(std::uint64_t word) {
    return static_cast<std::uint32_t>(word);
  }

  /// A multiple of the width, so that no lane rests before the end.
  static COWARP_FN std::uint32_t piece_size(std::uint32_t count, std::uint32_t workers) {
    const std::uint32_t even = count / (workers * pieces_each) + 1;
    return (even + lane::width() - 1) / lane::width() * lane::width();
  }

  template <class Fn>
  static COWARP_FN void run(const unsigned char* at, std::uint64_t first, std::uint64_t last,
                            lane l) {
    const Fn fn = *reinterpret_cast<const Fn*>(at);
    for (std::uint64_t i = first + l.index; i < last; i += lane::width()) {
      fn(static_cast<std::uint32_t>(i));
    }
  }

  [[nodiscard]] COWARP_FN std::uint32_t pieces() const {
    return pieces_.load(platform::relaxed);  // relaxed: ordered by the word
  }

  COWARP_FN void leave(bool was_open, std::uint32_t all) {
    // release: publishes what this worker's piece wrote.
    const std::uint64_t before = word_.fetch_sub(one_inside, platform::release);
    const bool is_last         = before < 2 * one_inside && piece_of(before) >= all;
    if (was_open && is_last) done_.wake_all();
  }

  platform::atomic<std::uint64_t, scope::device> word_;
  void (*run_)(const unsigned char*, std::uint64_t, std::uint64_t, lane);
  std::uint32_t count_;
  std::uint32_t size_;  // of a piece
  platform::atomic_word<scope::device> pieces_;
  alignas(16) unsigned char fn_[most_bytes_of_fn];
  turns turn_;
  wait_queue<scope::device> done_;
};

}  // namespace cowarp
