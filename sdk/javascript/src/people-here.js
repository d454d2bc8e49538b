// Who is in a room, and who is typing there, as the frames about it say.

/** @typedef {import("./shapes.js").Person} Person */

/** How long a user is shown as typing after the last `typing` frame. */
const TYPING_MS = 5_000;

export class PeopleHere {
  /** @type {Person[]} */
  list = [];
  /** How many people are in the room: in a big room, more than `list` names. */
  count = 0;
  /** Those who are typing. @type {Person[]} */
  typing = [];
  /** @type {Map<number, ReturnType<typeof setTimeout>>} */
  #typists = new Map();
  #changed;

  /** @param {() => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /** @param {import("./types.js").PeopleFrame} frame */
  take(frame) {
    if (frame.type === "active_users") {
      this.list = frame.users;
      this.count = frame.count;
    } else {
      const others = this.list.filter(({ user_id }) => user_id !== frame.user_id);
      const wasHere = others.length < this.list.length;
      if (frame.type === "user_joined") {
        this.list = [...others, person(frame)];
        this.count += wasHere ? 0 : 1;
      } else {
        this.list = others;
        this.count = Math.max(this.count - 1, others.length);
        this.stopTyping(frame.user_id);
      }
    }
    this.#changed();
  }

  /** Somebody has another name. @param {(people: Person[]) => Person[]} rename */
  rename(rename) {
    this.list = rename(this.list);
    this.#changed();
  }

  /** @param {Person} typist */
  showTyping(typist) {
    const { user_id } = typist;
    this.#forget(user_id);
    this.typing = [...this.typing, person(typist)];
    const timer = setTimeout(() => this.stopTyping(user_id), TYPING_MS);
    this.#typists.set(user_id, timer);
    this.#changed();
  }

  /** @param {number} userId */
  stopTyping(userId) {
    if (this.#forget(userId)) this.#changed();
  }

  /** Nothing is known of those who are typing: there is no connection. */
  lose() {
    for (const userId of this.#typists.keys()) this.stopTyping(userId);
  }

  /** @param {number} userId */
  #forget(userId) {
    clearTimeout(this.#typists.get(userId));
    if (!this.#typists.delete(userId)) return false;
    this.typing = this.typing.filter(({ user_id }) => user_id !== userId);
    return true;
  }
}

/** @param {Person} frame @returns {Person} */
function person({ user_id, username, display_name }) {
  return { user_id, username, ...(display_name && { display_name }) };
}
