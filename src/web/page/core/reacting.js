// The reader adds reactions and takes them back. They are shown at once, and again as the server has them if it
// refuses them.

import { call } from "./api.js";
import { bareEmoji, isMine } from "./reactions.js";

/** @typedef {import("./message-state.js").LoadedMessage} LoadedMessage */

/** The reactions whose calls are unanswered. There is one call at a time, so that the last wish decides. */
const underWay = new Set();

/**
 * @param {LoadedMessage} message
 * @param {string} emoji
 * @param {boolean} isWanted
 * @returns {Promise<void>} it is rejected if the server refuses the reaction
 */
export async function react({ id, room_id, state }, emoji, isWanted) {
  state.toggle(emoji, isWanted);
  const key = `${id} ${bareEmoji(emoji)}`;
  if (underWay.has(key)) return;
  underWay.add(key);
  const path = `/rooms/${room_id}/messages/${id}/reactions/${encodeURIComponent(emoji)}`;
  try {
    let sent = /** @type {boolean | undefined} */ (undefined);
    for (;;) {
      const wanted = state.wanted(emoji);
      if (wanted === undefined || wanted === sent) break;
      await call(wanted ? "PUT" : "DELETE", path);
      sent = wanted;
    }
    // If another page of the reader did the same, no event follows.
    if (isMine(state.reactions.peek(), emoji) === sent) state.untoggle(emoji);
  } catch (error) {
    state.untoggle(emoji);
    throw error;
  } finally {
    underWay.delete(key);
  }
}
