// SPDX-License-Identifier: Apache-2.0
/// \file
/// A matrix in global memory, of which tasks copy tiles.
#pragma once

#include <cowarp/copy/detail/copy_on_its_way.hpp>
#include <cowarp/copy/detail/matrix.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace cowarp {

/// Describes a matrix in global memory, row by row, of which tasks copy tiles of `Rows` x `Columns` values;
/// in shared memory a tile's rows stand one behind the other.
///
/// A tile is named by the row and the column of its first value. It may reach over any edge of the matrix:
/// what is outside is loaded as zeros, and not stored. On sm_90 the hardware copies a whole tile by one
/// instruction (a tensor map) if its column begins at a multiple of 16 bytes of a row and, to be stored, not before
/// the first row or column and what is inside of the matrix has rows of a multiple of 16 bytes; other tiles the
/// task's lane copies row by row.
///
/// Called by:     the constructor: a host thread, with the GPU in use on which the tasks will run.
/// Scope:         device; it lives in the grid state, where the hardware reads it, and does not change while
///                the program runs.
/// Memory order:  what the host wrote before the launch is what each copy finds.
/// Storage:       256 bytes, aligned to 128; zero bytes are a matrix without values.
/// Fails:         the constructor throws `configuration_error` with the remedy, on every backend, if
///                hardware cannot copy tiles of the matrix; `cuda_error` if a call fails.
template <class Value, std::uint32_t Rows, std::uint32_t Columns>
class tile_map {
  static_assert(std::is_trivially_copyable_v<Value> && sizeof(Value) <= 8 &&
                    (sizeof(Value) & (sizeof(Value) - 1)) == 0,
                "tile_map: a value has 1, 2, 4 or 8 bytes: describe a matrix of its parts");
  static_assert(Rows > 0 && Rows <= platform::most_tile_side && Columns > 0 &&
                    Columns <= platform::most_tile_side,
                "tile_map: a tile has 1 to 256 rows and columns: copy several");
  static_assert(Columns * sizeof(Value) % platform::copy_unit == 0,
                "tile_map: a tile's row is a multiple of 16 bytes: make it longer");

 public:
  using value = Value;

  static constexpr std::uint32_t rows_of_tile    = Rows;
  static constexpr std::uint32_t columns_of_tile = Columns;
  /// What a tile takes in shared memory, the next one's alignment included.
  static constexpr std::uint32_t tile_bytes =
      (Rows * Columns * sizeof(Value) + platform::tile_alignment - 1) / platform::tile_alignment *
      platform::tile_alignment;

  tile_map() = default;

  /// \param pitch_bytes from the begin of a row to that of the next: a multiple of 16, as is `first`.
  COWARP_HOST_FN tile_map(Value* first, std::uint32_t rows, std::uint32_t columns,
                          std::size_t pitch_bytes)
      : map_{},
        matrix_{
            const_cast<plain*>(first), rows, columns, pitch_bytes, sizeof(Value), Rows, Columns},
        is_described_(false) {
    detail::require_tiles(matrix_);
    if constexpr (platform::launches_on_gpu) is_described_ = platform::describe(matrix_, map_);
  }
  /// The matrix has no gaps between its rows.
  COWARP_HOST_FN tile_map(Value* first, std::uint32_t rows, std::uint32_t columns)
      : tile_map(first, rows, columns, std::size_t{columns} * sizeof(Value)) {}

  [[nodiscard]] COWARP_FN std::uint32_t rows() const { return matrix_.rows; }
  [[nodiscard]] COWARP_FN std::uint32_t columns() const { return matrix_.columns; }

 private:
  template <class Map>
  friend class tile_load_future;
  template <class Map>
  friend class tile_store_future;
  template <std::uint32_t Bytes, std::uint32_t Count>
  friend class tile_pool;

  using way   = platform::copy_way;
  using plain = std::remove_const_t<Value>;

  static constexpr std::uint32_t copied_bytes = Rows * Columns * sizeof(Value);

  /// \returns the matrix's value in row `i` and column `j` of the tile that begins at `row`, `column`.
  COWARP_FN plain* at(std::int32_t row, std::int32_t column, std::uint32_t i,
                      std::uint32_t j) const {
    const auto y = static_cast<std::size_t>(std::int64_t{row} + i);
    const auto x = static_cast<std::size_t>(std::int64_t{column} + j);
    return reinterpret_cast<plain*>(static_cast<unsigned char*>(matrix_.first) +
                                    y * matrix_.pitch_bytes) +
           x;
  }

