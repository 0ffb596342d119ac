/* SPDX-License-Identifier: Apache-2.0
 *
 * sync/channel.hpp and sync/detail/message_ring.hpp: senders, receivers, cancellation, close.
 *
 * Laws:     a message that entered is received once or is still there, and one that came back never
 *           entered; each sender's messages arrive in order (SENDS > 1);
 *           nobody waits who could go on: neither between two critical sections, unless someone is
 *           about to let them in, nor, for want of a wake, once all is quiet; a sender waits only
 *           while there are CAPACITY messages and promises, and once all is quiet, messages;
 *           who was promised room knows its cell; after `close` everyone ends, and when a
 *           receiver was told so, nothing is left; every run ends.
 * Assumed:  a critical section is one step: nobody sees what it touches without the lock;
 *           waking is a step of its own after it; a task is polled again after its ready bit was
 *           set, and the bit is cleared before the poll (ready_word.pml); a future is dropped only
 *           between two polls of its task.
 * Size:     2 senders and 2 receivers, with SENDS and RECEIVES of one at a time; each wait may be
 *           given up at any moment; capacity CAPACITY; CLOSERS may close; STRANGERS wakes of
 *           anyone for no reason.
 */
#if defined(FAULT_NOT_MOVED_UP) || defined(FAULT_OWNER_NOT_TOLD) || \
    defined(FAULT_OWNER_NOT_MOVED) || defined(FAULT_NOT_SETTLED)
/* Something must be able to stand behind a promise. */
#define SENDS 2
#define CAPACITY 2
#define STRANGERS 0
#define CLOSERS 0
#endif
#ifndef SENDS
#define SENDS 1
#endif
#ifndef RECEIVES
#define RECEIVES 1
#endif
#ifndef CAPACITY
#define CAPACITY 1
#endif
#ifndef CLOSERS
#define CLOSERS 1
#endif
#ifndef STRANGERS
#define STRANGERS 1   /* wakes of anyone for no reason */
#endif
#define SENDERS 2
#define TASKS 4
#define NOBODY 255
#define MESSAGES (SENDERS * SENDS)

mtype = { idle, queued, notified };       /* a waiter */
mtype = { waits, ok, nothing };           /* an answer; `nothing`: closed */
mtype = { unused, promised, filled };     /* a cell */

bool is_closed;
byte reserved;
byte senders[2], sender_count;
byte receivers[2], receiver_count;
mtype waiter[TASKS] = idle;
byte promise_of[SENDERS];                 /* the cell of a notified sender */
bool is_ready[TASKS];

/* message_ring.hpp */
mtype cell[CAPACITY] = unused;
byte content[CAPACITY];                   /* the message, or whom the cell is promised to */
byte first, count, ready, messages;
hidden byte place;                        /* scratch of one critical section */

/* What the laws are told in. */
bool has_entered[MESSAGES], was_received[MESSAGES], came_back[MESSAGES];
byte received_of[SENDERS];   /* how many of each sender's messages have had their turn */
bool is_asleep[TASKS];       /* waits, and will not give up */
byte running = TASKS + CLOSERS + STRANGERS;
byte going_on;               /* who will let more in as soon as they have the lock again */
bool was_told_drained;

#define behind_first(i) ((first + (i)) % CAPACITY)
#define can_notify_sender() (sender_count != 0 && (is_closed || count < CAPACITY))
#define can_notify_receiver() \
  (receiver_count != 0 && (ready > reserved || (is_closed && count == 0)))

/* ---- the ring, under the lock ---- */

inline settle() {
  do
  :: ready < count && cell[behind_first(ready)] != promised -> ready++
  :: else -> break
  od
}

inline promise(to) {
  assert(count < CAPACITY && cell[behind_first(count)] == unused);
  promise_of[to] = behind_first(count);
  count++;
  cell[promise_of[to]] = promised;
  content[promise_of[to]] = to
}

inline keep(c, m) {
  assert(cell[c] == promised && !has_entered[m] && !came_back[m]);
  cell[c] = filled;
  content[c] = m;
  messages++;
  has_entered[m] = true;
  settle()
}

inline move_up(from, to) {
  assert(cell[from] != unused && cell[to] == unused);
  cell[to] = cell[from];
#ifdef FAULT_OWNER_NOT_MOVED
  content[to] = (cell[from] == promised -> content[to] : content[from]);
#else
  content[to] = content[from];
#endif
#ifndef FAULT_OWNER_NOT_TOLD
  if
  :: cell[from] == promised -> promise_of[content[from]] = to
  :: else
  fi;
#endif
  cell[from] = unused;
  content[from] = 0
}

