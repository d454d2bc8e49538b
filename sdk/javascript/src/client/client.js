// The client of a program: one user, one connection, and the rooms that the program follows.

import { Api } from "../api.js";
import { isLongerThan } from "../length.js";
import { Renewal, sessionOf } from "../renewal.js";
import { Sync } from "../sync.js";
import { Emitter } from "./emitter.js";
import { handshake, usualHandshake } from "./handshake.js";
import { request } from "./request.js";
import { ChatRoom } from "./room.js";
import { memoryStorage } from "./storage.js";

/**
 * @typedef {import("../types.js").KeptSession} KeptSession
 * @typedef {import("../shapes.js").Login} Login
 * @typedef {import("./request.js").Operations} Operations
 *
 * @typedef {object} ClientOptions
 * @property {string | URL} url the server's address
 * @property {KeptSession} [session] from `signIn`, or from the event `session`; its token is renewed
 * @property {string} [token] in place of a session: a token that the program has
 * @property {import("../types.js").TextStorage} [storage] where messages are kept until they are stored; in memory if
 *   it is missing
 * @property {() => Promise<KeptSession>} [renew] gets a new token in another way than this client does, for example in
 *   one tab for all
 * @property {import("./handshake.js").HandshakeKind} [handshake] how the socket is opened: with a header outside
 *   browsers, and with a subprotocol in browsers
 * @property {import("../types.js").SocketClass} [WebSocket] in place of the global one, which Node has since version 22
 * @property {typeof fetch} [fetch] in place of the global one
 *
 * @typedef {object} ClientEvents
 * @property {{ state: import("../types.js").ConnectionState, nextAttempt: number, reason: string }} state of the
 *   connection
 * @property {KeptSession} session the token was renewed: keep the new one
 * @property {{ reason: string }} ended the session has ended, or the server does not want this client: it does not
 *   connect again
 * @property {undefined} forgotten the database is another one: no position is valid any more
 * @property {import("../types.js").Received} frame every frame that is new
 * @property {import("../shapes.js").ErrorFrame} error a request over the connection failed
 */

/**
 * Signs in with a password.
 * @param {string | URL} url the server's address
 * @param {string} username
 * @param {string} password
 * @param {typeof fetch} [fetch]
 * @returns {Promise<KeptSession>}
 * @throws {import("../errors.js").ApiError}
 */
export async function signIn(url, username, password, fetch) {
  const api = new Api({ url, ...(fetch && { fetch }) });
  return sessionOf(await api.call("POST", "/auth/login", { username, password }));
}

/**
 * Returns a client that connects, and stays connected until it is closed or its session ends.
 * @param {ClientOptions} options
 * @throws {import("../errors.js").ApiError} the server does not take the token, or cannot be reached
 */
export async function connect(options) {
  const client = await ChatClient.create(options);
  client.sync.connection.connect();
  return client;
}

export class ChatClient {
  /** @type {Emitter<ClientEvents>} */
  #events = new Emitter();
  #options;
  #token = "";
  /** @type {Renewal} */
  #renewal = new Renewal(() => this.#renew());
  /** The rooms that the program follows. @type {Map<number, ChatRoom>} */
  #rooms = new Map();
  #messageChars = Infinity;
  #isClosed = false;

  /**
   * @param {ClientOptions} options
   * @param {import("../shapes.js").User} user
   */
  constructor(options, user) {
    this.#options = options;
    this.user = user;
    this.#token = options.session?.token ?? options.token ?? "";
    this.api = new Api({
      url: options.url,
      token: () => this.#token,
      ended: (detail) => this.#end(detail),
      ...(options.fetch && { fetch: options.fetch }),
    });
    /** Keeps the rooms in step with the server. */
    this.sync = this.#makeSync();
    this.outbox = this.sync.outbox;
    if (options.session) this.use(options.session);
  }

  /** @param {ClientOptions} options */
  static async create(options) {
    const { url, session, token, fetch } = options;
    if (!(options.WebSocket ?? globalThis.WebSocket))
      throw new TypeError(
        "this program has no WebSocket class: pass one as `WebSocket`, for example that of the package ws",
      );
    if (!session && !token) throw new TypeError("a client needs `session` or `token`");
    const api = new Api({ url, token: () => token, ...(fetch && { fetch }) });
    return new ChatClient(options, session?.user ?? (await api.call("GET", "/auth/me")));
  }

  /** The identity of the database's history, to which every position belongs; undefined until it is known. */
  get epoch() {
    return this.sync.subscriptions.epoch;
  }

  /** The state of the connection. */
  get state() {
    return this.#isClosed ? "ended" : this.sync.connection.state;
  }

  /**
   * Calls a function for each event of a kind.
   * @template {keyof ClientEvents} K
   * @param {K} kind
   * @param {(event: ClientEvents[K]) => void} listener
   * @returns {() => void} ends that
   */
  on(kind, listener) {
    return this.#events.on(kind, listener);
  }

  /**
   * Follows a room: its events arrive from now on, and those that were missed after `since` before them.
   * @param {number} roomId
   * @param {{ since?: number | undefined, epoch?: string | undefined }} [position] from `position` of the room; without
   *   it the room begins with the next event
   */
  follow(roomId, { since, epoch } = {}) {
    const known = this.#rooms.get(roomId);
    if (known) return known;
    const { subscriptions } = this.sync;
    subscriptions.epoch ??= epoch;
    // The position belongs to a history that was replaced.
    const isVoid = epoch !== undefined && epoch !== subscriptions.epoch;
    const room = new ChatRoom(this, roomId, isVoid ? undefined : since);
    this.#rooms.set(roomId, room);
    if (isVoid) queueMicrotask(() => room.restart());
    subscriptions.join(room);
    return room;
  }