  /// Loads with the calling lane's instructions; with cp.async where it may and places are aligned to it.
  COWARP_FN void load_rows(plain* to, std::int32_t row, std::int32_t column,
                           bool may_be_async) const {
    const auto rows    = detail::inside_of(matrix_.rows, row, Rows);
    const auto columns = detail::inside_of(matrix_.columns, column, Columns);
    for (std::uint32_t i = 0; i < Rows; ++i, to += Columns) {
      for (std::uint32_t j = 0; j < Columns; ++j) {
        if (!rows.has(i) || !columns.has(j)) to[j] = plain{};
      }
      if (!rows.has(i) || columns.is_empty()) continue;
      const plain* const from   = at(row, column, i, columns.begin);
      const std::uint32_t bytes = columns.size() * sizeof(Value);
      if (may_be_async && platform::is_copy_aligned(to + columns.begin, from, bytes)) {
        platform::begin_lane_load(to + columns.begin, from, bytes);
      } else {
        platform::copy_at_once(to + columns.begin, from, bytes);
      }
    }
  }

  COWARP_FN void store_rows(const plain* from, std::int32_t row, std::int32_t column) const {
    const auto rows    = detail::inside_of(matrix_.rows, row, Rows);
    const auto columns = detail::inside_of(matrix_.columns, column, Columns);
    if (columns.is_empty()) return;
    for (std::uint32_t i = rows.begin; i < rows.end; ++i) {
      platform::copy_at_once(at(row, column, i, columns.begin), from + i * Columns + columns.begin,
                             columns.size() * sizeof(Value));
    }
  }

  /// \returns true if the hardware copies tiles that begin at this column. (It was tried on an H200: another is an
  /// illegal instruction.)
  [[nodiscard]] COWARP_FN static constexpr bool begins_unit(std::int32_t column) {
    return column * static_cast<std::int32_t>(sizeof(Value)) %
               static_cast<std::int32_t>(platform::copy_unit) ==
           0;
  }

  /// \returns true if the hardware is to load the tile. One beside the matrix it need not.
  [[nodiscard]] COWARP_FN bool is_loaded_whole(std::int32_t row, std::int32_t column) const {
    return is_described_ && begins_unit(column) &&
           !detail::inside_of(matrix_.rows, row, Rows).is_empty() &&
           !detail::inside_of(matrix_.columns, column, Columns).is_empty();
  }

  /// \returns true if the hardware is to store the tile. (Tried on an H200: one that begins before the first row
  /// or column is an illegal instruction, though it loads such; and what it stores of a row it stores in units.)
  [[nodiscard]] COWARP_FN bool is_stored_whole(std::int32_t row, std::int32_t column) const {
    const std::uint32_t inside = detail::inside_of(matrix_.columns, column, Columns).size();
    return is_loaded_whole(row, column) && row >= 0 && column >= 0 &&
           inside * sizeof(Value) % platform::copy_unit == 0;
  }

  /// \returns the fastest way to load the tile that begins at `row`, `column`.
  [[nodiscard]] COWARP_FN way way_of_load(const void* to, std::int32_t row,
                                          std::int32_t column) const {
    require_place(to, column);
    return platform::way_of_tile_load(is_loaded_whole(row, column), map_, to);
  }
  /// Begins to load it, or does so if the way is `at_once`. \param ends where a bulk load ends
  COWARP_FN void begin_load(way by, void* to, std::int32_t row, std::int32_t column,
                            bool is_constant, platform::mbarrier_word* ends) const {
    if (by == way::bulk_load) {
      platform::begin_tile_load(to, &map_, row, column, copied_bytes, is_constant, *ends);
    } else {
      load_rows(static_cast<plain*>(to), row, column, by == way::lane_load);
    }
  }

