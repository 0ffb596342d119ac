// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tasks: who cuts the text, who counts, who adds up.
#pragma once

#include <cowarp/cowarp.hpp>

#include "text_buffer.hpp"
#include "word_table.hpp"
#include <cstdint>

namespace wordcount {

// ```text
//                      chunks              pieces                       partials
//   ┌───────┐ device   ┌──────┐ block  ┌──────────┐ per chunk, device   ┌─────┐
//   │ split ├─────────►│ feed ├───────►│ tokenize ├────────────────────►│ add │──► counts, progress
//   └───────┘          └──▲───┘        └────┬─────┘                     └─────┘
//    block 0           every block    2 per worker, by all its lanes    block 0
//                         └─────────────────┘
//                       open_slots: a chunk is done
// ```

/// Where one file's bytes stand in the text.
struct file_place {
  std::uint64_t begin;
  std::uint64_t bytes;
};

struct file_counts {
  std::uint64_t lines;
  std::uint64_t words;
};

/// Work for one block.
struct chunk {
  std::uint64_t begin;
  std::uint32_t bytes;
  std::uint32_t file;
};

/// Work for one tokenizer: a part of the chunk in the block's slot `slot`.
struct piece {
  std::uint64_t begin;
  std::uint32_t bytes;
  std::uint32_t slot;
};

/// What a chunk had in it.
struct partial {
  std::uint32_t file;
  std::uint32_t bytes;
  std::uint32_t lines;
  std::uint32_t words;
};

/// Grid state: what the host gives, and the channels between blocks.
struct job {
  const unsigned char* text;
  const file_place* files;
  std::uint32_t file_count;
  std::uint32_t chunk_bytes;  // a multiple of `piece_bytes`
  std::uint32_t piece_bytes;  // a multiple of `group_bytes`
  std::uint64_t chunk_count;
  word_table table;  // `slots` is null: frequencies are not wanted
  file_counts* counts;
  mapped_counter::word* bytes_done;
  cowarp::platform::atomic_word<cowarp::scope::device> is_table_full;

  cowarp::channel<chunk, 256> chunks;
  cowarp::channel<partial, 256> partials;
};

/// A chunk that this block has begun; its pieces are counted by many tokenizers at once.
///
/// Invariant:     in use from `open` until the last `add`; its slot is then free for the next chunk.
/// Called by:     `open`: the feeder; `add`: any tokenizer of the block, once for each piece;
///                `result`: the one to which `add` said true.
/// Scope:         block.
/// Memory order:  the sums of all pieces are visible after the `add` that returned true.
/// Progress:      wait-free.
struct open_chunk {
  std::uint32_t file;
  std::uint32_t bytes;
  cowarp::platform::atomic_word<cowarp::scope::block> pieces_left;
  cowarp::platform::atomic_word<cowarp::scope::block> lines;
  cowarp::platform::atomic_word<cowarp::scope::block> words;

  /// \pre no tokenizer has a piece of it.
  COWARP_FN void open(const chunk& from, std::uint32_t pieces) {
    file  = from.file;
    bytes = from.bytes;
    // relaxed: the channel hands the pieces over, and with them this and the next two.
    pieces_left.store(pieces, cowarp::platform::relaxed);
    lines.store(0, cowarp::platform::relaxed);
    words.store(0, cowarp::platform::relaxed);  // relaxed: as above
  }

  /// Adds a piece. \returns true if it was the last one: then all of them are in the sums.
  COWARP_FN bool add(const line_and_word_counts& counts) {
    // relaxed: published by the decrement, both of them.
    lines.fetch_add(counts.lines, cowarp::platform::relaxed);
    words.fetch_add(counts.words, cowarp::platform::relaxed);
    // acq_rel: publishes this piece's sums, and shows the last one those of all others.
    return pieces_left.fetch_sub(1, cowarp::platform::acq_rel) == 1;
  }

  [[nodiscard]] COWARP_FN partial result() const {
    // relaxed: ordered by the decrement in `add`, both of them.
    return {file, bytes, lines.load(cowarp::platform::relaxed),
            words.load(cowarp::platform::relaxed)};
  }
};

/// Block state.
struct desk {
  static constexpr std::uint32_t most_open = 4;

  open_chunk open[most_open];
  cowarp::channel<std::uint32_t, most_open, cowarp::scope::block> free_slots;
  cowarp::channel<piece, 256, cowarp::scope::block> pieces;
};

struct app;

/// Counts one group of a piece; the lanes of a worker share the groups of a piece among them.
struct count_group {
  job& j;
  std::uint64_t begin;  // of the piece

