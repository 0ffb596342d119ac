/* SPDX-License-Identifier: Apache-2.0
 *
 * executor/run_queue.hpp: wakers push items, the owner takes them all, delivers and clears.
 *
 * Laws:     an item is in the list at most once; nobody writes the link of an item that is in it;
 *           every wake is followed by a delivery that begins after the wake's writes; nothing is
 *           delivered without a claim; `wake_generation` does not touch a slot of another life;
 *           every run ends.
 * Assumed:  one step is one atomic memory operation, in one order for all (no weak memory);
 *           the owner waits instead of polling `is_empty`; a life may end at any moment, by anyone;
 *           a life's number never comes round (the code keeps 24 bits).
 * Size:     WAKERS wakers, each with ROUNDS wakes of either kind; 2 items; LIVES life ends.
 */
#ifndef WAKERS
#define WAKERS 2
#endif
#ifndef ROUNDS
#define ROUNDS 2
#endif
#ifndef LIVES
#define LIVES 1
#endif
#define ITEMS 2

byte head;          /* the first item's index plus one, or 0 */
byte next[ITEMS];   /* the next item's index plus two, 1 at the end of the list, 0 until it is linked */
byte state[ITEMS];  /* bit 0: queued; the rest: generation */

/* What the laws are told in; no process decides by it. */
byte written[ITEMS];   /* versions of what wakers write before they wake */
byte owed[ITEMS];      /* the newest version whose wake was accepted */
byte seen[ITEMS];      /* the version that the last delivery saw */
byte claims[ITEMS];
byte deliveries[ITEMS];
bool is_linked[ITEMS]; /* pushed, and its link was not read yet */
byte wakers_left = WAKERS;

inline write_data() {
  d_step {
    written[item]++;
    mine = written[item]
  }
}

inline note_accepted() {
  if
  :: mine > owed[item] -> owed[item] = mine
  :: else
  fi;
  claims[item] = claims[item] + 1 - (old & 1)
}

inline push() {
#ifdef FAULT_PUSH_BY_STORE
  h = head;
  d_step { head = item + 1; assert(!is_linked[item]); is_linked[item] = true };
#else
  d_step { h = head; head = item + 1; assert(!is_linked[item]); is_linked[item] = true };
#endif
  d_step { assert(next[item] == 0); next[item] = h + 1 }
}

inline wake() {
  d_step { old = state[item]; state[item] = old | 1; note_accepted() };
#ifdef FAULT_PUSH_WITHOUT_CLAIM
  push()
#else
  if
  :: (old & 1) == 0 -> push()
  :: else
  fi
#endif
}

inline wake_generation() {
  old = state[item];
  do
  :: (old >> 1) != life -> break
  :: (old >> 1) == life ->
#ifdef FAULT_GENERATION_BY_OR
     d_step {
       old = state[item];
       assert(state[item] >> 1 == life);
       state[item] = old | 1;
       note_accepted()
     };
     goto accepted
#else
     if
     :: d_step {
          state[item] == old ->
          assert(state[item] >> 1 == life);
          state[item] = old | 1;
          note_accepted()
        };
        goto accepted
     :: d_step { state[item] != old -> old = state[item] }
     fi
#endif
  od;
  goto done;
accepted:
  if
  :: (old & 1) == 0 -> push()
  :: else
  fi;
done:
  skip
}

active [WAKERS] proctype waker() {
  byte round, item, old, h, life, mine;
  do
  :: round < ROUNDS ->
     round++;
     if
     :: item = 0
     :: item = 1
     fi;
     if
     :: true ->
#ifdef FAULT_WAKE_BEFORE_WRITE
        d_step { mine = written[item] + 1; old = state[item]; state[item] = old | 1;
                 note_accepted() };
        if
        :: (old & 1) == 0 -> push()
        :: else
        fi;
        write_data()
#else
        write_data();
        wake()
#endif
     :: life = state[item] >> 1;
        write_data();
        wake_generation()
     fi;
     atomic { item = 0; old = 0; h = 0; life = 0; mine = 0 }
  :: else -> break
  od;
  wakers_left--
}

/* Ends lives of the slots: `next_generation`. */
active proctype life_end() {
  byte ended, item;
#ifdef FAULT_LIFE_BY_STORE
  byte old;
#endif
  do
  :: ended < LIVES ->
     ended++;
     if
     :: item = 0
     :: item = 1
     fi;
#ifdef FAULT_LIFE_BY_STORE
     old = state[item];
     state[item] = old + 2
#else
     state[item] = state[item] + 2
#endif
  :: break
  od
}

/* Waits for the link of whoever is between the two steps of `push`. */
inline read_link() {
#ifdef FAULT_LINK_NOT_AWAITED
  d_step {
    assert(is_linked[item]);
    is_linked[item] = false;
    at = (next[item] == 0 -> 0 : next[item] - 1);
    next[item] = 0
  }
#else
  d_step {
    next[item] != 0 ->
    assert(is_linked[item]);
    is_linked[item] = false;
    at = next[item] - 1;
#ifndef FAULT_LINK_KEPT
    next[item] = 0
#endif
  }
#endif
}

inline deliver() {
  d_step {
    deliveries[item]++;
    assert(deliveries[item] <= claims[item]);
    seen[item] = written[item]
  }
}

active proctype owner() {
  byte at, item;
  do
  :: head != 0 ->
#ifdef FAULT_TAKE_BY_STORE
     at = head;
     head = 0;
#else
     d_step { at = head; head = 0 };
#endif
     do
     :: at != 0 ->
        item = at - 1;
#ifdef FAULT_LINK_AFTER_CLEAR
        state[item] = state[item] & 254;
        read_link();
        deliver()
#else
        read_link();
#ifdef FAULT_CLEAR_AFTER_DELIVER
        deliver();
        state[item] = state[item] & 254
#else
        state[item] = state[item] & 254;
        deliver()
#endif
#endif
     :: else -> break
     od;
     item = 0
  :: head == 0 && wakers_left == 0 -> break
  od;
  skip;
  d_step {
    item = 0;
    do
    :: item < ITEMS ->
       assert(seen[item] >= owed[item]);
       assert(deliveries[item] == claims[item]);
       assert(!is_linked[item] && (state[item] & 1) == 0);
       item++
    :: else -> break
    od;
    skip
  }
}
