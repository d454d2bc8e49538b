// The newest display names of people, as frames and answers have them. Answers that were read earlier have older names.

import { signal } from "./reactive.js";

/** @typedef {import("./types.js").Person} Person */

export class KnownNames {
  /** Grows when somebody has another name. */
  version = signal(0);
  /** @type {Map<number, string | null>} */
  #names = new Map();

  /**
   * Takes the names, and returns the people whose names were not known.
   * @param {Person[]} people
   */
  learn(people) {
    const fresh = people.filter(
      ({ user_id, display_name = null }) => this.#names.get(user_id) !== display_name,
    );
    for (const { user_id, display_name } of fresh) this.#names.set(user_id, display_name ?? null);
    if (fresh.length > 0) this.version.value += 1;
    return fresh;
  }

  /**
   * The person under the newest name.
   * @template {Person} T
   * @param {T} person
   * @returns {T}
   */
  newest(person) {
    const display_name = this.#names.get(person.user_id);
    return display_name === undefined ? person : { ...person, display_name };
  }
}

/** The people whom a frame names. @param {object} frame */
export function peopleIn(frame) {
  /** @type {Partial<Person> & { members?: Person[], users?: Person[], messages?: Person[],
   *   reactions?: Person[] }} */
  const { user_id, username, display_name = null, members, users, messages, reactions } = frame;
  const people = [...(members ?? []), ...(users ?? []), ...(messages ?? []), ...(reactions ?? [])];
  // The user 0 is the server.
  if (user_id && username) people.push({ user_id, username, display_name });
  return people;
}
