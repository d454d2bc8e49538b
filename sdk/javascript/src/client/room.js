// One room that a program follows: its events, and what can be done in it.

import { ApiError } from "../errors.js";
import { FollowedRoom, UNKNOWN } from "../followed-room.js";
import { MessageWindow } from "../message-window.js";
import { newId } from "../outbox.js";
import { PeopleHere } from "../people-here.js";
import { Emitter } from "./emitter.js";
import { request } from "./request.js";

/**
 * @typedef {import("../shapes.js").Frame} Frame
 * @typedef {import("../types.js").Pending} Pending
 * @typedef {Extract<Frame, { id: number, seq: number, timestamp: string }>} LogEvent an event of the room's log
 *
 * @typedef {{ [F in Frame as F["type"]]: F }} Frames
 * @typedef {Frames & {
 *   event: LogEvent,
 *   live: boolean,
 *   restart: undefined,
 *   people: PeopleHere,
 *   pending: Pending[],
 *   refused: Pending,
 *   left: { cause: string }
 * }} RoomEvents by the types of frames, and: `event`: every event of the log, in order; `live`: the room has caught up,
 *   or the connection is lost; `restart`: events are missing, and what the program knows of the room is void; `people`:
 *   who is here or who is typing has changed; `pending`: the messages that are not in the log yet have changed;
 *   `refused`: a message was refused; `left`: the room is not followed any more
 *
 * @typedef {object} SendOptions
 * @property {number} [thread_id] the message is a reply to this one
 * @property {boolean} [also_to_room] the room shows the reply too
 * @property {number} [quote_of] the message quotes this one
 * @property {string} [client_id] the program's own id of the message: it is stored once, however often it is sent
 *
 * @typedef {object} Owner the client of a room
 * @property {import("../shapes.js").User} user
 * @property {import("../api.js").Api} api
 * @property {import("../outbox.js").Outbox} outbox
 * @property {import("../sync.js").Sync<ChatRoom>} sync
 * @property {string | undefined} epoch
 * @property {(room: ChatRoom) => void} unfollow
 *
 * @typedef {{ resolve(stored: { client_id: string, seq: number }): void, reject(error: Error): void }} Waiting
 */

export class ChatRoom extends FollowedRoom {
  /** The room has caught up: the next events are new. */
  isLive = false;
  /** How far the user has read, as this client knows it. */
  readSeq = 0;
  /** The read position that the server does not have yet; 0 if it has it. */
  #unsentRead = 0;
  /** @type {Emitter<RoomEvents>} */
  #events = new Emitter();
  #client;
  #isEnded = false;
  /** Those who wait for the outcome of a message, by its `client_id`. @type {Map<string, Waiting>} */
  #waiting = new Map();

