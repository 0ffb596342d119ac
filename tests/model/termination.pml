/* SPDX-License-Identifier: Apache-2.0
 *
 * executor/{executor,spawner}.hpp: `grid.active`, `is_active_`, and spawns on other blocks.
 *
 * Laws:     the grid ends by itself only when no task exists and no spawn is on its way; it does
 *           end; an inbox cell is filled by one and emptied before it is filled again; no accepted
 *           spawn is forgotten; every run ends.
 * Assumed:  one step is one atomic memory operation, in one order for all (no weak memory);
 *           a wake through the run queue leads to a delivery that begins after it (run_queue.pml);
 *           begun tasks get polled (ready_word.pml); the first worker waits instead of looking
 *           outside again when there is nothing to see; each task ends after finitely many spawns.
 * Size:     BLOCKS blocks of two workers: the first looks outside, the other runs the tasks; pools
 *           of POOL slots and inboxes of as many cells; POSTS spawns on other blocks and SPAWNS in
 *           the own one, by any task or `start`.
 */
#ifdef FAULT_CELL_BY_STORE
#define BLOCKS 3
#endif
#ifdef FAULT_FILLED_BEFORE_ARGUMENTS
#define POOL 2
#endif
#ifndef BLOCKS
#define BLOCKS 2
#endif
#ifndef POOL
#define POOL 1
#endif
#ifndef POSTS
#define POSTS 3
#endif
#ifndef SPAWNS
#define SPAWNS 2
#endif
#define ALL ((1 << POOL) - 1)

byte active_count = BLOCKS;   /* grid.active */
bool has_ended;               /* grid.end */

byte live[BLOCKS];
byte claimed[BLOCKS];         /* slots of the pool */
byte queued[BLOCKS];          /* 1: the inbox stands in the block's run queue */
byte cells_claimed[BLOCKS];
byte cells_filled[BLOCKS];

/* What the laws are told in. */
byte tasks[BLOCKS];           /* begun, for the second worker to run */
byte running_tasks;           /* in a poll, or being retired */
byte on_their_way;            /* spawns accepted and not begun */
byte has_arguments[BLOCKS];   /* cells */
byte workers_left = 2 * BLOCKS;
byte posts_left = POSTS, spawns_left = SPAWNS;

inline assert_nobody_left() {
  assert(on_their_way == 0 && running_tasks == 0);
  assert(tasks[0] == 0 && tasks[1] == 0);
#if BLOCKS > 2
  assert(tasks[2] == 0)
#endif
}

inline leave_active() {
  d_step {
    assert(active_count != 0);
    active_count--;
    if
    :: active_count == 0 -> assert_nobody_left(); has_ended = true
    :: else
    fi
  }
}

/* Takes a slot, or leaves `slot` at POOL. */
inline claim(where) {
  d_step {
    slot = 0;
    do
    :: slot < POOL && (claimed[where] >> slot & 1) -> slot++
    :: else -> break
    od;
    claimed[where] = (slot < POOL -> claimed[where] | (1 << slot) : claimed[where])
  }
}

inline begin(where) {
  live[where]++;
  tasks[where]++
}

inline take_spawns() {
  d_step {
    cells = cells_filled[me] | waiting;
    cells_filled[me] = 0;
    waiting = 0;
    has_waiting = false;
    cell = 0
  };
  do
  :: cell < POOL && (cells >> cell & 1) ->
#ifdef FAULT_CELL_FREED_EARLY
     cells_claimed[me] = cells_claimed[me] & ~(1 << cell);
#endif
     claim(me);
     if
     :: slot == POOL ->
#ifndef FAULT_WAITING_FORGOTTEN
        d_step { waiting = waiting | (1 << cell); has_waiting = true }
#else
        skip
#endif
     :: else ->
        d_step {
          assert(has_arguments[me] >> cell & 1);
          has_arguments[me] = has_arguments[me] & ~(1 << cell)
        };
#ifdef FAULT_COUNT_LEFT_BEFORE_BEGIN
        leave_active();
        begin(me);
        on_their_way--;
#else
        live[me]++;
        d_step { tasks[me]++; on_their_way-- };
#endif
#ifndef FAULT_CELL_FREED_EARLY
        cells_claimed[me] = cells_claimed[me] & ~(1 << cell);
#endif
#ifndef FAULT_COUNT_LEFT_BEFORE_BEGIN
#ifdef FAULT_COUNT_NOT_TAKEN_OVER
        leave_active()
#else
#ifdef FAULT_COUNT_KEPT_TWICE
        skip;
#else
        if
        :: is_active -> leave_active()
        :: else
        fi;
#endif
        is_active = true
#endif
#endif
     fi;
     cell++
  :: cell < POOL && !(cells >> cell & 1) -> cell++
  :: else -> break
  od;
  atomic { cells = 0; cell = 0; slot = 0 }
}

