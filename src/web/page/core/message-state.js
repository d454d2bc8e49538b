// What changes beside the text of a message: its reactions, the summary of its thread, and whether it is pinned.
// Answers of the server have these as of a position of the log, the `head_seq` of the answer. An event changes them
// only if it is newer, because otherwise it would count twice.

import { signal } from "./reactive.js";
import { bareEmoji, isMine, withReactions, withoutReactions } from "./reactions.js";
import { withReply, withoutReply } from "./thread-summary.js";

/** @typedef {import("./types.js").Message} Message */
/** @typedef {import("./types.js").MessageLogEvent} MessageLogEvent */
/** @typedef {Message & { state: MessageState }} LoadedMessage */

export class MessageState {
  /** @type {import("./reactive.js").Signal<import("./types.js").Reaction[]>} */
  reactions = signal(/** @type {import("./types.js").Reaction[]} */ ([]));
  /** @type {import("./reactive.js").Signal<import("./types.js").ThreadSummary | null>} null: no replies */
  thread = signal(/** @type {import("./types.js").ThreadSummary | null} */ (null));
  isPinned = signal(false);
  /**
   * What the reader has just added and taken back, until the log has it. The keys are emojis in their bare form.
   * @type {import("./reactive.js").Signal<Map<string, import("./reactions.js").Toggle>>}
   */
  toggles = signal(/** @type {Map<string, import("./reactions.js").Toggle>} */ (new Map()));
  /** The position of the log up to which the state is known. */
  #asOf = -1;

  /**
   * @param {Message} message as it was read
   * @param {number} headSeq the `head_seq` of the answer; of a message that arrived as an event, its `seq`
   */
  constructor(message, headSeq) {
    this.read(message, headSeq);
  }

  /**
   * Takes the state of the message as the server has answered it, unless a newer one is known.
   * @param {Message} message
   * @param {number} headSeq the `head_seq` of the answer
   */
  read({ reactions = [], thread = null, is_pinned = false }, headSeq) {
    if (headSeq < this.#asOf) return;
    this.#asOf = headSeq;
    this.reactions.value = reactions;
    this.thread.value = thread;
    this.isPinned.value = is_pinned;
    for (const { emoji, isWanted } of this.toggles.peek().values())
      if (isMine(reactions, emoji) === isWanted) this.untoggle(emoji);
  }

  /** @param {string} emoji @param {boolean} isWanted */
  toggle(emoji, isWanted) {
    const toggles = new Map(this.toggles.peek());
    this.toggles.value = toggles.set(bareEmoji(emoji), { emoji, isWanted });
  }

  /** @param {string} emoji */
  untoggle(emoji) {
    const toggles = new Map(this.toggles.peek());
    if (toggles.delete(bareEmoji(emoji))) this.toggles.value = toggles;
  }

  /** What the reader has just decided about an emoji. @param {string} emoji @returns {boolean | undefined} */
  wanted(emoji) {
    return this.toggles.peek().get(bareEmoji(emoji))?.isWanted;
  }

  /**
   * Takes an event about this message.
   * @param {MessageLogEvent} event
   * @param {number} me the reader
   */
  take(event, me) {
    if (event.seq <= this.#asOf) return;
    this.#asOf = event.seq;
    switch (event.type) {
      case "reaction_added":
        this.reactions.value = withReactions(this.reactions.peek(), event.reactions, me);
        return this.#settle(event.reactions, true, me);
      case "reaction_removed":
        this.reactions.value = withoutReactions(this.reactions.peek(), event.reactions, me);
        return this.#settle(event.reactions, false, me);
      case "message_pinned":
      case "message_unpinned":
        this.isPinned.value = event.type === "message_pinned";
        return;
    }
  }

  /**
   * The log has what the reader did.
   * @param {import("./types.js").ReactionBy[]} reactions
   * @param {boolean} isAdded
   * @param {number} me
   */
  #settle(reactions, isAdded, me) {
    for (const { emoji, user_id } of reactions)
      if (user_id === me && this.wanted(emoji) === isAdded) this.untoggle(emoji);
  }

  /**
   * Takes an event about a reply: it was written, changed or deleted.
   * @param {MessageLogEvent} event
   * @returns {boolean} whether the summary of the thread has changed
   */
  takeReply(event) {
    if (event.seq <= this.#asOf) return false;
    this.#asOf = event.seq;
    const old = this.thread.peek();
    if (event.type === "message" || event.type === "reply")
      this.thread.value = withReply(old, event);
    else if (event.type === "message_deleted") this.thread.value = withoutReply(old);
    return this.thread.peek() !== old;
  }
}

/**
 * A message with its state, as of the answer that it was read with.
 * @param {Message} message
 * @param {number} headSeq
 * @returns {LoadedMessage}
 */
export const withState = (message, headSeq) => ({
  ...message,
  state: new MessageState(message, headSeq),
});