inline drop(c) {
  assert(cell[c] == promised);
  cell[c] = unused;
  content[c] = 0;
#ifndef FAULT_NOT_MOVED_UP
  place = (c + CAPACITY - first) % CAPACITY + 1;
  do
  :: place < count -> move_up(behind_first(place), behind_first(place - 1)); place++
  :: else -> break
  od;
#endif
  count--;
#ifndef FAULT_NOT_SETTLED
  settle()
#endif
}

inline take_first() {
  assert(ready != 0 && cell[first] == filled);
  got = content[first];
  assert(has_entered[got] && !was_received[got] && got % SENDS >= received_of[got / SENDS]);
  was_received[got] = true;
  received_of[got / SENDS] = got % SENDS + 1;
  got = 0;
  cell[first] = unused;
  content[first] = 0;
  first = behind_first(1);
  count--;
  ready--;
  messages--
}

/* ---- the channel, under the lock ---- */

inline remove_sender(who) {
  senders[0] = (senders[0] == who -> senders[1] : senders[0]);
  senders[1] = 0;
  sender_count--
}

inline remove_receiver(who) {
  receivers[0] = (receivers[0] == who -> receivers[1] : receivers[0]);
  receivers[1] = 0;
  receiver_count--
}

inline notify() {
  if
  :: can_notify_sender() ->
     woken = senders[0];
     remove_sender(woken);
     if
     :: is_closed -> waiter[woken] = idle
     :: else -> promise(woken); waiter[woken] = notified
     fi
  :: else
  fi;
  if
  :: can_notify_receiver() ->
     also_woken = receivers[0];
     remove_receiver(also_woken);
     if
     :: ready > reserved -> reserved++; waiter[also_woken] = notified
     :: else -> waiter[also_woken] = idle
     fi
  :: else
  fi;
#ifndef FAULT_NOBODY_GOES_ON
  has_more = can_notify_sender() || can_notify_receiver();
#endif
  going_on = going_on + has_more
}

#define knows_its_cell(who) \
  (waiter[who] != notified || \
   (cell[promise_of[who]] == promised && content[promise_of[who]] == who))

inline check_between() {
  assert(going_on != 0 || !(can_notify_sender() || can_notify_receiver()));
  assert(reserved <= ready && ready <= messages && messages <= count && count <= CAPACITY);
  assert(ready == count || cell[behind_first(ready)] == promised);
  assert(count - messages == (waiter[0] == notified) + (waiter[1] == notified));
  assert(going_on != 0 || sender_count == 0 ||
         messages + (waiter[0] == notified) + (waiter[1] == notified) == CAPACITY);
  assert(knows_its_cell(0) && knows_its_cell(1));
  assert(reserved == (waiter[2] == notified) + (waiter[3] == notified))
}

/* ---- without the lock ---- */

inline wake(who) {
  if
  :: who != NOBODY -> is_ready[who] = true
  :: else
  fi;
  who = NOBODY
}

inline wake_and_go_on() {
  do
  :: true ->
     wake(woken);
     wake(also_woken);
     if
     :: has_more -> d_step { has_more = false; going_on--; notify(); check_between() }
     :: else -> break
     fi
  od
}

/* Sleeps until it is woken, or gives up at any moment. */
#define wait_or_give_up(give_up)                                                              \
  if                                                                                          \
  :: is_asleep[me] = true;                                                                    \
     end_asleep: is_ready[me];                                                                \
     is_asleep[me] = false                                                                    \
  :: true -> if                                                                               \
     :: is_ready[me]                                                                          \
     :: true -> give_up; break                                                                \
     fi                                                                                       \
  fi

/* ---- send_future ---- */

inline leave() {
  if
  :: waiter[me] == queued ->
#ifndef FAULT_LEAVER_STAYS_QUEUED
     remove_sender(me)
#endif
  :: waiter[me] == notified ->
#ifndef FAULT_PROMISE_STAYS
     drop(promise_of[me]);
#ifndef FAULT_ROOM_NOT_HANDED_ON
     notify()
#endif
#endif
  :: else
  fi;
  waiter[me] = idle
}

inline poll_send() {
#ifdef FAULT_WAKE_BEFORE_CHANGE
  if
  :: receiver_count != 0 -> is_ready[receivers[0]] = true
  :: else
  fi;
#endif
#ifdef FAULT_TWO_SECTIONS
  must_wait = waiter[me] == idle && !is_closed && (count == CAPACITY || sender_count != 0);
#endif
  d_step {
    answer = waits;
    if
    :: is_closed ->
#ifndef FAULT_CLOSED_STAYS_QUEUED
       leave();
#endif
       answer = nothing
    :: !is_closed && waiter[me] == notified ->
       waiter[me] = idle;
       keep(promise_of[me], value);
#ifndef FAULT_RECEIVER_NOT_NOTIFIED
       notify();
#endif
       answer = ok
#ifdef FAULT_TWO_SECTIONS
    :: !is_closed && waiter[me] == idle && !must_wait && count < CAPACITY ->
#else
    :: !is_closed && waiter[me] == idle && count < CAPACITY && sender_count == 0 ->
#endif
       promise(me);
       keep(promise_of[me], value);
       notify();
       answer = ok
    :: else ->
       if
       :: waiter[me] == idle ->
          senders[sender_count] = me;
          sender_count++;
          waiter[me] = queued
       :: else
       fi
    fi;
#ifdef FAULT_WAKE_BEFORE_CHANGE
    also_woken = NOBODY;
#endif
    if
    :: answer == nothing -> came_back[value] = true; assert(!has_entered[value])
    :: else
    fi;
    promise_of[me] = (waiter[me] == notified -> promise_of[me] : 0);
#ifndef FAULT_TWO_SECTIONS
    check_between()
#endif
  };
  wake_and_go_on()
}

