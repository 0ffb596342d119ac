/* SPDX-License-Identifier: Apache-2.0
 *
 * executor/{executor,spawner,block}.hpp: one slot word; its worker, spawners, and wakers that may
 * be late by a whole life.
 *
 * Laws:     a frame is polled only while it is built, by one at a time; a slot is claimed only when
 *           its last task is destroyed; a spawn, a wake and a self-wake are followed by a poll
 *           that begins after the wake's writes; no task is done before it is counted; a waker made
 *           in a life wakes that life; a busy slot is a slot with a task; every run ends.
 * Assumed:  one step is one atomic memory operation, in one order for all (no weak memory);
 *           the lanes of the word poll one after the other (they touch different frames; whatever
 *           else a poll does to the word, the spawners and wakers here do at any moment);
 *           the worker waits instead of passing over a word with nothing to poll; `again` is the
 *           worker's own; how a wake crosses blocks is in run_queue.pml, its last step is the wake
 *           here.
 * Size:     2 slots; SPAWNERS spawners with SPAWNS tries each; WAKERS wakers with WAKES wakes each;
 *           a task waits for one event, may wake itself once, and may end without the event.
 */
#ifndef SPAWNERS
#define SPAWNERS 2
#endif
#ifndef SPAWNS
#define SPAWNS 1
#endif
#ifndef WAKERS
#define WAKERS 1
#endif
#ifndef WAKES
#define WAKES 1
#endif
#ifdef FAULT_TWO_WORKERS
#define WORKERS 2
#else
#define WORKERS 1
#endif
#define SLOTS 2
#define ALL 3

byte ready;
byte alive;
byte again;   /* tasks that woke themselves; plain, its worker's only */
byte claimed;
short live;
byte generation[SLOTS];

/* The frames: `event` is what a task waits for, the rest is what the laws are told in. */
mtype = { none, building, built, polling };
mtype frame[SLOTS] = none;
byte life[SLOTS];                /* the lives that were built here */
bool is_registered[SLOTS];       /* the task gave out wakers */
byte waker_generation[SLOTS];    /* what the task read when it did */
byte event[SLOTS];
byte seen[SLOTS];                /* the events that the last poll saw */
bool has_self_woken[SLOTS];
bool wants_poll[SLOTS];          /* it was spawned or woke itself, and was not polled since */
byte busy = SPAWNERS + WAKERS;   /* processes that may still wake or spawn */
byte workers_left = WORKERS;

/* begin() */
inline begin() {
#ifndef FAULT_COUNTED_LATE
  live++;
#endif
#ifdef FAULT_WAKE_BEFORE_ALIVE
  ready = ready | (1 << slot);
  alive = alive | (1 << slot);
#else
#ifndef FAULT_ALIVE_BEFORE_BUILT
  alive = alive | (1 << slot);
#endif
  ready = ready | (1 << slot);
#endif
#ifdef FAULT_COUNTED_LATE
  live++;
#endif
  skip
}

inline build() {
  d_step {
    assert(frame[slot] == none);
    frame[slot] = building;
    life[slot]++;
    event[slot] = 0;
    seen[slot] = 0;
    is_registered[slot] = false;
    has_self_woken[slot] = false;
    wants_poll[slot] = true
  };
#ifdef FAULT_ALIVE_BEFORE_BUILT
  alive = alive | (1 << slot);
#endif
  frame[slot] = built
}

active [SPAWNERS] proctype spawner() {
  byte spawns, slot, taken, free;
  do
  :: spawns < SPAWNS ->
     spawns++;
     free = ALL & ~claimed;
     do
     :: free == 0 -> break /* busy */
     :: free != 0 ->
        slot = (free & 1 -> 0 : 1);
#ifdef FAULT_CLAIM_BY_STORE
        taken = claimed;
        claimed = taken | (1 << slot);
#else
        atomic { taken = claimed; claimed = taken | (1 << slot) };
#endif
        if
        :: (taken & (1 << slot)) == 0 ->
           build();
           begin();
           break
        :: else -> free = ALL & ~taken & ~(1 << slot)
        fi
     od;
     atomic { slot = 0; taken = 0; free = 0 }
  :: else -> break
  od;
  busy--
}

inline take_waker() {
  wakes++;
  my_life = life[slot];
  my_generation = waker_generation[slot]
}

