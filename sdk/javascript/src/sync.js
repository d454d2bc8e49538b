// Keeps rooms in step with the server over one connection: joins them, resumes them after each interruption from their
// positions, takes each event once, and sends what the outbox has. It does not know what a client makes of the events.

import { Connection } from "./connection.js";
import { UNKNOWN } from "./followed-room.js";
import { Outbox } from "./outbox.js";
import { Subscriptions } from "./subscriptions.js";

/** @typedef {import("./types.js").Received} Received */

/** @template {import("./followed-room.js").FollowedRoom} Room */
export class Sync {
  #rooms;
  #listener;
  #userId;

  /** @param {import("./types.js").SyncOptions<Room>} options */
  constructor({ connection, outbox, rooms, listener, userId, farBehind }) {
    this.#rooms = rooms;
    this.#userId = userId;
    this.#listener = listener;
    this.connection = new Connection({
      ...connection,
      listener: {
        ...listener,
        changed: (state, details) => this.#changed(state, details),
        received: (frame) => this.#received(frame),
        forgotten: () => this.#forget(),
      },
    });
    this.outbox = new Outbox(this.connection, outbox);
    this.subscriptions = new Subscriptions(this.connection, rooms, this.outbox, farBehind);
  }

  /**
   * Tells the server how far a room has been read.
   * @param {Room} room
   * @param {number} seq
   * @returns {boolean} false if the connection has not joined the room
   */
  markRead(room, seq) {
    return (
      this.subscriptions.has(room) && this.connection.send({ type: "read", room_id: room.id, seq })
    );
  }

  /** The server has other positions than the client knows: every room begins anew. */
  #forget() {
    this.subscriptions.epoch = undefined;
    this.subscriptions.clear();
    for (const room of this.#rooms().values()) {
      room.lastSeq = UNKNOWN;
      room.setLive(false);
      room.restart();
    }
    this.#listener.forgotten();
  }

  /**
   * @param {import("./types.js").ConnectionState} state
   * @param {import("./types.js").StateDetails} details
   */
  #changed(state, details) {
    if (state !== "live") {
      this.subscriptions.clear();
      for (const room of this.#rooms().values()) room.setLive(false);
    }
    this.#listener.changed(state, details);
    if (state === "live") this.#watch();
  }

  /** Everything that concerns the user is told from now on. */
  #watch() {
    this.connection.send({ type: "watch", ref: "watch" });
  }

  /** @param {Received} frame */
  #received(frame) {
    const room = "room_id" in frame ? this.#rooms().get(frame.room_id ?? 0) : undefined;
    if (frame.type === "error") {
      if (this.#takeError(frame)) return;
    } else if (frame.type === "watching") {
      const { epoch } = this.subscriptions;
      if (epoch !== undefined && epoch !== frame.epoch) this.#forget();
      this.subscriptions.epoch = frame.epoch;
      this.connection.settled();
    } else if (room && !this.#take(room, frame)) return;
    this.#listener.received(frame, room);
  }

  /**
   * @param {Room} room
   * @param {Received} frame
   * @returns {boolean} false if the event was received before
   */
  #take(room, frame) {
    switch (frame.type) {
      case "synced":
        this.subscriptions.epoch = frame.epoch;
        if (room.lastSeq === UNKNOWN) room.lastSeq = frame.head_seq;
        room.setLive(true);
        this.connection.settled();
        this.outbox.open(room.id);
        return true;
      case "ack":
        this.outbox.acknowledged(room.id, frame, frame.seq <= room.lastSeq);
        return true;
      case "room_left":
      case "room_deleted":
        this.subscriptions.remove(room.id);
        room.setLive(false);
        return true;
      case "message":
      case "reply":
        if (!room.advance(frame)) return false;
        if (frame.client_id && frame.user_id === this.#userId())
          this.outbox.arrived(room.id, frame.client_id, frame.seq);
        return true;
      default: {
        // Events of the log have an id, also those whose type is newer than this client.
        const { id, seq } = /** @type {{ id?: number, seq?: number }} */ (frame);
        return !id || !seq || room.advance({ seq });
      }
    }
  }

  /**
   * Does what follows from an error.
   * @param {import("./shapes.js").ErrorFrame} error
   * @returns {boolean} whether nobody else has to know of it
   */
  #takeError(error) {
    const wait = (error.retry_after ?? 1) * 1000;
    if (error.ref === "watch") {
      setTimeout(() => this.#watch(), wait);
      return true;
    }
    const joining = this.subscriptions.roomOfRef(error.ref);
    if (error.ref && !joining && this.outbox.refused(error)) return true;
    const room = this.#rooms().get(joining ?? error.room_id ?? 0);
    if (!room) return false;
    if (joining && error.code !== "already_subscribed") {
      this.subscriptions.remove(room.id);
      room.setLive(false);
    }
    if (error.code === "epoch_changed") this.#forget();
    else if (error.code === "history_pruned") {
      // The missed events no longer exist: the room begins with those that do.
      room.lastSeq = UNKNOWN;
      room.restart();
      this.subscriptions.join(room);
    } else if (joining && error.retry_after) {
      setTimeout(() => this.subscriptions.join(room), wait);
      return true;
    } else if (error.code === "too_many_rooms") this.subscriptions.limit(room);
    return false;
  }
}
