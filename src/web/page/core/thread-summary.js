// The replies to a message in short, as its row shows them: how they change with the events of the log.

/** @typedef {import("./types.js").ThreadSummary} ThreadSummary */

/** How many people an answer of the server names. */
const NAMED = 5;

/**
 * The summary after a reply.
 * @param {ThreadSummary | null} summary
 * @param {import("./types.js").Message} reply
 * @returns {ThreadSummary}
 */
export function withReply(summary, { user_id, username, display_name = null, seq, timestamp }) {
  const others = (summary?.people ?? []).filter((person) => person.user_id !== user_id);
  return {
    count: (summary?.count ?? 0) + 1,
    last_seq: seq,
    last_at: timestamp,
    people: [{ user_id, username, display_name }, ...others].slice(0, NAMED),
  };
}

/**
 * The summary after a reply was deleted. Who else has replied, and when, only the server knows.
 * @param {ThreadSummary | null} summary
 * @returns {ThreadSummary | null} null: there is no reply any more
 */
export const withoutReply = (summary) =>
  summary && summary.count > 1 ? { ...summary, count: summary.count - 1 } : null;
