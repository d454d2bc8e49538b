// How people and rooms are called: a person has a username and perhaps a display name; a direct room is called
// after its people.

/** @typedef {import("./types.js").RoomInfo} RoomInfo */

/** @typedef {{ username: string, display_name?: string | null | undefined }} Named */

/** Whether the account was deleted: no other account can have such a name. @param {{ username: string }} person */
export const isDeleted = ({ username }) => /^deleted-\d+$/.test(username);

/** Whether the server itself wrote the message. @param {{ user_id: number }} message */
export const isOfServer = ({ user_id }) => user_id === 0;

/** @param {Named} person */
export const nameOf = (person) =>
  isDeleted(person) ? "Deleted account" : person.display_name || person.username;

/** The other people of a direct room. @param {RoomInfo} info @param {number} me */
export const othersIn = (info, me) => (info.people ?? []).filter(({ user_id }) => user_id !== me);

/** Whether the reader may read only a part of the room, from the own joining on. @param {RoomInfo} info */
export const seesPart = ({ kind, history, membership }) =>
  kind === "private" && history === "joined" && (membership?.joined_seq ?? 0) > 0;

/**
 * The other person of a direct room of two, unless the account was deleted.
 * @param {RoomInfo} info
 * @param {number} me
 */
export function partnerIn(info, me) {
  const [other, ...more] = info.kind === "direct" ? othersIn(info, me) : [];
  return other && more.length === 0 && !isDeleted(other) ? other : undefined;
}

/**
 * The name of a room, as this user sees it.
 * @param {RoomInfo} info
 * @param {number} me
 */
export function titleOf(info, me) {
  if (info.kind !== "direct") return info.name;
  const others = othersIn(info, me);
  return (others.length > 0 ? others : (info.people ?? [])).map(nameOf).join(", ");
}

/**
 * The name with the sign of public rooms, for a sentence.
 * @param {RoomInfo} info
 * @param {number} me
 */
export function placeOf(info, me) {
  const title = titleOf(info, me);
  return info.kind === "direct" || info.kind === "private" ? title : `#${title}`;
}

/** @type {Record<string, number>} */
const RANKS = { member: 1, moderator: 2, owner: 3 };

/** @param {string | undefined} role */
export const rankOf = (role) => (role ? (RANKS[role] ?? 0) : 0);

/**
 * Whether this user may write in a room, and so react, by what is known here.
 * @param {RoomInfo} info
 * @param {import("./types.js").User} user
 */
export function maySend(info, user) {
  const { archived_at, kind, membership, posting } = info;
  if (archived_at || (kind !== "public" && !membership)) return false;
  if (Date.parse(membership?.muted_until ?? "") > Date.now()) return false;
  const others = othersIn(info, user.id);
  if (kind === "direct" && others.length > 0 && others.every(isDeleted)) return false;
  return posting !== "moderators" || powersIn(info, user).rank >= 2;
}

/**
 * What this user may do in a room, by what is known here. The server checks it in any case. An admin of the server
 * acts as an owner in public rooms, and as an ordinary member in others.
 * @param {RoomInfo} info
 * @param {import("./types.js").User} user
 */
export function powersIn({ inviting, kind = "public", membership }, user) {
  const isAdmin = kind === "public" && user.role === "admin";
  const rank = kind === "direct" ? 0 : rankOf(isAdmin ? "owner" : membership?.role);
  return {
    rank,
    isModerator: rank >= 2,
    isOwner: rank === 3,
    invites: rank >= 2 || (rank > 0 && inviting === "everyone"),
    changesKind: kind !== "direct" && membership?.role === "owner",
    deletesMessages: rank >= 2,
  };
}