  /** Stops following a room. @param {ChatRoom} room */
  unfollow(room) {
    if (this.#rooms.get(room.id) !== room) return;
    this.sync.subscriptions.leave(room);
    this.#drop(room, "unfollowed");
  }

  /**
   * Calls an operation of the HTTP API, as /openapi.json describes it.
   * @template {keyof Operations} K
   * @param {K} operation as "PUT /rooms/{room_id}/read"
   * @param {import("./request.js").InputArgument<K>} input `path`, `query` and `body`
   * @returns {Promise<Operations[K]["answer"]>}
   * @throws {import("../errors.js").ApiError}
   */
  request(operation, ...input) {
    return request(this.api, operation, ...input);
  }

  /**
   * Sends a frame, as /asyncapi.json describes them.
   * @param {import("../shapes.js").Verb} verb
   * @returns {boolean} false if there is no connection: the frame is not sent
   */
  sendFrame(verb) {
    return this.sync.connection.send(verb);
  }

  /** Whether the user is at the client. @param {boolean} isAway */
  setAway(isAway) {
    this.sendFrame({ type: "presence", state: isAway ? "away" : "online" });
  }

  /** Takes a session with a new token, for example from another tab. @param {KeptSession} session */
  use(session) {
    const isNew = session.token !== this.#token;
    this.#token = session.token;
    this.#renewal.plan(session.renewedAt, session.endsAt);
    if (isNew) this.sendFrame({ type: "auth.refresh", token: session.token });
  }

  /** Connects now, without waiting for the next attempt, and checks a connection that may have broken. */
  probe() {
    this.sync.connection.probe();
  }

  /** Closes the connection. Messages that are not stored yet stay in the storage. */
  close() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#renewal.stop();
    this.sync.connection.disconnect();
    for (const room of [...this.#rooms.values()]) this.#drop(room, "closed");
  }

  /** Ends the session on the server, and closes the connection. */
  async signOut() {
    this.#renewal.stop();
    try {
      await this.api.call("POST", "/auth/logout");
    } finally {
      this.outbox.wipe();
      this.close();
    }
  }

  /** @returns {Sync<ChatRoom>} */
  #makeSync() {
    const { handshake: kind = usualHandshake(), storage = memoryStorage() } = this.#options;
    return new Sync({
      connection: {
        handshake: () => handshake(this.api, kind, this.#token),
        ...(this.#options.WebSocket && { WebSocket: this.#options.WebSocket }),
      },
      rooms: () => this.#rooms,
      userId: () => this.user.id,
      // A program wants every event.
      farBehind: Infinity,
      outbox: {
        storage,
        prefix: `chatapp.outbox.${this.user.id}.`,
        check: (text) =>
          isLongerThan(text, this.#messageChars)
            ? `a message may have at most ${this.#messageChars} characters`
            : undefined,
        changed: (roomId) => this.#rooms.get(roomId)?.pendingChanged(),
        failed: (pending) => this.#rooms.get(pending.room_id)?.refused(pending),
        stored: (pending, seq) => this.#rooms.get(pending.room_id)?.stored(pending, seq),
      },
      listener: {
        changed: (state, details) => this.#changed(state, details),
        received: (frame, room) => this.#received(frame, room),
        expiring: () => this.#renew().catch(() => {}),
        signedOut: () => this.#end("the session has ended"),
        forgotten: () => this.#events.emit("forgotten", undefined),
      },
    });
  }

  /**
   * @param {import("../types.js").ConnectionState} state
   * @param {import("../types.js").StateDetails} details
   */
  #changed(state, details) {
    if (this.#isClosed) return;
    this.#events.emit("state", { state, ...details });
    if (state === "live" && this.#messageChars === Infinity) this.#readLimits();
    if (state === "ended") this.#end(details.reason);
  }

  /** Learns how long a message may be. Until then the server decides. */
  async #readLimits() {
    try {
      this.#messageChars = (await this.request("GET /auth/setup")).message_chars;
    } catch {
      // It is read again with the next connection.
    }
  }

  /**
   * @param {import("../types.js").Received} frame
   * @param {ChatRoom | undefined} room
   */
  #received(frame, room) {
    if (frame.type === "watching") this.sync.subscriptions.joinAll();
    this.#events.emit("frame", frame);
    if (frame.type === "error") {
      this.#events.emit("error", frame);
      if (frame.code === "epoch_changed") this.sync.subscriptions.joinAll();
    }
    room?.received(frame);
    if (!room) return;
    if (frame.type === "room_left") this.#drop(room, frame.cause);
    else if (frame.type === "room_deleted") this.#drop(room, "room_deleted");
    else if (frame.type === "error" && frame.code === "room_not_found")
      this.#drop(room, frame.code);
  }

  /**
   * @param {ChatRoom} room
   * @param {string} cause
   */
  #drop(room, cause) {
    this.#rooms.delete(room.id);
    room.ended(cause);
  }

  async #renew() {
    const { renew } = this.#options;
    const session = renew
      ? await renew()
      : sessionOf(/** @type {Login} */ (await this.api.call("POST", "/auth/refresh")));
    if (this.#isClosed) return;
    this.use(session);
    this.#events.emit("session", session);
  }

  /** The client does not connect again. @param {string} reason */
  #end(reason) {
    if (this.#isClosed) return;
    this.close();
    this.#events.emit("ended", { reason });
  }
}
