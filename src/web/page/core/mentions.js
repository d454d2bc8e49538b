// Who is mentioned in a message. The server has decided it when it took the message.

/**
 * Whether a message mentions a user, by name or among everyone.
 * @param {Pick<import("./types.js").Message, "mentions">} message
 * @param {number} userId
 */
export const isMentioned = ({ mentions = [] }, userId) =>
  mentions.some(({ user_id, everyone }) => user_id === userId || Boolean(everyone));
