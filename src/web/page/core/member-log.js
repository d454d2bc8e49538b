// The events of a room's log that are about its members and the room itself, beside the messages in memory. They are
// read only if the positions of the messages leave a gap in which such events may be.

import { call } from "./api.js";

/** @typedef {import("./types.js").RoomLogEvent} RoomLogEvent */

const PAGE = 200;
/** The most pages that are read for one page of messages. */
const MOST_PAGES = 5;
const MOST_EVENTS = 2_000;

export class MemberLog {
  /** In order of seq. @type {RoomLogEvent[]} */
  list = [];

  /** @param {number} roomId */
  constructor(roomId) {
    this.roomId = roomId;
  }

  /** @param {RoomLogEvent} event */
  take(event) {
    // A product's data means nothing to people.
    if ("changed" in event && event.changed?.join() === "metadata") return;
    const at = this.list.findLastIndex(({ seq }) => seq <= event.seq);
    if (this.list[at]?.seq === event.seq) return;
    this.list.splice(at + 1, 0, event);
    if (this.list.length > MOST_EVENTS) this.list.shift();
  }

  forget() {
    this.list = [];
  }

  /**
   * Reads the events between two positions. If they cannot be read, the messages are shown without them.
   * @param {number} after
   * @param {number} last
   */
  async load(after, last) {
    let at = Math.max(after, last - MOST_PAGES * PAGE);
    try {
      while (at < last) {
        const path = `/rooms/${this.roomId}/events?after=${at}&limit=${PAGE}`;
        /** @type {{ events: RoomLogEvent[], next_after: number, has_more: boolean }} */
        const { events, next_after, has_more } = await call("GET", path);
        for (const event of events) if (isTold(event)) this.take(event);
        if (!has_more) return;
        at = next_after;
      }
    } catch {
      // The log may begin later, because its beginning was removed.
    }
  }
}

/** @param {{ type: string }} event */
const isTold = ({ type }) =>
  ["member_joined", "member_left", "member_changed", "room_changed"].includes(type);
