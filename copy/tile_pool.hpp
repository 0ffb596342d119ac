// SPDX-License-Identifier: Apache-2.0
/// \file
/// A fixed set of buffers in shared memory that tasks take, fill, work on, write out and give back.
#pragma once

#include <cowarp/copy/copy_async.hpp>
#include <cowarp/copy/gather_async.hpp>
#include <cowarp/copy/tile_map.hpp>
#include <cowarp/executor/lane.hpp>
#include <cowarp/sync/semaphore.hpp>

#include <cstdint>
#include <utility>

namespace cowarp {

/// `Count` buffers of `Bytes` bytes; `take` waits for one and yields a guard that gives it back.
///
/// Invariant:     a permit is free for each tile that is free, and goes before the tile when one is
///                taken, behind it when it is given back.
/// Called by:     any lane of the block; any number of tasks may wait.
/// Scope:         block; it lives in the block state.
/// Memory order:  what was done to a tile before it was given back is over for whoever takes it next.
/// Resumes on:    the executor's next poll of the waiting task; first come, first served.
/// Progress:      a short spin lock.
/// Storage:       `Count` times (`Bytes` + 8), and 48 bytes; zero bytes are valid, all tiles free. Tiles are
///                aligned to 128 bytes if `Bytes` is a multiple of it, else to 16.
template <std::uint32_t Bytes, std::uint32_t Count>
class tile_pool {
  static_assert(Bytes > 0 && Bytes % platform::copy_unit == 0,
                "a tile's size is a multiple of 16 bytes: round it up");
  static_assert(Count > 0 && Count <= 32, "a pool holds 1 to 32 tiles: use several pools for more");
  using permits = semaphore<Count, scope::block>;

 public:
  static constexpr scope primitive_scope    = scope::block;
  static constexpr std::uint32_t tile_bytes = Bytes;

  class tile;
  class take_future;
  class loaded_future;

  /// \returns a future of a tile, with whatever its last owner left in it.
  [[nodiscard]] COWARP_FN take_future take() { return take_future(*this); }

  /// \returns a tile if one is free that nobody waits for.
  [[nodiscard]] COWARP_FN polled<tile> try_take() {
    auto permit = free_.try_acquire();
    if (!permit) return pending;
    permit->disarm();
    return polled<tile>(in_place, *this, claim());
  }

  [[nodiscard]] COWARP_FN std::uint32_t available() { return free_.available(); }

 private:
  /// Claims a tile. \pre the caller holds a permit, so there is one.
  COWARP_FN std::uint32_t claim() {
    constexpr std::uint32_t all = Count == 32 ? ~0u : (1u << Count) - 1;
    for (;;) {
      // relaxed: only finds a candidate. Each failed turn means that another lane took one.
      const std::uint32_t free = ~used_.load(platform::relaxed) & all;
      if (free == 0) continue;
      const std::uint32_t bit = free & (0u - free);
      // acquire: shows what the tile's last owner did.
      if ((used_.fetch_or(bit, platform::acquire) & bit) == 0) return platform::lowest_bit(bit);
    }
  }
  COWARP_FN void give_back(std::uint32_t index) {
    // release: hands the tile to whoever claims it next. Before the permit, which promises one.
    used_.fetch_and(~(1u << index), platform::release);
    free_.release();
  }

  permits free_;
  platform::atomic_word<scope::block> used_;
  std::uint32_t unused_;
  // Tiles of a `tile_map` are aligned to more than other copies call for.
  static constexpr std::size_t alignment =
      Bytes % platform::tile_alignment == 0 ? platform::tile_alignment : platform::copy_unit;

  platform::mbarrier_word ends_[Count];  // one for the load under way into each tile
  alignas(alignment) unsigned char bytes_[Count][Bytes];
};

/// A tile that a task holds; gives it back when destroyed. An empty one holds none.
///
/// It may be kept across awaits, moved, and handed to another task of the block, but not while one of
/// its copies is under way. One whose load is under way waits for its end before it is given back.
/// Storage: 16 bytes.
template <std::uint32_t Bytes, std::uint32_t Count>
class COWARP_TRIVIAL_ABI tile_pool<Bytes, Count>::tile {
 public:
  tile() = default;
  COWARP_FN tile(tile_pool& from, std::uint32_t index) : pool_(&from), index_(index) {}
  COWARP_FN tile(tile&& other) noexcept
      : pool_(other.pool_), index_(other.index_), load_(other.load_) {
    other.pool_ = nullptr;
    other.load_ = way::at_once;
  }
  COWARP_FN tile& operator=(tile&& other) noexcept {
    if (this == &other) return *this;
    release();
    pool_       = other.pool_;
    index_      = other.index_;
    load_       = other.load_;
    other.pool_ = nullptr;
    other.load_ = way::at_once;
    return *this;
  }
  COWARP_FN ~tile() { release(); }