  COWARP_FN line_and_word_counts operator()(std::uint32_t group) const;
};

/// Cuts the files into chunks, anywhere.
COWARP_TASK_FRAME(split, 1) {
  job& j;
  std::uint32_t file = 0;
  std::uint64_t at   = 0;  // in the file
  COWARP_BODY_BEGIN
  for (; file < j.file_count; ++file) {
    for (at = 0; at < j.files[file].bytes; at += j.chunk_bytes) {
      COWARP_AWAIT(j.chunks.send(next()));
    }
  }
  j.chunks.close();
  COWARP_BODY_END

  COWARP_FN chunk next() const {
    const std::uint64_t rest = j.files[file].bytes - at;
    return {j.files[file].begin + at,
            rest < j.chunk_bytes ? static_cast<std::uint32_t>(rest) : j.chunk_bytes, file};
  }
};

/// Takes chunks for its block and hands their pieces to the tokenizers.
COWARP_TASK_FRAME(feed, 1) {
  job& j;
  desk& d;
  cowarp::polled<std::uint32_t> slot{};
  cowarp::polled<chunk> now{};
  std::uint32_t at = 0;  // in the chunk
  COWARP_BODY_BEGIN
  for (;;) {
    // First room, then work: a block that is busy leaves the next chunk to the others.
    COWARP_AWAIT_INTO(slot, d.free_slots.receive());
    COWARP_AWAIT_INTO(now, j.chunks.receive());
    if (!now) break;
    d.open[*slot].open(*now, (now->bytes + j.piece_bytes - 1) / j.piece_bytes);
    for (at = 0; at < now->bytes; at += j.piece_bytes) COWARP_AWAIT(d.pieces.send(next()));
  }
  d.pieces.close();
  COWARP_BODY_END

  COWARP_FN piece next() const {
    const std::uint32_t rest = now->bytes - at;
    return {now->begin + at, rest < j.piece_bytes ? rest : j.piece_bytes, *slot};
  }
};

/// Counts one piece after the other, with all lanes of its worker. A word belongs to the piece that it
/// begins in.
COWARP_TASK_FRAME(tokenize, 512, 96) {
  job& j;
  desk& d;
  cowarp::polled<piece> now{};
  line_and_word_counts counts{};
  COWARP_BODY_BEGIN
  for (;;) {
    COWARP_AWAIT_INTO(now, d.pieces.receive());
    if (!now) COWARP_RETURN();
    COWARP_AWAIT_INTO(
        counts, cowarp::lanes_reduce(groups(), line_and_word_counts{}, count_group{j, now->begin}));
    if (d.open[now->slot].add(counts)) {
      COWARP_AWAIT(j.partials.send(d.open[now->slot].result()));
      COWARP_AWAIT(d.free_slots.send(now->slot));
    }
  }
  COWARP_BODY_END

  COWARP_FN std::uint32_t groups() const {
    return static_cast<std::uint32_t>((now->bytes + group_bytes - 1) / group_bytes);
  }
};

/// Adds up the chunks of each file.
COWARP_TASK_FRAME(add, 1) {
  job& j;
  std::uint64_t chunks = 0;
  std::uint64_t bytes  = 0;
  cowarp::polled<partial> part{};
  COWARP_BODY_BEGIN
  for (; chunks < j.chunk_count; ++chunks) {
    COWARP_AWAIT_INTO(part, j.partials.receive());
    j.counts[part->file].lines += part->lines;
    j.counts[part->file].words += part->words;
    bytes += part->bytes;
    // relaxed: only shown to people.
    j.bytes_done->store(bytes, cowarp::platform::relaxed);
  }
  COWARP_BODY_END
};

struct app : cowarp::program<split, feed, tokenize, add> {
  using grid_state  = job;
  using block_state = desk;

  static constexpr bool uses_width           = true;
  static constexpr std::uint32_t max_workers = 20;  // warps; 19 words of 32 tasks have one each
  static constexpr std::uint32_t tokenizers  = 32;  // of a block, two for each of 16 warps

  COWARP_FN static void start(cowarp::spawner<app> s, desk& d, job& j) {
    if (s.block() == 0) {
      s.must_spawn<split>(j);
      s.must_spawn<add>(j);
    }
    for (std::uint32_t i = 0; i < desk::most_open; ++i) static_cast<void>(d.free_slots.try_send(i));
    s.must_spawn<feed>(j, d);
    for (std::uint32_t i = 0; i < tokenizers; ++i) s.must_spawn<tokenize>(j, d);
  }
};

COWARP_FN inline line_and_word_counts count_group::operator()(std::uint32_t group) const {
  return scan_group(j.text, begin + group * group_bytes,
                    [&](std::uint64_t at, std::uint64_t length) {
                      if (j.table.slots == nullptr || j.table.add(j.text, at, length)) return;
                      // relaxed: read after the run.
                      j.is_table_full.store(1, cowarp::platform::relaxed);
                      cowarp::spawner<app>().stop();  // the host tries again with a larger table
                    });
}

}  // namespace wordcount