/* Holds a waker of a task for as long as it likes. `task_id` wakes do not ask for the life. */
active [WAKERS] proctype waker() {
  byte wakes, slot, my_life, my_generation;
  do
  :: wakes < WAKES ->
     if
     :: atomic { is_registered[0] -> slot = 0; take_waker() }
     :: atomic { is_registered[1] -> slot = 1; take_waker() }
     :: break
     fi;
     d_step {
       if
       :: life[slot] == my_life && frame[slot] != none -> event[slot]++
       :: else
       fi
     };
     if
     :: ready = ready | (1 << slot)
     :: if
        :: generation[slot] == my_generation -> ready = ready | (1 << slot)
        :: generation[slot] != my_generation
        fi
     fi;
     atomic { slot = 0; my_life = 0; my_generation = 0 }
  :: else -> break
  od;
  busy--
}

/* One poll of one frame. Registers, then checks. */
inline poll() {
  d_step { assert(frame[slot] == built); frame[slot] = polling; wants_poll[slot] = false };
  given = generation[slot];
  d_step { waker_generation[slot] = given; is_registered[slot] = true; given = 0 };
  seen[slot] = event[slot];
  if
  :: ended = ended | (1 << slot) /* done */
  :: !has_self_woken[slot] ->    /* done, but had woken itself before */
     d_step { has_self_woken[slot] = true; asked = asked | (1 << slot);
              ended = ended | (1 << slot) }
  :: seen[slot] == 0             /* pending */
  :: seen[slot] == 0 && !has_self_woken[slot] ->
     d_step { has_self_woken[slot] = true; wants_poll[slot] = true;
              asked = asked | (1 << slot) }
  fi;
  assert(frame[slot] == polling);
  if
  :: (ended & (1 << slot)) != 0 ->
#ifdef FAULT_CLAIMED_BEFORE_DESTROY
     claimed = claimed & ~(1 << slot);
#endif
     d_step { frame[slot] = none; is_registered[slot] = false };
#ifndef FAULT_GENERATION_PER_POLL
     generation[slot]++
#endif
  :: else ->
#ifdef FAULT_GENERATION_PER_POLL
     generation[slot]++;
#endif
     frame[slot] = built
  fi
}

inline retire() {
#ifdef FAULT_CLAIMED_FIRST
  claimed = claimed & ~ended;
  alive = alive & ~ended;
#else
  alive = alive & ~ended;
  claimed = claimed & ~ended;
#endif
  d_step {
    live = live - (ended & 1) - (ended >> 1);
    assert(live >= 0)
  }
}

inline take_woken() {
#ifdef FAULT_MASK_BEFORE_TAKE
  given = alive;
  atomic { taken = ready & given; ready = 0; given = 0 };
#else
#ifdef FAULT_TAKE_BY_STORE
  taken = ready;
  ready = 0;
#else
#ifdef FAULT_CLEAR_AFTER_POLL
  taken = ready;
#else
  atomic { taken = ready; ready = 0 };
#endif
#endif
#ifndef FAULT_NO_ALIVE_MASK
  taken = taken & alive;
#endif
#endif
  skip
}

active [WORKERS] proctype worker() {
  byte taken, slot, ended, asked, given;
  do
  :: ready != 0 || again != 0 ->
     if
     :: ready != 0 -> take_woken()
     :: ready == 0
     fi;
     taken = taken | again;
     slot = 0;
     do
     :: slot < SLOTS ->
        if
        :: (taken & (1 << slot)) != 0 -> poll()
        :: else
        fi;
        slot++
     :: else -> break
     od;
#ifdef FAULT_CLEAR_AFTER_POLL
     ready = ready & ~taken;
#endif
#ifdef FAULT_NO_SELF_WAKE
     asked = 0;
#endif
#ifdef FAULT_AGAIN_OF_ENDED
     again = asked;
#else
#ifdef FAULT_AGAIN_NOT_CLEARED
     again = ((asked & ~ended) != 0 -> asked & ~ended : again);
#else
     again = asked & ~ended;
#endif
#endif
     if
     :: ended != 0 -> retire()
     :: else
     fi;
     atomic { taken = 0; slot = 0; ended = 0; asked = 0; given = 0 }
  :: ready == 0 && again == 0 && busy == 0 -> break
  od;
  atomic {
    workers_left--;
    slot = (workers_left == 0 -> 0 : SLOTS);
    do
    :: slot < SLOTS ->
       assert((frame[slot] == built) == ((alive >> slot) & 1));
       assert((frame[slot] == built) == ((claimed >> slot) & 1));
       assert(frame[slot] != built || (seen[slot] == event[slot] && !wants_poll[slot]));
       slot++
    :: else -> break
    od;
    assert(workers_left != 0 || live == (alive & 1) + (alive >> 1))
  }
}