  /// Gives the tile back now.
  COWARP_FN void release() {
    if (pool_ == nullptr) return;
    while (!has_loaded()) {
    }
    pool_->give_back(index_);
    pool_ = nullptr;
  }

  /// Copies into the tile; a future.
  [[nodiscard]] COWARP_FN copy_future load(const void* from, std::uint32_t bytes = Bytes,
                                           copy_option option = copy_option::none) const {
    return {data(), from, bytes, option, &pool_->ends_[index_]};
  }
  /// Loads the tile of a matrix that begins at `row`, `column`; a future.
  template <class Value, std::uint32_t Rows, std::uint32_t Columns>
  [[nodiscard]] COWARP_FN tile_load_future<tile_map<Value, Rows, Columns>> load(
      const tile_map<Value, Rows, Columns>& from, std::int32_t row, std::int32_t column,
      copy_option option = copy_option::none) const {
    static_assert(tile_map<Value, Rows, Columns>::tile_bytes <= Bytes,
                  "tile_map: its tiles are larger than the pool's: give the pool its tile_bytes");
    return {data(), from, row, column, option, &pool_->ends_[index_]};
  }

  /// Copies `count` values into the tile, one behind the other, value `i` from the place that `from(i)` returns; a
  /// future.
  template <class From>
  [[nodiscard]] COWARP_FN gather_future<From> gather(std::uint32_t count, From from,
                                                     copy_option option = copy_option::none) const {
    return {data(), count, std::move(from), option, &pool_->ends_[index_]};
  }

  /// Begins to copy into the tile, which goes on while the task does other work; `loaded` waits for it. So one task
  /// has its next tile on its way while it works on another. \pre no copy of the tile is under way.
  COWARP_FN void begin_load(const void* from, std::uint32_t bytes = Bytes,
                            copy_option option = copy_option::none) {
    require_no_load();
    load_ = detail::way_of_aligned_copy(data(), from, bytes);
    detail::begin_copy(load_, data(), from, bytes, option == copy_option::constant_source,
                       &pool_->ends_[index_]);
  }
  /// The same for `count` values, value `i` from the place that `from(i)` returns.
  template <class From>
  COWARP_FN void begin_gather(std::uint32_t count, From from,
                              copy_option option = copy_option::none) {
    require_no_load();
    const detail::gather_source<From> source{std::move(from), count};
    load_ = source.way_to(data());
    source.begin(load_, data(), option == copy_option::constant_source, &pool_->ends_[index_]);
  }
  /// The same for the tile of a matrix that begins at `row`, `column`.
  template <class Value, std::uint32_t Rows, std::uint32_t Columns>
  COWARP_FN void begin_load(const tile_map<Value, Rows, Columns>& from, std::int32_t row,
                            std::int32_t column, copy_option option = copy_option::none) {
    static_assert(tile_map<Value, Rows, Columns>::tile_bytes <= Bytes,
                  "tile_map: its tiles are larger than the pool's: give the pool its tile_bytes");
    require_no_load();
    load_ = from.way_of_load(data(), row, column);
    from.begin_load(load_, data(), row, column, option == copy_option::constant_source,
                    &pool_->ends_[index_]);
  }
  /// \returns a future that is ready once what `begin_load` began is in the tile, at once if nothing was begun.
  /// The tile stays where it is meanwhile; the lane that began the load awaits it.
  [[nodiscard]] COWARP_FN loaded_future loaded() { return loaded_future(*this); }
  /// \returns true if `loaded` would be ready now.
  [[nodiscard]] COWARP_FN bool try_loaded() { return has_loaded(); }

