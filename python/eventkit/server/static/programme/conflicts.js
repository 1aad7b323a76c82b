// Which of some sessions overlap in time.

import { overlap } from "../moment.js";

const order = (one, other) =>
  (one.slot.day ?? -1) - (other.slot.day ?? -1) || one.slot.from - other.slot.from || one.place - other.place;

/** Sessions in the order of their time; those without a time come last. */
export function inOrder(sessions) {
  const timed = sessions.filter(({ slot }) => slot).sort(order);
  return [...timed, ...sessions.filter(({ slot }) => !slot)];
}

/** For each session that overlaps with others, those others: a map by key. */
export function conflictsOf(sessions) {
  const timed = inOrder(sessions).filter(({ slot }) => slot);
  const found = new Map();
  const add = (one, other) => found.set(one.key, [...(found.get(one.key) ?? []), other]);
  timed.forEach((one, place) => {
    for (const other of timed.slice(place + 1)) {
      const later = (other.slot.day ?? -1) - (one.slot.day ?? -1);
      if (later * 1440 + other.slot.from >= (one.slot.to ?? one.slot.from + 1)) break;
      if (overlap(one.slot, other.slot)) {
        add(one, other);
        add(other, one);
      }
    }
  });
  return found;
}