  COWARP_FN void require_place([[maybe_unused]] const void* of_tile,
                               [[maybe_unused]] std::int32_t column) const {
    COWARP_ASSERT(!is_described_ || begins_unit(column),
                  "tile_map: a tile begins at a multiple of 16 bytes of its row, also before the "
                  "first: begin it further left and make it wider");
    COWARP_ASSERT(
        reinterpret_cast<std::uintptr_t>(of_tile) % platform::tile_alignment == 0,
        "tile_map: a tile in shared memory is aligned to 128 bytes: take it from a tile_pool "
        "of the map's tile_bytes, or say alignas(128)");
    COWARP_ASSERT(
        !is_described_ || platform::is_in_reach(map_),
        "tile_map: the hardware reads the map in global memory: keep it in the grid state, "
        "and pass it by reference");
  }

  platform::tensor_map map_;
  platform::matrix_shape matrix_;
  bool is_described_;  // in `map_`, for the hardware
};

/// Waits until a tile was loaded; made by `copy_async` and by `tile_pool::tile::load`.
///
/// It is a `copy_future` in all but what it copies: states, memory order, progress, and where its mbarrier
/// must stand.
///
/// Called by:     the lane that polls the task.
/// Storage:       56 bytes.
/// Fails:         never. A tile that is not aligned to 128 bytes, one that begins between multiples of 16 bytes
///                of its row, and a map outside of global memory are an assertion in Debug, else slow.
template <class Map>
class tile_load_future : detail::copy_on_its_way {
 public:
  using output = unit;

  COWARP_FN tile_load_future(void* to, const Map& from, std::int32_t row, std::int32_t column,
                             copy_option option, platform::mbarrier_word* ends)
      : copy_on_its_way(option, ends), row_(row), column_(column), from_(from), to_(to) {}
  tile_load_future(tile_load_future&&) = default;  // before the first poll only

  COWARP_FN polled<unit> poll(context& cx) {
    return poll_copy(cx, [&] { begin(); });
  }

 private:
  COWARP_FN void begin() {
    const way by = begins_by(from_.way_of_load(to_, row_, column_));
    from_.begin_load(by, to_, row_, column_, is_constant(), ends());
  }

  std::int32_t row_;
  std::int32_t column_;
  const Map& from_;
  void* to_;
};

/// Waits until a tile was stored; made by `copy_async` and by `tile_pool::tile::store`. All else is as with
/// `tile_load_future`.
template <class Map>
class tile_store_future : detail::copy_on_its_way {
  static_assert(!std::is_const_v<typename Map::value>,
                "tile_map: the matrix has const values, so nobody stores there");

 public:
  using output = unit;

  COWARP_FN tile_store_future(const Map& to, std::int32_t row, std::int32_t column,
                              const void* from, copy_option option)
      : copy_on_its_way(option, nullptr), row_(row), column_(column), to_(to), from_(from) {}
  tile_store_future(tile_store_future&&) = default;  // before the first poll only

  COWARP_FN polled<unit> poll(context& cx) {
    return poll_copy(cx, [&] { begin(); });
  }

 private:
  COWARP_FN void begin() {
    to_.require_place(from_, column_);
    const bool is_whole = to_.is_stored_whole(row_, column_);
    const way by        = begins_by(platform::way_of_tile_store(is_whole, to_.map_, from_));
    if (by == way::bulk_store) {
      platform::begin_tile_store(&to_.map_, row_, column_, from_);
    } else {
      to_.store_rows(static_cast<const typename Map::plain*>(from_), row_, column_);
    }
  }

  std::int32_t row_;
  std::int32_t column_;
  const Map& to_;
  const void* from_;
};

/// \returns a future that is ready once the tile that begins at `row`, `column` was copied to `to`, in
/// shared memory and aligned to 128 bytes.
template <class Value, std::uint32_t Rows, std::uint32_t Columns>
[[nodiscard]] COWARP_FN tile_load_future<tile_map<Value, Rows, Columns>> copy_async(
    void* to, const tile_map<Value, Rows, Columns>& from, std::int32_t row, std::int32_t column,
    copy_option option = copy_option::none) {
  return {to, from, row, column, option, nullptr};
}

/// The same the other way: \returns a future that is ready once the tile at `from` was copied.
template <class Value, std::uint32_t Rows, std::uint32_t Columns>
[[nodiscard]] COWARP_FN tile_store_future<tile_map<Value, Rows, Columns>> copy_async(
    const tile_map<Value, Rows, Columns>& to, std::int32_t row, std::int32_t column,
    const void* from, copy_option option = copy_option::none) {
  return {to, row, column, from, option};
}

}  // namespace cowarp
