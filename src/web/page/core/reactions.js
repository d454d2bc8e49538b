// The reactions to a message: how they change with the events of the log, and with what the reader has just done.

/** @typedef {import("./types.js").Reaction} Reaction */
/** @typedef {import("./types.js").ReactionBy} ReactionBy */
/** @typedef {{ emoji: string, isWanted: boolean }} Toggle */

/** How many people an answer of the server names for one emoji. */
const NAMED = 10;

/** An emoji without the selector of its colourful form, which some keyboards leave out. @param {string} emoji */
export const bareEmoji = (emoji) => emoji.replaceAll("\uFE0F", "");

/** @param {string} one @param {string} other */
export const isSameEmoji = (one, other) => bareEmoji(one) === bareEmoji(other);

/**
 * The reactions after people have added some.
 * @param {Reaction[]} reactions in the order in which the emojis were first used
 * @param {ReactionBy[]} added
 * @param {number} me the reader
 * @returns {Reaction[]}
 */
export function withReactions(reactions, added, me) {
  const next = [...reactions];
  for (const { emoji, ...person } of added) {
    const at = next.findIndex((reaction) => isSameEmoji(reaction.emoji, emoji));
    const old = next[at] ?? { emoji, count: 0, mine: false, people: [] };
    const isNamed = old.people.length >= NAMED;
    const reaction = {
      emoji: old.emoji,
      count: old.count + 1,
      mine: old.mine || person.user_id === me,
      people: isNamed ? old.people : [...old.people, person],
    };
    if (at < 0) next.push(reaction);
    else next[at] = reaction;
  }
  return next;
}

/**
 * The reactions after people have taken some back.
 * @param {Reaction[]} reactions
 * @param {ReactionBy[]} removed
 * @param {number} me the reader
 * @returns {Reaction[]}
 */
export function withoutReactions(reactions, removed, me) {
  let next = reactions;
  for (const { emoji, user_id } of removed) {
    next = next.map((reaction) =>
      isSameEmoji(reaction.emoji, emoji)
        ? {
            emoji: reaction.emoji,
            count: reaction.count - 1,
            mine: reaction.mine && user_id !== me,
            people: reaction.people.filter((person) => person.user_id !== user_id),
          }
        : reaction,
    );
  }
  return next.filter(({ count }) => count > 0);
}

/**
 * Whether the reader has reacted with an emoji.
 * @param {Reaction[]} reactions
 * @param {string} emoji
 */
export const isMine = (reactions, emoji) =>
  reactions.some((reaction) => reaction.mine && isSameEmoji(reaction.emoji, emoji));

/**
 * The reactions with what the reader has just added and taken back, before the log has it.
 * @param {Reaction[]} reactions
 * @param {Iterable<Toggle>} toggles
 * @param {import("./types.js").Person} reader
 */
export function withToggles(reactions, toggles, reader) {
  let next = reactions;
  for (const { emoji, isWanted } of toggles) {
    if (isMine(next, emoji) === isWanted) continue;
    const change = isWanted ? withReactions : withoutReactions;
    next = change(next, [{ ...reader, emoji }], reader.user_id);
  }
  return next;
}
