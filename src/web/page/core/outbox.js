// Messages that are not in the log yet. Each has a `client_id` and is kept in the browser's storage until it
// is acknowledged. It is sent again after a lost connection, a reload or a crash, and the server stores it
// once. The messages of a room are sent one at a time, so that refusals and retries do not change their order.

import { sentence } from "./api.js";
import { isTooLong, messageChars } from "./limits.js";
import { refreshSetup } from "./setup.js";
import { probe, sendFrame } from "./socket.js";
import { storage } from "./storage.js";

/** @typedef {import("./types.js").Pending} Pending */
/** @typedef {import("./room.js").Room} Room */

/** Errors after which the same message may be accepted, if its author tries again. */
const MAY_PASS = ["internal", "room_archived"];
const PAUSE_MS = 1_000;
/** If an answer takes longer, the connection is checked. */
export const SLOW_MS = 700;

export class Outbox {
  /** @type {Map<number, string>} the `client_id` of the unanswered message of each room */
  #underWay = new Map();

  /** @param {number} userId */
  constructor(userId) {
    this.prefix = `chatapp.outbox.${userId}.`;
  }

  /**
   * Restores the messages that were not sent when the page was closed.
   * @param {Map<number, Room>} rooms
   */
  restore(rooms) {
    /** @type {Pending[]} */
    const kept = [];
    for (const key of storage.keys(this.prefix)) {
      try {
        kept.push(JSON.parse(storage.get(key) ?? ""));
      } catch {
        storage.remove(key);
      }
    }
    kept.sort((a, b) => a.at.localeCompare(b.at));
    for (const pending of kept) {
      const room = rooms.get(pending.room_id);
      if (room && !find(room, pending.client_id)) {
        room.pending.value = [...room.pending.peek(), { ...pending }];
      }
    }
  }

  /**
   * @param {Room} room
   * @param {string} content
   */
  add(room, content) {
    /** @type {Pending} */
    const pending = {
      client_id: newId(),
      room_id: room.id,
      content,
      at: new Date().toISOString(),
      state: "sending",
    };
    this.#keep(pending);
    room.pending.value = [...room.pending.peek(), pending];
    this.flush(room);
  }

  /**
   * Sends the oldest waiting message, if the message before it is answered.
   * @param {Room} room
   */
  flush(room) {
    if (!room.live.peek() || this.#underWay.has(room.id)) return;
    const next = room.pending.peek().find(({ state }) => state === "sending");
    if (!next) return;
    const { client_id, content } = next;
    // The server may close the connection because of such a message, after every attempt.
    if (isTooLong(content)) {
      const detail = `a message may have at most ${messageChars()} characters`;
      this.#fail(room, client_id, "invalid_field", detail);
      this.flush(room);
      return;
    }
    if (sendFrame({ type: "send", room_id: room.id, content, client_id, ref: client_id })) {
      this.#underWay.set(room.id, client_id);
      setTimeout(() => this.#underWay.get(room.id) === client_id && probe(), SLOW_MS);
    }
  }

  /** The connection is lost, and with it the answers. */
  lose() {
    this.#underWay.clear();
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").AckFrame} ack
   */
  acknowledged(room, ack) {
    const clientId = ack.ref ?? ack.client_id ?? "";
    room.delay.value = "";
    storage.remove(this.prefix + clientId);
    // The message itself arrives with the log, before or after the ack.
    if (ack.seq <= room.lastSeq) remove(room, clientId);
    else change(room, clientId, { state: "sent", seq: ack.seq });
    this.#next(room, clientId);
  }

  /**
   * The message has arrived with the log.
   * @param {Room} room
   * @param {string} clientId
   */
  arrived(room, clientId) {
    storage.remove(this.prefix + clientId);
    remove(room, clientId);
    this.#next(room, clientId);
  }

  /**
   * @param {Room} room
   * @param {import("./types.js").ErrorFrame} error
   */
  refused(room, error) {
    const clientId = error.ref ?? "";
    // A temporary error says when to retry. After `not_subscribed` the page joins the room again.
    if (error.retry_after || error.code === "not_subscribed") {
      room.delay.value = error.detail;
      setTimeout(() => this.#next(room, clientId), (error.retry_after ?? 0) * 1000 || PAUSE_MS);
      return;
    }
    if (error.code === "invalid_field") refreshSetup();
    const detail = error.detail.replace(/^content: /, "a message ");
    this.#fail(room, clientId, error.code, detail);
    this.#next(room, clientId);
  }

  /**
   * Whether the server may accept a refused message without a change.
   * @param {Pending} pending
   */
  mayPass({ code = "" }) {
    return MAY_PASS.includes(code);
  }

  /**
   * Sends a refused message again.
   * @param {Room} room
   * @param {string} clientId
   */
  retry(room, clientId) {
    const changed = change(room, clientId, {
      state: "sending",
      code: undefined,
      reason: undefined,
    });
    if (changed) this.#keep(changed);
    this.flush(room);
  }

  /**
   * @param {Room} room
   * @param {string} clientId
   */
  discard(room, clientId) {
    storage.remove(this.prefix + clientId);
    remove(room, clientId);
  }

  /** Removes the messages of this user from the browser. */
  wipe() {
    for (const key of storage.keys(this.prefix)) storage.remove(key);
  }

  /**
   * @param {Room} room
   * @param {string} clientId
   */
  #next(room, clientId) {
    if (this.#underWay.get(room.id) === clientId) this.#underWay.delete(room.id);
    this.flush(room);
  }

  /**
   * @param {Room} room
   * @param {string} clientId
   * @param {string} code
   * @param {string} detail
   */
  #fail(room, clientId, code, detail) {
    const changed = change(room, clientId, { state: "failed", code, reason: sentence(detail) });
    if (changed) this.#keep(changed);
  }

  /** @param {Pending} pending */
  #keep(pending) {
    storage.set(this.prefix + pending.client_id, JSON.stringify(pending));
  }
}

/**
 * @param {Room} room
 * @param {string} clientId
 */
function find(room, clientId) {
  return room.pending.peek().find(({ client_id }) => client_id === clientId);
}

/**
 * @param {Room} room
 * @param {string} clientId
 */
function remove(room, clientId) {
  if (!find(room, clientId)) return;
  room.pending.value = room.pending.peek().filter(({ client_id }) => client_id !== clientId);
}

/**
 * @param {Room} room
 * @param {string} clientId
 * @param {Partial<Pending>} changes
 * @returns {Pending | undefined} the changed message
 */
function change(room, clientId, changes) {
  const old = find(room, clientId);
  if (!old) return;
  const changed = { ...old, ...changes };
  room.pending.value = room.pending.peek().map((one) => (one === old ? changed : one));
  return changed;
}

/** Returns a random id. crypto.randomUUID exists only on https pages and on localhost. */
function newId() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return [...parts].map((part) => part.toString(36)).join("-");
}
