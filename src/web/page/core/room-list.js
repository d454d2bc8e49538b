// The list of rooms: read from the server, and kept in order of name while rooms are created, renamed and
// deleted.

import { ApiError, call } from "./api.js";
import { names } from "./names.js";
import { seesPart, titleOf } from "./people.js";
import { signal } from "./reactive.js";
import { Room } from "./room.js";

/** @typedef {import("./types.js").RoomInfo} RoomInfo */
/** @typedef {Map<number, Room>} Rooms */

/** Frames keep the list up to date. In case one is ever missed, the list is read again after this time. */
const LIST_MS = 600_000;
const LIST_RETRY_MS = 2_000;

export class RoomList {
  /** In order of name. @type {import("./reactive.js").Signal<Rooms>} */
  rooms = signal(/** @type {Rooms} */ (new Map()));
  /** The rooms have been read once. */
  loaded = signal(false);
  /** Why the rooms could not be read. @type {import("./reactive.js").Signal<unknown>} */
  error = signal(/** @type {unknown} */ (null));
  #timer = 0;
  #ended = false;
  /** Rooms that were deleted. A list that was read before that may still have them. @type {Set<number>} */
  #deleted = new Set();
  /** Rooms that were created while the list was being read, which may not have them. @type {Set<number>} */
  #created = new Set();
  /** How many requests for the list are unanswered. */
  #reading = 0;

  /**
   * @param {{ described(room: Room, info: RoomInfo): void, read(added: Rooms): void }} listener `described`:
   *   the list had a room that was known already; `read`: the list was taken, with these new rooms
   * @param {number} userId the reader
   */
  constructor(listener, userId) {
    this.listener = listener;
    this.userId = userId;
  }

  async refresh() {
    clearTimeout(this.#timer);
    let pause = LIST_MS;
    this.#reading += 1;
    try {
      /** @type {RoomInfo[]} */
      const list = await call("GET", "/rooms/");
      if (this.#ended) return;
      this.#take(list);
      this.loaded.value = true;
      this.error.value = null;
    } catch (error) {
      this.error.value = error;
      pause = LIST_RETRY_MS;
    } finally {
      this.#reading -= 1;
      if (this.#reading === 0) this.#created.clear();
    }
    if (this.#ended) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), pause);
  }

  /**
   * Reads one room again. A room that the reader may no longer see leaves the list.
   * @param {number} roomId
   */
  async reread(roomId) {
    try {
      this.put(await call("GET", `/rooms/${roomId}`));
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) this.drop(roomId);
    }
  }

  /**
   * Takes a room as the server has answered it.
   * @param {RoomInfo} info
   * @returns {Room}
   */
  put(info) {
    const old = this.rooms.peek().get(info.id);
    const room = old ?? new Room(info, this.userId);
    if (this.#reading > 0) this.#created.add(info.id);
    if (old) this.#describe(old, info);
    this.#show(old ? this.rooms.peek() : new Map([...this.rooms.peek(), [room.id, room]]));
    if (!old) this.listener.read(new Map([[room.id, room]]));
    return room;
  }

  /** Removes a room that the reader may not see at the moment. @param {number} roomId */
  drop(roomId) {
    this.#created.delete(roomId);
    const rooms = new Map(this.rooms.peek());
    if (rooms.delete(roomId)) this.rooms.value = rooms;
  }

  /**
   * Adds a room that was created.
   * @param {RoomInfo} info
   * @returns {Room | undefined} the room, if it is new
   */
  add(info) {
    if (this.#reading > 0) this.#created.add(info.id);
    // The first list will have the room.
    if (this.rooms.peek().has(info.id) || !this.loaded.peek()) return;
    const room = new Room(info, this.userId);
    this.#show(new Map([...this.rooms.peek(), [room.id, room]]));
    return room;
  }

  /**
   * Takes the new state of a room, which arrives as an event of its log and as a frame beside the log.
   * @param {Room} room
   * @param {Partial<import("./types.js").RoomRules> & (import("./types.js").RoomChangedFrame
   *   | import("./types.js").RoomUpdatedFrame)} frame
   */
  change(room, frame) {
    const old = room.info.peek();
    if (frame.revision <= old.revision) return;
    const { name, description, archived_at, revision } = frame;
    show(room, { ...old, ...rulesOf(frame), name, description, archived_at, revision });
    this.#show(this.rooms.peek());
  }

  /** People have other names. @param {import("./types.js").Person[]} people */
  rename(people) {
    let isListed = false;
    for (const room of this.rooms.peek().values())
      for (const person of people) isListed = room.rename(person) || isListed;
    if (isListed) this.#show(this.rooms.peek());
  }

  /** @param {number} roomId @returns {boolean} whether the room was in the list */
  remove(roomId) {
    this.#deleted.add(roomId);
    const rooms = new Map(this.rooms.peek());
    const wasThere = rooms.delete(roomId);
    if (wasThere) this.rooms.value = rooms;
    return wasThere;
  }

  /** Forgets every room, because the database is another one. */
  forget() {
    this.loaded.value = false;
    this.#deleted.clear();
    this.#created.clear();
    this.rooms.value = new Map();
  }

  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /** @param {RoomInfo[]} list */
  #take(list) {
    const known = this.rooms.peek();
    /** @type {Rooms} */
    const rooms = new Map();
    /** @type {Rooms} */
    const added = new Map();
    for (const info of list) {
      if (this.#deleted.has(info.id)) continue;
      const old = known.get(info.id);
      const room = old ?? new Room(info, this.userId);
      rooms.set(info.id, room);
      if (old) this.#describe(room, info);
      else added.set(info.id, room);
    }
    for (const id of this.#created) {
      const room = known.get(id);
      if (room && !rooms.has(id) && !this.#deleted.has(id)) rooms.set(id, room);
    }
    this.#show(rooms);
    this.listener.read(added);
  }

  /**
   * Takes the description of a known room from the list, unless a newer one is known.
   * @param {Room} room
   * @param {RoomInfo} info
   */
  #describe(room, info) {
    const old = room.info.peek();
    const newest = info.revision < old.revision ? old : info;
    const { name, description, archived_at, revision } = newest;
    const head_seq = Math.max(old.head_seq, info.head_seq);
    const rules = rulesOf(newest);
    show(room, { ...info, ...rules, name, description, archived_at, revision, head_seq });
    room.count(info);
    this.listener.described(room, info);
  }

  /** @param {Rooms} rooms in any order */
  #show(rooms) {
    this.rooms.value = new Map(
      [...rooms].sort(([, a], [, b]) => names.compare(this.#title(a), this.#title(b))),
    );
  }

  /** @param {Room} room */
  #title(room) {
    return titleOf(room.info.peek(), this.userId);
  }
}

/**
 * @param {Room} room
 * @param {RoomInfo} info
 */
function show(room, info) {
  const isSame = seesPart(info) === seesPart(room.info.peek());
  room.info.value = info;
  // The reader may read more of the room than before, or less.
  if (!isSame) room.restart();
}

/**
 * The kind and the rules, of which an older server sends none.
 * @param {Partial<import("./types.js").RoomRules>} info
 */
function rulesOf({ kind, posting, inviting, history, auto_join }) {
  return Object.fromEntries(
    Object.entries({ kind, posting, inviting, history, auto_join }).filter(
      ([, value]) => value !== undefined,
    ),
  );
}
