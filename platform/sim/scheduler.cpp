// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/sim/scheduler.hpp>

#include <algorithm>
#include <cstring>

namespace cowarp::sim {

namespace {

scheduler* active = nullptr;
options chosen;
outcome last;

stack_pool& stacks() {
  static stack_pool pool;
  return pool;
}

bool is_same(const std::source_location& a, const std::source_location& b) {
  return a.line() == b.line() && a.column() == b.column() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

std::string describe(meeting kind, const std::source_location& where) {
  constexpr const char* names[] = {"sync_warp", "warp",      "from_leader",
                                   "uniform",   "any_lane",  "smallest_of_lanes",
                                   "for_lanes", "sync_block"};
  return std::string(names[static_cast<unsigned>(kind)]) + " at " + where.file_name() + ":" +
         std::to_string(where.line());
}

}  // namespace

void use(const options& next) { chosen = next; }
const options& in_use() { return chosen; }
const outcome& last_outcome() { return last; }

std::string_view to_string(schedule_mode mode) {
  return mode == schedule_mode::random ? "random" : "priority";
}

std::string to_string(const options& of) {
  return "seed " + std::to_string(of.seed) + ", " + std::string(to_string(of.mode)) +
         (of.mode == schedule_mode::random
              ? ", switch probability " + std::to_string(of.switch_probability) +
                    ", stall probability " + std::to_string(of.stall_probability)
              : ", change points " + std::to_string(of.change_points));
}

// ---- a launch ------------------------------------------------------------------------------------

scheduler::scheduler(const options& how, std::uint32_t blocks, std::uint32_t workers,
                     std::function<void(std::uint32_t, std::uint32_t)> body)
    : how_(how),
      random_(how.seed),
      ready_(make_ready_set(how, random_, blocks * workers)),
      body_(std::move(body)),
      fibers_(std::size_t{blocks} * workers * lanes),
      warps_(std::size_t{blocks} * workers),
      blocks_(blocks),
      alive_(blocks * workers * lanes) {
  if (how.has_memory_model) memory_ = std::make_unique<memory_model>(alive_, random_);
  for (std::uint32_t i = 0; i < fibers_.size(); ++i) {
    fiber& f      = fibers_[i];
    f.index       = i;
    f.lane        = i % lanes;
    f.warp_index  = i / lanes;
    f.block_index = f.warp_index / workers;
    f.worker      = f.warp_index % workers;
    f.stack       = stacks().take();
    f.context     = boost::context::detail::make_fcontext(f.stack + stack_pool::stack_bytes,
                                                          stack_pool::stack_bytes, &run_lane);
    ready_->add(f);
  }
  for (auto& warp : warps_) warp.meets.expected = lanes;
  for (auto& block : blocks_) block.expected = workers * lanes;
}

scheduler::~scheduler() {
  // Lanes that did not end are abandoned; they own nothing outside their stacks and the arena.
  for (auto i = fibers_.rbegin(); i != fibers_.rend(); ++i) stacks().give_back(i->stack);
}

scheduler* scheduler::of_running_lane() { return active; }

bool scheduler::run_until(std::uint64_t time_ns) {
  until_ns_     = time_ns;
  quiet_rounds_ = 0;
  if (failure_.empty() && alive_ != 0) {
    active = this;
    switch_to(next());
    active = nullptr;
    last   = {steps_, switches_, digest_, writes_, interruptions_};
  }
  if (!failure_.empty()) throw run_failed(failure_);
  return alive_ == 0;
}

void scheduler::run_lane(boost::context::detail::transfer_t from) {
  static_cast<fiber*>(from.data)->context = from.fctx;
  scheduler& self                         = *active;
  const fiber& me                         = self.running();
  self.body_(me.block_index, me.worker * lanes + me.lane);
  self.end_lane();
}

void scheduler::end_lane() {
  fiber& me        = *running_;
  gathering& warp  = warps_[me.warp_index].meets;
  gathering& block = blocks_[me.block_index];
  for (const gathering* at : {&warp, &block}) {
    if (at->arrived != 0) {
      fail("lane " + std::to_string(me.lane) + " ended while others wait for it in " +
           describe(at->kind, at->where));
    }
  }
  ++warp.ended;
  ++block.ended;
  ready_->remove(me);
  me.is = fiber::state::ended;
  switch_to(--alive_ == 0 ? host_ : next());
}

void scheduler::fail(const std::string& what) {
  const fiber& me = *running_;
  failure_        = what + " [block " + std::to_string(me.block_index) + ", worker " +
             std::to_string(me.worker) + ", lane " + std::to_string(me.lane) + "; step " +
             std::to_string(steps_) + "; " + to_string(how_) + "]";
  switch_to(host_);
  std::abort();  // nobody goes on with a run that failed
}

// ---- switching -----------------------------------------------------------------------------------

void scheduler::step() {
  if (++steps_ > how_.max_steps)
    fail("stuck: not at an end after so many steps: " + waiting_lanes());
  if (steps_ >= soonest_wake_) wake_due();
}

void scheduler::switch_to(fiber& to) {
  if (&to == running_) return;
  ++switches_;
  digest_     = (digest_ ^ (to.index + 1)) * 0x100000001B3u;
  fiber& from = *running_;
  running_    = &to;
  switch_fiber(from, to);
}

void scheduler::wait() { switch_to(next()); }

fiber& scheduler::next() {
  while (now_ns() < until_ns_) {
    if (fiber* f = ready_->next()) return *f;
    all_are_idle();
  }
  return host_;
}

void scheduler::point() {
  step();
  switch_to(now_ns() < until_ns_ ? interrupt() : host_);
}

fiber& scheduler::interrupt() {
  fiber& chosen = ready_->at_point(*running_, steps_);
  if (&chosen == running_) return chosen;
  if (how_.interruptible) {
    const auto& ranges = *how_.interruptible;
    while (next_range_ < ranges.size() && ranges[next_range_].end <= steps_) ++next_range_;
    if (next_range_ == ranges.size() || ranges[next_range_].begin > steps_) {
      ready_->stay(*running_);
      return *running_;
    }
  }
  if (how_.records) interruptions_.push_back({steps_, running_->index, chosen.index});
  return chosen;
}

void scheduler::yield() {
  step();
  ready_->set_back(*running_);
  wait();
}

// ---- memory --------------------------------------------------------------------------------------

void scheduler::watch(const void* begin, std::size_t bytes) {
  if (memory_) memory_->watch(begin, bytes);
}

void scheduler::before(const operation& what) {
  point();
  if (!memory_) return;
  const std::string wrong = memory_->check_scope(running_->block_index, what);
  if (!wrong.empty()) fail(wrong);
}

std::uint64_t scheduler::load(const operation& what) {
  before(what);
  return memory_ ? memory_->load(running_->index, steps_, what) : read_word(what);
}

void scheduler::store(const operation& what, std::uint64_t value) {
  before(what);
  ++writes_;
  if (memory_) {
    memory_->store(running_->index, steps_, what, value);
  } else {
    change_word(what, change::exchange, value);
  }
  point();
}

std::uint64_t scheduler::modify(const operation& what, change how, std::uint64_t value,
                                std::uint64_t wanted) {
  before(what);
  ++writes_;
  const std::uint64_t old = memory_
                                ? memory_->modify(running_->index, steps_, what, how, value, wanted)
                                : change_word(what, how, value, wanted);
  point();  // between this write and the caller's next plain accesses
  return old;
}

void scheduler::plain_access(const void* at, std::size_t bytes, bool is_write, const void* where) {
  if (!memory_) return;
  const std::string wrong = memory_->plain_access(running_->index, at, bytes, is_write, where);
  if (!wrong.empty()) fail(wrong);
}

// ---- time ----------------------------------------------------------------------------------------

void scheduler::idle(std::uint32_t passes, std::uint64_t limit_ns) {
  constexpr std::uint32_t spins       = 2;
  constexpr std::uint32_t longest_nap = 16u << 8;
  if (passes < spins) return yield();
  step();
  fiber& me        = *running_;
  warp_state& warp = warps_[me.warp_index];
  if (warp.asleep == 0) {
    const std::uint64_t most = std::min<std::uint64_t>(limit_ns, longest_nap) * steps_per_ns + 1;
    const std::uint64_t nap  = random_.below(16u << std::min(passes, 8u)) + 1;
    warp.wake_step           = steps_ + std::min(nap, most);
    warp.limit_ns            = limit_ns;
    soonest_wake_            = std::min(soonest_wake_, warp.wake_step);
  }
  warp.limit_ns = std::min(warp.limit_ns, limit_ns);
  warp.asleep |= 1u << me.lane;
  me.is = fiber::state::asleep;
  ready_->remove(me);
  wait();
}

void scheduler::wake(warp_state& warp) {
  const auto first = static_cast<std::size_t>(&warp - warps_.data()) * lanes;
  for (std::uint32_t i = 0; i < lanes; ++i) {
    if ((warp.asleep >> i & 1u) == 0) continue;
    fibers_[first + i].is = fiber::state::ready;
    ready_->add(fibers_[first + i]);
  }
  warp.asleep = 0;
}

void scheduler::wake_due() {
  soonest_wake_ = for_ever;
  for (auto& warp : warps_) {
    if (warp.asleep == 0) continue;
    if (warp.wake_step <= steps_) {
      wake(warp);
    } else {
      soonest_wake_ = std::min(soonest_wake_, warp.wake_step);
    }
  }
}

/// No lane can run: time jumps to the next deadline, or nearly, and all workers look again.
void scheduler::all_are_idle() {
  std::uint64_t limit = for_ever;
  bool has_sleepers   = false;
  for (const auto& warp : warps_) {
    if (warp.asleep == 0) continue;
    has_sleepers = true;
    limit        = std::min(limit, warp.limit_ns);
  }
  if (!has_sleepers && ready_->end_stall()) return;
  if (!has_sleepers) fail("stuck: no lane can run: " + waiting_lanes());
  if (ready_->has_stalled()) {  // not all are idle: some steps pass
    steps_ += lanes;
    for (auto& warp : warps_) wake(warp);
    soonest_wake_ = for_ever;
    return;
  }
  quiet_rounds_ = writes_ == quiet_since_ ? quiet_rounds_ + 1 : 0;
  quiet_since_  = writes_;
  if (quiet_rounds_ > most_quiet_rounds && until_ns_ == for_ever) {
    fail("stuck: all workers are idle, and nothing that they look at changes");
  }
  if (limit != for_ever && limit > 1) {
    was_short_ = !was_short_ && random_.chance(0.25);
    if (was_short_) limit = random_.next() % limit;
  }
  jumped_ns_ += std::min(limit == for_ever ? 500 : limit, until_ns_ - now_ns());
  for (auto& warp : warps_) wake(warp);
  soonest_wake_ = for_ever;
}

// ---- meetings ------------------------------------------------------------------------------------

agreement scheduler::meet(meeting kind, std::uint64_t value, std::source_location where,
                          std::uint64_t key) {
  step();
  fiber& me           = *running_;
  const bool is_block = kind == meeting::block;
  gathering& at       = is_block ? blocks_[me.block_index] : warps_[me.warp_index].meets;
  join(at, kind, where, key);
  if (!is_block) at.values[me.lane] = value;
  if (at.arrived < at.expected) {
    me.is = fiber::state::meeting;
    ready_->remove(me);
    wait();
    return at.result;
  }
  conclude(at);
  const std::uint32_t first = is_block ? me.block_index * at.expected : me.warp_index * lanes;
  // A shuffle or a vote alone orders no memory.
  const bool orders = is_block || kind == meeting::sync_warp || kind == meeting::flags;
  if (memory_ && orders) memory_->meet(first, at.expected);
  release(first, at.expected);
  const agreement result = at.result;
  switch_to(interrupt());
  return result;
}

void scheduler::join(gathering& at, meeting kind, std::source_location where, std::uint64_t key) {
  if (at.ended != 0) {
    fail("lanes have ended that should come to " + describe(kind, where));
  }
  if (at.arrived++ == 0) {
    at.kind  = kind;
    at.where = where;
    at.key   = key;
  } else if (at.kind != kind || !is_same(at.where, where)) {
    fail("lanes of one warp or block meet at different calls: " + describe(at.kind, at.where) +
         " and " + describe(kind, where));
  } else if (at.key != key) {
    fail("lanes of one warp pass different masks to " + describe(kind, where));
  }
}

void scheduler::conclude(gathering& at) {
  at.arrived = 0;
  agreement said{};
  switch (at.kind) {
    case meeting::leader:
    case meeting::uniform: said.value = at.values[0]; break;
    case meeting::any:
      for (const auto value : at.values) said.value |= value;
      break;
    case meeting::smallest: said.value = *std::min_element(at.values, at.values + lanes); break;
    case meeting::flags:
      for (std::uint32_t i = 0; i < 32; ++i) {
        const std::uint64_t flags = at.values[i % lanes] >> i / lanes * 4;
        for (std::uint32_t j = 0; j < 4; ++j) said.ballots[j] |= (flags >> j & 1u) << i;
      }
      break;
    case meeting::sync_warp:
    case meeting::warp:
    case meeting::block: break;
  }
  at.result = said;
}

void scheduler::release(std::uint32_t first, std::uint32_t count) {
  for (std::uint32_t i = first; i < first + count; ++i) {
    if (fibers_[i].is != fiber::state::meeting) continue;
    fibers_[i].is = fiber::state::ready;
    ready_->add(fibers_[i]);
  }
}

std::string scheduler::waiting_lanes() const {
  std::string text;
  for (std::size_t i = 0; i < warps_.size(); ++i) {
    const gathering& at = warps_[i].meets;
    if (at.arrived == 0) continue;
    text += "[warp " + std::to_string(i) + ": " + std::to_string(at.arrived) + " lanes in " +
            describe(at.kind, at.where) + "] ";
  }
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const gathering& at = blocks_[i];
    if (at.arrived == 0) continue;
    text += "[block " + std::to_string(i) + ": " + std::to_string(at.arrived) + " threads in " +
            describe(at.kind, at.where) + "] ";
  }
  return text;
}

}  // namespace cowarp::sim
