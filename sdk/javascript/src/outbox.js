// Messages that are not in the log yet. Each has a `client_id` and is kept in a storage until it is acknowledged. It
// is sent again after a lost connection, a reload or a crash, and the server stores it once. The messages of a room
// are sent one at a time, so that refusals and retries do not change their order.

/** @typedef {import("./types.js").Pending} Pending */

/** Errors after which the same message may be accepted, if its author tries again. */
const MAY_PASS = ["internal", "room_archived"];
const PAUSE_MS = 1_000;
/** If an answer takes longer, the connection is checked. */
export const SLOW_MS = 700;

export class Outbox {
  #options;
  /** @type {import("./connection.js").Connection} */
  #connection;
  /** The messages of each room, in order. @type {Map<number, Pending[]>} */
  #pending = new Map();
  /** The rooms to which messages can be sent now. @type {Set<number>} */
  #open = new Set();
  /** The `client_id` of the unanswered message of each room. @type {Map<number, string>} */
  #underWay = new Map();
  #lastOrder = 0;

  /**
   * @param {import("./connection.js").Connection} connection
   * @param {import("./types.js").OutboxOptions} options
   */
  constructor(connection, options) {
    this.#connection = connection;
    this.#options = options;
    this.#restore();
  }

  /** The messages of a room that are not in the log yet, in order. @param {number} roomId */
  of(roomId) {
    return this.#pending.get(roomId) ?? [];
  }

  /**
   * @param {number} roomId
   * @param {string} content
   * @param {import("./types.js").Extras} [extras]
   * @param {string} [clientId]
   * @returns {Pending}
   */
  add(roomId, content, extras = {}, clientId = newId()) {
    const known = this.#find(roomId, clientId);
    if (known) return known;
    // Several messages may be written in the same millisecond.
    this.#lastOrder = Math.max(Date.now() * 1000, this.#lastOrder + 1);
    /** @type {Pending} */
    const pending = {
      client_id: clientId,
      room_id: roomId,
      content,
      ...extras,
      at: new Date().toISOString(),
      order: this.#lastOrder,
      state: "sending",
    };
    this.#keep(pending);
    this.#show(roomId, [...this.of(roomId), pending]);
    this.#flush(roomId);
    return pending;
  }

  /** Messages can be sent to a room from now on. @param {number} roomId */
  open(roomId) {
    this.#open.add(roomId);
    this.#flush(roomId);
  }

  /** No messages can be sent to a room for now. @param {number} roomId */
  close(roomId) {
    this.#open.delete(roomId);
  }

  /** The connection is lost, and with it the answers. */
  lose() {
    this.#open.clear();
    this.#underWay.clear();
  }

  /**
   * @param {number} roomId
   * @param {import("./shapes.js").AckFrame} ack
   * @param {boolean} hasArrived the message has come with the log
   */
  acknowledged(roomId, { ref, client_id, seq }, hasArrived) {
    const clientId = ref ?? client_id ?? "";
    this.#options.delayed?.(roomId, "");
    // The message itself arrives with the log, before or after the ack.
    if (hasArrived) this.arrived(roomId, clientId, seq);
    else {
      this.#options.storage.remove(this.#options.prefix + clientId);
      const changed = this.#change(roomId, clientId, { state: "sent", seq });
      if (changed) this.#options.stored?.(changed, seq);
      this.#next(roomId, clientId);
    }
  }

  /**
   * The message has arrived with the log.
   * @param {number} roomId
   * @param {string} clientId
   * @param {number} seq
   */
  arrived(roomId, clientId, seq) {
    const pending = this.#find(roomId, clientId);
    this.discard(roomId, clientId);
    if (pending && pending.state !== "sent") this.#options.stored?.(pending, seq);
    this.#next(roomId, clientId);
  }