  /// The same inside of `lanes`, called by all lanes of the worker: each gets the answer, and sees the bytes. It waits for
  /// the end of the load as long as hardware waits for an mbarrier, while other warps of the SM go on. \pre the leader
  /// began the load.
  [[nodiscard]] COWARP_FN bool try_loaded(lane l) {
    const way by = load_;
    if (by == way::at_once) return true;
    if (by == way::bulk_load) {
      if (platform::any_lane(!pool_->ends_[index_].try_wait(0))) return false;
    } else {
      // All lanes have found it under way before the leader says that it is not.
      platform::sync_warp();
    }
    if (l.is_leader()) {
      detail::end_load(by, &pool_->ends_[index_]);
      load_ = way::at_once;
    }
    platform::sync_warp();  // shows all lanes that no load is under way
    return true;
  }

  /// Copies out of the tile; a future, by default ready once the tile may be used again.
  [[nodiscard]] COWARP_FN copy_future
  store(void* to, std::uint32_t bytes = Bytes,
        copy_option option = copy_option::until_source_is_free) const {
    return {to, data(), bytes, option, nullptr};
  }

  /// Stores the tile of a matrix that begins at `row`, `column`; a future.
  template <class Value, std::uint32_t Rows, std::uint32_t Columns>
  [[nodiscard]] COWARP_FN tile_store_future<tile_map<Value, Rows, Columns>> store(
      const tile_map<Value, Rows, Columns>& to, std::int32_t row, std::int32_t column,
      copy_option option = copy_option::until_source_is_free) const {
    static_assert(tile_map<Value, Rows, Columns>::tile_bytes <= Bytes,
                  "tile_map: its tiles are larger than the pool's: give the pool its tile_bytes");
    return {to, row, column, data(), option};
  }

  [[nodiscard]] COWARP_FN unsigned char* data() const { return pool_->bytes_[index_]; }
  /// \returns the tile's bytes as an array of `Value`.
  template <class Value>
  [[nodiscard]] COWARP_FN Value* as() const {
    static_assert(alignof(Value) <= platform::copy_unit, "a tile is aligned to 16 bytes");
    return reinterpret_cast<Value*>(data());
  }
  [[nodiscard]] COWARP_FN std::uint32_t index() const { return index_; }
  [[nodiscard]] COWARP_FN explicit operator bool() const { return pool_ != nullptr; }

 private:
  friend class loaded_future;
  using way = platform::copy_way;

  COWARP_FN void require_no_load() const {
    COWARP_ASSERT(pool_ != nullptr, "begin_load: the tile is empty: take one from the pool first");
    COWARP_ASSERT(load_ == way::at_once,
                  "begin_load: the tile's last load is still under way: await loaded() first");
  }
  /// \returns true once no load is under way.
  COWARP_FN bool has_loaded() {
    if (load_ == way::at_once) return true;
    if (!detail::has_load_ended(load_, &pool_->ends_[index_])) return false;
    load_ = way::at_once;
    return true;
  }

  tile_pool* pool_     = nullptr;
  std::uint32_t index_ = 0;
  way load_            = way::at_once;  // of `begin_load`, while it is under way
};

/// Waits for the load that a tile began.
///
/// Called by:     the lane that polls the task, which began the load.
/// Memory order:  what was copied is visible to the task after the await, and to lanes it asks then.
/// Resumes on:    the executor's next pass, over and over, until the copy is made.
/// Cancellation:  a dropped wait leaves the load under way, for the next `loaded`.
/// Storage:       8 bytes.
template <std::uint32_t Bytes, std::uint32_t Count>
class tile_pool<Bytes, Count>::loaded_future {
 public:
  using output = unit;

  COWARP_FN explicit loaded_future(tile& of) : of_(of) {}

  COWARP_FN polled<unit> poll(context& cx) {
    if (of_.has_loaded()) return unit{};
    cx.wake_self();
    return pending;
  }

 private:
  tile& of_;
};

/// Waits for a tile. Dropped after one was promised, it hands it to the next in line.
template <std::uint32_t Bytes, std::uint32_t Count>
class tile_pool<Bytes, Count>::take_future {
 public:
  using output = tile;

  COWARP_FN explicit take_future(tile_pool& from) : pool_(from), permit_(from.free_.acquire()) {}

  COWARP_FN polled<tile> poll(context& cx) {
    auto permit = permit_.poll(cx);
    if (!permit) return pending;
    (*permit)->disarm();
    return polled<tile>(in_place, pool_, pool_.claim());
  }

 private:
  tile_pool& pool_;
  typename permits::acquire_future permit_;
};

}  // namespace cowarp
