// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/ready_set.hpp>

#include <algorithm>
#include <bit>
#include <functional>

namespace cowarp::sim {

// ---- random -------------------------------------------------------------------------------------

void random_set::add(fiber& f) {
  f.place = static_cast<std::uint32_t>(ready_.size());
  ready_.push_back(&f);
}

void random_set::remove(fiber& f) {
  fiber* last     = ready_.back();
  ready_[f.place] = last;
  last->place     = f.place;
  ready_.pop_back();
}

void random_set::go_on(std::size_t i) {
  add(*stalled_[i].who);
  stalled_.erase(stalled_.begin() + static_cast<std::ptrdiff_t>(i));
}

fiber& random_set::at_point(fiber& running, std::uint64_t step) {
  for (std::size_t i = stalled_.size(); i-- > 0;) {
    if (stalled_[i].until <= step) go_on(i);
  }
  if (how_.stall_probability > 0 && random_.chance(how_.stall_probability)) {
    remove(running);
    stalled_.push_back({&running, step + (std::uint64_t{1} << random_.below(15))});
    if (ready_.empty()) end_stall();
    return *next();
  }
  return random_.chance(how_.switch_probability) ? *next() : running;
}

void random_set::stay(fiber& f) {
  for (std::size_t i = 0; i < stalled_.size(); ++i) {
    if (stalled_[i].who == &f) return go_on(i);
  }
}

bool random_set::end_stall() {
  if (stalled_.empty()) return false;
  go_on(0);
  return true;
}

fiber* random_set::next() {
  if (ready_.empty()) return nullptr;
  return ready_[random_.below(static_cast<std::uint32_t>(ready_.size()))];
}

// ---- priority -----------------------------------------------------------------------------------

namespace {

void shuffle(std::uint32_t* items, std::uint32_t count, random_source& random) {
  for (std::uint32_t i = count; i > 1; --i) std::swap(items[i - 1], items[random.below(i)]);
}

}  // namespace

priority_set::priority_set(const options& how, random_source& random, std::uint32_t warps)
    : random_(random), order_(warps), warps_(warps) {
  for (std::uint32_t i = 0; i < warps; ++i) {
    order_[i]       = i;
    warps_[i].ready = 0;
    for (std::uint32_t j = 0; j < 32; ++j) warps_[i].rank_of[j] = j;
    shuffle(warps_[i].rank_of, 32, random_);
  }
  shuffle(order_.data(), warps, random_);
  // Short and long runs should both be hit, so the magnitude of a step is drawn first.
  for (std::uint32_t i = 0; i < how.change_points; ++i) {
    const std::uint64_t magnitude = std::uint64_t{1} << random_.below(17);
    change_at_.push_back(magnitude + random_.next() % magnitude);
  }
  std::sort(change_at_.begin(), change_at_.end(), std::greater<>());
}

void priority_set::add(fiber& f) {
  lanes& warp              = warps_[f.warp_index];
  const std::uint32_t rank = warp.rank_of[f.lane];
  warp.by_rank[rank]       = &f;
  warp.ready |= 1u << rank;
  f.place      = 0;
  has_changed_ = true;
}

void priority_set::remove(fiber& f) {
  if (is_behind(f)) {
    behind_.erase(std::find(behind_.begin(), behind_.end(), &f));
    f.place = 0;
  } else {
    warps_[f.warp_index].ready &= ~(1u << warps_[f.warp_index].rank_of[f.lane]);
  }
}

void priority_set::set_back(fiber& f) {
  remove(f);
  f.place = 1;
  behind_.push_back(&f);
}

fiber& priority_set::at_point(fiber& running, std::uint64_t step) {
  while (!change_at_.empty() && step >= change_at_.back()) {
    change_at_.pop_back();
    set_back(running);
    has_changed_ = true;
  }
  if (step >= raise_at_) {
    raise_at_ = step + patience;
    raise_last();
    has_changed_ = true;
  }
  return has_changed_ ? *next() : running;
}

void priority_set::stay(fiber& f) {
  if (!is_behind(f)) return;
  remove(f);
  add(f);
  has_changed_ = false;
}

fiber* priority_set::next() {
  has_changed_ = false;
  for (const std::uint32_t i : order_) {
    if (warps_[i].ready != 0) return warps_[i].by_rank[std::countr_zero(warps_[i].ready)];
  }
  if (behind_.empty()) return nullptr;
  fiber* first = behind_.front();
  behind_.pop_front();
  add(*first);
  has_changed_ = false;
  return first;
}

void priority_set::raise_last() {
  // In turn with the others: lanes that were set back may spin on a lock that one of them holds.
  raises_behind_       = !raises_behind_;
  std::uint32_t raised = order_.size();
  if (raises_behind_ && !behind_.empty()) {
    fiber* first = behind_.front();
    behind_.pop_front();
    add(*first);
    raised = first->warp_index;
  } else {
    for (const std::uint32_t i : order_) raised = warps_[i].ready != 0 ? i : raised;
  }
  const auto at = std::find(order_.begin(), order_.end(), raised);
  if (at != order_.end()) std::rotate(order_.begin(), at, at + 1);
}

std::unique_ptr<ready_set> make_ready_set(const options& how, random_source& random,
                                          std::uint32_t warps) {
  if (how.mode == schedule_mode::random) return std::make_unique<random_set>(how, random);
  return std::make_unique<priority_set>(how, random, warps);
}

}  // namespace cowarp::sim