inline cancel_send() {
  d_step {
    leave();
    came_back[value] = true;
    promise_of[me] = 0;
    check_between()
  };
  wake_and_go_on()
}

active [SENDERS] proctype sender() {
  byte me = _pid, sent, value, woken = NOBODY, also_woken = NOBODY;
  bool has_more;
  mtype answer = waits;
#ifdef FAULT_TWO_SECTIONS
  bool must_wait;
#endif
  do
  :: sent < SENDS && answer != nothing ->
     value = me * SENDS + sent;
     sent++;
     do
     :: is_ready[me] = false;
        poll_send();
        if
        :: answer == waits -> wait_or_give_up(cancel_send())
        :: else -> break
        fi
     od
  :: else -> break
  od;
  running--
}

/* ---- receive_future ---- */

inline poll_receive() {
  d_step {
    answer = waits;
    if
    :: waiter[me] == queued
    :: waiter[me] == notified ->
       reserved--;
       waiter[me] = idle;
       take_first();
       notify();
       answer = ok
#ifdef FAULT_NO_RESERVATION
    :: waiter[me] == idle && ready > 0 ->
#else
    :: waiter[me] == idle && ready > reserved && receiver_count == 0 ->
#endif
       take_first();
       notify();
       answer = ok
    :: else ->
       if
#ifdef FAULT_DRAINED_EARLY
       :: is_closed && ready <= reserved ->
#else
       :: is_closed && count == 0 ->
#endif
          was_told_drained = true;
          answer = nothing
       :: else ->
          receivers[receiver_count] = me;
          receiver_count++;
          waiter[me] = queued
       fi
    fi;
    check_between()
  };
  wake_and_go_on()
}

inline cancel_receive() {
  d_step {
    if
    :: waiter[me] == queued -> remove_receiver(me); waiter[me] = idle
    :: waiter[me] == notified ->
       waiter[me] = idle;
#ifndef FAULT_RESERVATION_STAYS
       reserved--;
#ifndef FAULT_MESSAGE_NOT_HANDED_ON
       notify()
#endif
#endif
    :: else
    fi;
    check_between()
  };
  wake_and_go_on()
}

active [2] proctype receiver() {
  byte me = _pid, received, got, woken = NOBODY, also_woken = NOBODY;
  bool has_more;
  mtype answer = waits;
  do
  :: received < RECEIVES && answer != nothing ->
     received++;
     do
     :: is_ready[me] = false;
        poll_receive();
        if
        :: answer == waits -> wait_or_give_up(cancel_receive())
        :: else -> break
        fi
     od
  :: else -> break
  od;
  running--
}

#if CLOSERS
active proctype closer() {
  byte woken = NOBODY, also_woken = NOBODY;
  bool has_more;
  if
  :: true ->
     d_step {
       is_closed = true;
#ifndef FAULT_CLOSE_TELLS_NOBODY
       notify()
#endif
     };
     wake_and_go_on()
  :: true
  fi;
  running--
}
#endif

#if STRANGERS
active [STRANGERS] proctype stranger() {
  if
  :: is_ready[0] = true
  :: is_ready[1] = true
  :: is_ready[2] = true
  :: is_ready[3] = true
  :: true
  fi;
  running--
}
#endif

#define sleeps(who) (is_asleep[who] && !is_ready[who])

/* Once nobody runs any more. */
active proctype judge() {
  byte i, inside;
  running == sleeps(0) + sleeps(1) + sleeps(2) + sleeps(3);
  atomic {
    do
    :: i < MESSAGES ->
       assert(!was_received[i] || has_entered[i]);
       assert(!came_back[i] || !has_entered[i]);
       inside = inside + has_entered[i] - was_received[i];
       i++
    :: else -> break
    od;
    assert(inside == count && inside == ready && inside == messages && reserved == 0);
    assert(!(sleeps(0) || sleeps(1)) || (inside == CAPACITY && !is_closed));
    assert(!(sleeps(2) || sleeps(3)) || (inside == 0 && !is_closed));
    assert(!was_told_drained || inside == 0)
  }
}
