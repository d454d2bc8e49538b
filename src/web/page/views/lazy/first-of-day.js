// Finds the first message of a room at or after a time. Messages are in order of time, so the place is searched by
// halving the range of positions. Each answer is a whole page of messages: thirteen are enough for a million.

import { call } from "../../core/api.js";

const PAGE = 200;
/** More calls than any room needs: an answer that leads nowhere does not keep the page busy. */
const MOST_CALLS = 40;

/**
 * @param {number} roomId
 * @param {number} headSeq the room's newest position
 * @param {number} time ms since 1970
 * @returns {Promise<import("../../core/types.js").Message | null>} null: every message is older
 */
export async function firstSince(roomId, headSeq, time) {
  /** The messages up to `low` are too old, those from `high` on are not. */
  let [low, high] = [0, headSeq + 1];
  /** @type {import("../../core/types.js").Message | null} the message at `high` */
  let best = null;
  for (let calls = 0; low + 1 < high && calls < MOST_CALLS; calls += 1) {
    const middle = Math.floor((low + high) / 2);
    /** @type {import("../../core/types.js").MessagePage} */
    const page = await call("GET", `/rooms/${roomId}/messages?limit=${PAGE}&around=${middle}`);
    const { messages, has_older, has_newer } = page;
    const found = messages.find(({ timestamp }) => Date.parse(timestamp) >= time);
    if (found && (found !== messages[0] || !has_older)) return found;
    if (found) [best, high] = [found, found.seq];
    else if (!has_newer) return null;
    else low = Math.max(middle, messages.at(-1)?.seq ?? 0);
  }
  return best;
}
