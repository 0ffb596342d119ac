// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/memory_model.hpp>

#include <algorithm>
#include <cstdio>

namespace cowarp::sim {

namespace {

bool acquires(std::memory_order order) {
  // relaxed: neither learns nor publishes.
  // release: only publishes.
  return order != std::memory_order_relaxed && order != std::memory_order_release;
}
bool releases(std::memory_order order) {
  // release: publishes.
  // acq_rel: learns and publishes.
  // seq_cst: the same here; the single order of all such operations is not modelled.
  return order == std::memory_order_release || order == std::memory_order_acq_rel ||
         order == std::memory_order_seq_cst;
}

std::string describe(std::uint32_t lane, bool is_write, const void* where) {
  char text[96];
  std::snprintf(text, sizeof text, "lane %u of the grid %s (code at %p)", lane,
                is_write ? "writes" : "reads", where);
  return text;
}

}  // namespace

memory_model::memory_model(std::uint32_t lanes, random_source& random)
    : lanes_(lanes), random_(random), clocks_(std::size_t{lanes} * lanes), joined_(lanes) {
  // Epoch 0 is what the host did before the start, which all know.
  for (std::uint32_t i = 0; i < lanes; ++i) clock_of(i)[i] = 1;
}

void memory_model::watch(const void* begin, std::size_t bytes) {
  const auto at = reinterpret_cast<std::uintptr_t>(begin);
  regions_.push_back({at, at + bytes, std::vector<cell>(bytes / 8 + 1)});
}

// ---- clocks --------------------------------------------------------------------------------------

void memory_model::learn(std::uint32_t lane, const vector_clock& published) {
  std::uint32_t* mine = clock_of(lane);
  for (std::size_t i = 0; i < published.size(); ++i) mine[i] = std::max(mine[i], published[i]);
}

void memory_model::publish(std::uint32_t lane, vector_clock& to) {
  std::uint32_t* mine = clock_of(lane);
  to.resize(lanes_);
  for (std::uint32_t i = 0; i < lanes_; ++i) to[i] = std::max(to[i], mine[i]);
  ++mine[lane];
}

void memory_model::meet(std::uint32_t first, std::uint32_t count) {
  std::fill(joined_.begin(), joined_.end(), 0);
  for (std::uint32_t i = first; i < first + count; ++i) {
    const std::uint32_t* one = clock_of(i);
    for (std::uint32_t j = 0; j < lanes_; ++j) joined_[j] = std::max(joined_[j], one[j]);
  }
  for (std::uint32_t i = first; i < first + count; ++i) {
    std::copy(joined_.begin(), joined_.end(), clock_of(i));
    ++clock_of(i)[i];
  }
}

// ---- atomics -------------------------------------------------------------------------------------

memory_model::word& memory_model::word_at(const operation& what) {
  word& w = words_[what.at];
  // What stands there may have been written by the host, or with plain stores when the memory was put
  // to a new use; whether those are ordered the race check judges.
  if (w.history.empty() || w.history.back().value != read_word(what)) {
    w.dropped += w.history.size();
    w.history.assign(1, {read_word(what), 0, 0, 0, {}});
  }
  return w;
}

std::size_t memory_model::choose(std::uint32_t lane, std::uint64_t step, word& from) {
  std::size_t oldest = from.history.size() - 1;
  if (oldest == 0) return 0;
  std::uint64_t seen = 0;
  for (const reading& r : from.readings) {
    if (r.entry > seen && knows(lane, r.lane, r.epoch)) seen = r.entry;
  }
  while (oldest > 0 && from.dropped + oldest > seen) {
    const written& newer = from.history[oldest];
    if (knows(lane, newer.lane, newer.epoch) || step - newer.step > longest_delay) break;
    --oldest;
  }
  const auto choices = static_cast<std::uint32_t>(from.history.size() - oldest);
  if (choices == 1 || random_.chance(0.5)) return from.history.size() - 1;
  return oldest + random_.below(choices);
}

void memory_model::note_reading(std::uint32_t lane, word& of, std::uint64_t entry) {
  for (const reading& r : of.readings) {
    if (r.lane == lane && r.entry >= entry) return;  // an earlier reading says as much
  }
  of.readings.push_back({lane, clock_of(lane)[lane], entry});
}

std::uint64_t memory_model::load(std::uint32_t lane, std::uint64_t step, const operation& what) {
  word& w             = word_at(what);
  const std::size_t i = choose(lane, step, w);
  if (i > 0) note_reading(lane, w, w.dropped + i);
  if (acquires(what.order)) learn(lane, w.history[i].published);
  return w.history[i].value;
}

void memory_model::append(std::uint32_t lane, std::uint64_t step, word& to, std::uint64_t value,
                          vector_clock&& published) {
  const std::uint32_t epoch = clock_of(lane)[lane];
  to.history.push_back({value, step, lane, epoch, std::move(published)});
  if (to.history.size() > longest_history) {
    to.history.erase(to.history.begin());
    ++to.dropped;
    std::erase_if(to.readings, [&](const reading& r) { return r.entry <= to.dropped; });
  }
}

void memory_model::store(std::uint32_t lane, std::uint64_t step, const operation& what,
                         std::uint64_t value) {
  word& w = word_at(what);
  append(lane, step, w, value, {});
  if (releases(what.order)) publish(lane, w.history.back().published);
  change_word(what, change::exchange, value);
}

std::uint64_t memory_model::modify(std::uint32_t lane, std::uint64_t step, const operation& what,
                                   change how, std::uint64_t value, std::uint64_t wanted) {
  word& w                 = word_at(what);
  const std::uint64_t old = read_word(what);
  if (how == change::compare && old != wanted) return old;  // a relaxed load of the newest
  vector_clock published = w.history.back().published;
  if (acquires(what.order)) learn(lane, published);
  change_word(what, how, value, wanted);
  append(lane, step, w, read_word(what), std::move(published));
  if (releases(what.order)) publish(lane, w.history.back().published);
  return old;
}

std::string memory_model::check_scope(std::uint32_t block, const operation& what) {
  if (!what.is_block_scope) return "";
  word& w = word_at(what);
  if (w.block == ~0u) w.block = block;
  return w.block == block ? "" : "a word of block scope is used by two blocks";
}

// ---- plain accesses ------------------------------------------------------------------------------

memory_model::region* memory_model::region_of(std::uintptr_t at) {
  for (auto& r : regions_) {
    if (at >= r.begin && at < r.end) return &r;
  }
  return nullptr;
}

std::string memory_model::plain_access(std::uint32_t lane, const void* at, std::size_t bytes,
                                       bool is_write, const void* where) {
  auto first = reinterpret_cast<std::uintptr_t>(at);
  region* r  = region_of(first);
  if (r == nullptr) return "";
  for (const std::uintptr_t end = std::min(first + bytes, r->end); first < end;) {
    const std::uintptr_t cell_begin = first / 8 * 8;
    const auto skip                 = static_cast<unsigned>(first - cell_begin);
    const auto count                = static_cast<unsigned>(std::min(end, cell_begin + 8) - first);
    const auto mask                 = static_cast<std::uint8_t>(((1u << count) - 1) << skip);
    const access now{lane, clock_of(lane)[lane], mask, where};
    std::string wrong =
        check_cell(lane, r->cells[(cell_begin - r->begin / 8 * 8) / 8], now, is_write);
    if (!wrong.empty()) return wrong;
    first = cell_begin + 8;
  }
  return "";
}

std::string memory_model::check_cell(std::uint32_t lane, cell& at, const access& now,
                                     bool is_write) {
  const auto races = [&](const access& before) {
    return (before.bytes & now.bytes) != 0 && before.lane != lane &&
           !knows(lane, before.lane, before.epoch);
  };
  if (races(at.write)) {
    return "data race: " + describe(lane, is_write, now.where) + " what " +
           describe(at.write.lane, true, at.write.where) + " and nothing orders";
  }
  if (!is_write) {
    std::erase_if(at.reads,
                  [&](const access& r) { return r.lane == lane && r.bytes == now.bytes; });
    at.reads.push_back(now);
    return "";
  }
  for (const access& read : at.reads) {
    if (races(read)) {
      return "data race: " + describe(lane, true, now.where) + " what " +
             describe(read.lane, false, read.where) + " and nothing orders";
    }
  }
  at.reads.clear();
  // Of two writes to different bytes of the cell only the last is kept: a race may go unnoticed.
  at.write = now;
  return "";
}

}  // namespace cowarp::sim