  /**
   * Takes an error, if it is the answer to a message.
   * @param {import("./shapes.js").ErrorFrame} error
   * @returns {boolean} whether it is
   */
  refused(error) {
    const clientId = error.ref ?? "";
    const roomId = [...this.#pending.keys()].find((id) => this.#find(id, clientId));
    if (roomId === undefined) return false;
    // A temporary error says when to retry. After `not_subscribed` the room is joined again.
    if (error.retry_after || error.code === "not_subscribed") {
      this.#options.delayed?.(roomId, error.detail);
      const wait = (error.retry_after ?? 0) * 1000 || PAUSE_MS;
      setTimeout(() => this.#next(roomId, clientId), wait);
      return true;
    }
    this.#fail(roomId, clientId, error.code, error.detail);
    this.#next(roomId, clientId);
    return true;
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
   * @param {number} roomId
   * @param {string} clientId
   */
  retry(roomId, clientId) {
    const changes = /** @type {const} */ ({
      state: "sending",
      code: undefined,
      reason: undefined,
    });
    const changed = this.#change(roomId, clientId, changes);
    if (changed) this.#keep(changed);
    this.#flush(roomId);
  }

  /**
   * @param {number} roomId
   * @param {string} clientId
   */
  discard(roomId, clientId) {
    const { storage, prefix } = this.#options;
    storage.remove(prefix + clientId);
    if (!this.#find(roomId, clientId)) return;
    this.#show(
      roomId,
      this.of(roomId).filter(({ client_id }) => client_id !== clientId),
    );
  }

  /** Removes all messages from the storage. */
  wipe() {
    const { storage, prefix } = this.#options;
    for (const key of storage.keys(prefix)) storage.remove(key);
  }

  /** Takes the messages that were not sent when the program ended. */
  #restore() {
    const { storage, prefix } = this.#options;
    /** @type {Pending[]} */
    const kept = [];
    for (const key of storage.keys(prefix)) {
      try {
        kept.push(JSON.parse(storage.get(key) ?? ""));
      } catch {
        storage.remove(key);
      }
    }
    kept.sort((a, b) => a.at.localeCompare(b.at) || (a.order ?? 0) - (b.order ?? 0));
    for (const pending of kept)
      this.#pending.set(pending.room_id, [...this.of(pending.room_id), pending]);
  }

  /** Sends the oldest waiting message, if the message before it is answered. @param {number} roomId */
  #flush(roomId) {
    if (!this.#open.has(roomId) || this.#underWay.has(roomId)) return;
    const next = this.of(roomId).find(({ state }) => state === "sending");
    if (!next) return;
    const { client_id, content, thread_id, also_to_room, quote_of } = next;
    // The server may close the connection because of such a message, after every attempt.
    const problem = this.#options.check(content);
    if (problem) {
      this.#fail(roomId, client_id, "invalid_field", problem);
      this.#flush(roomId);
      return;
    }
    const reply = thread_id && { thread_id, ...(also_to_room && { also_to_room }) };
    const extras = { ...reply, ...(quote_of && { quote_of }) };
    const message = { room_id: roomId, content, client_id, ...extras };
    if (this.#connection.send({ type: "send", ...message, ref: client_id })) {
      this.#underWay.set(roomId, client_id);
      setTimeout(
        () => this.#underWay.get(roomId) === client_id && this.#connection.probe(),
        SLOW_MS,
      );
    }
  }

  /**
   * @param {number} roomId
   * @param {string} clientId
   */
  #next(roomId, clientId) {
    if (this.#underWay.get(roomId) === clientId) this.#underWay.delete(roomId);
    this.#flush(roomId);
  }

  /**
   * @param {number} roomId
   * @param {string} clientId
   * @param {string} code
   * @param {string} reason
   */
  #fail(roomId, clientId, code, reason) {
    const changed = this.#change(roomId, clientId, { state: "failed", code, reason });
    if (!changed) return;
    this.#keep(changed);
    this.#options.failed?.(changed);
  }

  /** @param {Pending} pending */
  #keep(pending) {
    const { storage, prefix } = this.#options;
    storage.set(prefix + pending.client_id, JSON.stringify(pending));
  }

  /**
   * @param {number} roomId
   * @param {string} clientId
   */
  #find(roomId, clientId) {
    return this.of(roomId).find(({ client_id }) => client_id === clientId);
  }

  /**
   * @param {number} roomId
   * @param {string} clientId
   * @param {Partial<Pending>} changes
   * @returns {Pending | undefined} the changed message
   */
  #change(roomId, clientId, changes) {
    const old = this.#find(roomId, clientId);
    if (!old) return;
    const changed = { ...old, ...changes };
    this.#show(
      roomId,
      this.of(roomId).map((one) => (one === old ? changed : one)),
    );
    return changed;
  }

  /**
   * @param {number} roomId
   * @param {Pending[]} list
   */
  #show(roomId, list) {
    if (list.length > 0) this.#pending.set(roomId, list);
    else this.#pending.delete(roomId);
    this.#options.changed(roomId);
  }
}

/** Returns a random id. crypto.randomUUID exists only on https pages and on localhost. */
export function newId() {
  const parts = crypto.getRandomValues(new Uint32Array(4));
  return [...parts].map((part) => part.toString(36)).join("-");
}