  /**
   * @param {Owner} client
   * @param {number} id
   * @param {number} [since] the seq of the last event that the program has handled
   */
  constructor(client, id, since = UNKNOWN) {
    super(id, since);
    this.#client = client;
    /** Who is in the room, and who is typing. */
    this.people = new PeopleHere(() => this.#events.emit("people", this.people));
  }

  /**
   * Calls a function for each event of a kind.
   * @template {keyof RoomEvents} K
   * @param {K} kind
   * @param {(event: RoomEvents[K]) => void} listener
   * @returns {() => void} ends that
   */
  on(kind, listener) {
    return this.#events.on(kind, listener);
  }

  /** What the program keeps to continue from here later: the options of `follow`. */
  get position() {
    const since = Number.isFinite(this.lastSeq) ? this.lastSeq : undefined;
    return { since, epoch: this.#client.epoch };
  }

  /** The messages that are not in the log yet, in order. */
  get pending() {
    return this.#client.outbox.of(this.id);
  }

  /**
   * Sends a message. It is kept until the server has stored it, and sent again after an interruption; it is stored once.
   * @param {string} content
   * @param {SendOptions} [options]
   * @returns {Promise<{ client_id: string, seq: number }>} its place in the log, once it is stored
   * @throws {ApiError} the server refused it
   */
  send(content, { client_id = newId(), ...extras } = {}) {
    if (this.#isEnded) return Promise.reject(new Error(notFollowed("closed")));
    /** @type {Promise<{ client_id: string, seq: number }>} */
    const outcome = new Promise((resolve, reject) => {
      this.#waiting.set(client_id, { resolve, reject });
    });
    // A program that does not wait for the outcome is not ended by a refusal: there is an event about it.
    outcome.catch(() => {});
    this.#client.outbox.add(this.id, content, extras, client_id);
    return outcome;
  }

  /** Sends a refused message again. @param {string} clientId */
  retry(clientId) {
    this.#client.outbox.retry(this.id, clientId);
  }

  /** Gives a message up that is not in the log yet. @param {string} clientId */
  discard(clientId) {
    this.#client.outbox.discard(this.id, clientId);
    this.#reject(clientId, new Error("the message was discarded"));
  }

  /** Tells the others that the user is typing. It is shown for five seconds. */
  typing() {
    this.#client.sync.connection.send({ type: "typing", room_id: this.id });
  }

  /** Everything up to a position has been read. @param {number} seq */
  markRead(seq) {
    if (seq <= this.readSeq) return;
    this.readSeq = seq;
    if (!this.#client.sync.markRead(this, seq)) this.#unsentRead = seq;
  }

  /**
   * Adds a reaction to a message, or takes it back.
   * @param {number} messageId
   * @param {string} emoji
   * @param {boolean} [isOn]
   */
  async react(messageId, emoji, isOn = true) {
    const path = { room_id: this.id, message_id: messageId, emoji };
    const operation = /** @type {const} */ (
      "/rooms/{room_id}/messages/{message_id}/reactions/{emoji}"
    );
    await request(this.#client.api, `${isOn ? "PUT" : "DELETE"} ${operation}`, { path });
  }

  /**
   * A page of the messages: the newest ones, or those before, after or around a seq.
   * @param {{ before?: number, after?: number, around?: number, limit?: number }} [query]
   */
  history(query) {
    return request(this.#client.api, "GET /rooms/{room_id}/messages", {
      path: { room_id: this.id },
      ...(query && { query }),
    });
  }

  /**
   * A window into the messages of the room, or of one of its threads, which follows the log. It loads the newest
   * messages when the room has caught up.
   * @param {number | null} [threadId] the id of the first message of the thread
   */
  window(threadId = null) {
    const { api } = this.#client;
    const window = new MessageWindow(api.call.bind(api), this.id, threadId);
    const load = () => void (window.isLoaded || window.loadNewest());
    const ends = [
      this.on("live", (isLive) => isLive && load()),
      this.on("event", (event) => window.take(/** @type {any} */ (event))),
      this.on("restart", () => window.forget()),
    ];
    window.onEnd = () => ends.forEach((end) => end());
    if (this.isLive) load();
    return window;
  }

  /** Stops following the room. The user stays a member. */
  unfollow() {
    this.#client.unfollow(this);
  }

  // What follows is called by the client.

  /** @returns {number} */
  get unsentRead() {
    return this.#unsentRead;
  }

  /** @param {boolean} isLive */
  setLive(isLive) {
    if (isLive) this.#unsentRead = 0;
    else this.people.lose();
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.#events.emit("live", isLive);
  }

  restart() {
    this.#events.emit("restart", undefined);
  }

  /** @param {import("../types.js").Received} frame */
  received(frame) {
    switch (frame.type) {
      case "active_users":
      case "user_joined":
      case "user_left":
        this.people.take(frame);
        break;
      case "typing":
        if (frame.user_id !== this.#client.user.id) this.people.showTyping(frame);
        break;
      case "message":
      case "reply":
        this.people.stopTyping(frame.user_id);
        break;
      case "read":
        this.readSeq = frame.seq;
        break;
    }
    this.#events.emit(frame.type, /** @type {any} */ (frame));
    const { id, seq } = /** @type {{ id?: number, seq?: number }} */ (frame);
    if (id && seq && frame.type !== "ack")
      this.#events.emit("event", /** @type {LogEvent} */ (frame));
  }

  pendingChanged() {
    this.#events.emit("pending", this.pending);
  }

  /**
   * @param {Pending} pending
   * @param {number} seq
   */
  stored({ client_id }, seq) {
    this.#waiting.get(client_id)?.resolve({ client_id, seq });
    this.#waiting.delete(client_id);
  }

  /** @param {Pending} pending */
  refused(pending) {
    const { client_id, code = "", reason = "" } = pending;
    this.#events.emit("refused", pending);
    this.#reject(client_id, new ApiError(0, code, reason));
  }

  /**
   * The room is not followed any more.
   * @param {string} cause
   */
  ended(cause) {
    this.#isEnded = true;
    for (const id of this.#waiting.keys()) this.#reject(id, new Error(notFollowed(cause)));
    this.setLive(false);
    this.#events.emit("left", { cause });
  }

  /**
   * @param {string} clientId
   * @param {Error} error
   */
  #reject(clientId, error) {
    this.#waiting.get(clientId)?.reject(error);
    this.#waiting.delete(clientId);
  }
}

/** @param {string} cause */
const notFollowed = (cause) =>
  `the message is not sent now, because the room is not followed any more (${cause})`;