/* The first worker of a block. */
active [BLOCKS] proctype outside() {
  byte me = _pid, waiting, cells, cell, slot;
  bool is_active = true, has_waiting;
  /* start */
  if
  :: atomic { spawns_left != 0 -> spawns_left-- };
     claim(me);
     if
     :: slot < POOL -> begin(me)
     :: else
     fi;
     slot = 0
  :: true
  fi;
  do
  :: queued[me] != 0 -> queued[me] = 0; take_spawns()
  :: has_waiting && claimed[me] != ALL -> take_spawns()
#ifdef FAULT_LIVE_IGNORED
  :: is_active && tasks[me] == 0 ->
#else
  :: is_active && live[me] == 0 ->
#endif
     is_active = false;
     leave_active()
  :: has_ended -> break
  od;
  workers_left--
}

inline post(to) {
  free = ALL & ~cells_claimed[to];
  do
  :: free == 0 -> break
  :: free != 0 ->
     cell = 0;
     do
     :: !(free >> cell & 1) -> cell++
     :: else -> break
     od;
#ifdef FAULT_CELL_BY_STORE
     taken = cells_claimed[to];
     cells_claimed[to] = taken | (1 << cell);
#else
     atomic { taken = cells_claimed[to]; cells_claimed[to] = taken | (1 << cell) };
#endif
     if
     :: taken >> cell & 1 -> free = ALL & ~taken
     :: else ->
#ifdef FAULT_FILLED_BEFORE_ARGUMENTS
        on_their_way++;
        active_count++;
        cells_filled[to] = cells_filled[to] | (1 << cell);
        d_step { has_arguments[to] = has_arguments[to] | (1 << cell) };
#else
        d_step {
          assert(!(has_arguments[to] >> cell & 1));
          has_arguments[to] = has_arguments[to] | (1 << cell);
          on_their_way++
        };
#ifndef FAULT_COUNTED_LATE
#ifndef FAULT_NOT_COUNTED
        active_count++;
#endif
#endif
        cells_filled[to] = cells_filled[to] | (1 << cell);
#endif
        queued[to] = 1;
#ifdef FAULT_COUNTED_LATE
        active_count++;
#endif
        break
     fi
  od;
  atomic { free = 0; cell = 0; taken = 0 }
}

/* Runs the block's tasks, each to its end. */
active [BLOCKS] proctype polls() {
  byte me = _pid - BLOCKS, slot, free, cell, taken, to;
  do
  :: d_step { tasks[me] != 0 -> tasks[me]--; running_tasks++ };
     do
     :: atomic { posts_left != 0 -> posts_left-- };
        to = (me + 1) % BLOCKS;
#if BLOCKS > 2
        if
        :: true
        :: to = (me + 2) % BLOCKS
        fi;
#endif
        post(to);
        to = 0
     :: atomic { spawns_left != 0 -> spawns_left-- };
        claim(me);
        if
        :: slot < POOL -> begin(me)
        :: else
        fi;
        slot = 0
     :: break
     od;
     /* retire: any of the claimed slots is this task's; they are alike */
#ifdef FAULT_UNCOUNTED_BEFORE_END
     live[me]--;
     if
     :: atomic { posts_left != 0 -> posts_left-- };
        to = (me + 1) % BLOCKS;
        post(to);
        to = 0
     :: true
     fi;
#endif
     claimed[me] = claimed[me] & (claimed[me] - 1);
#ifdef FAULT_UNCOUNTED_BEFORE_END
     running_tasks--
#else
     d_step { live[me]--; running_tasks-- }
#endif
  :: has_ended -> break
  od;
  workers_left--
}

/* Once all have left. */
active proctype judge() {
  workers_left == 0;
  assert(active_count == 0 && on_their_way == 0)
}
