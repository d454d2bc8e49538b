// The reactions under a message: a button for each emoji, which adds the reader's own reaction or takes it back.

import { words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { maySend, nameOf } from "../core/people.js";
import { react } from "../core/reacting.js";
import { bareEmoji, isMine, withToggles } from "../core/reactions.js";
import { effect } from "../core/reactive.js";
import { shortNames } from "../text/emoji.js";
import { toast } from "./dialog.js";
import { withModule } from "./later.js";
import { explain } from "./tip.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/message-state.js").LoadedMessage} LoadedMessage */
/** @typedef {import("../core/types.js").Reaction} Reaction */

class Reactions extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** @type {LoadedMessage} */
  message = /** @type {any} */ (null);

  render() {
    const { chat, message } = this;
    const { state } = message;
    this.className = "reactions";
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", "Reactions");
    /** @type {Map<string, ReactionButton>} */
    const known = new Map();
    const more = h(
      "button",
      {
        class: "reaction more",
        type: "button",
        "aria-label": "Add a reaction",
        title: "Add a reaction",
        onclick: () => addReaction(message, more),
      },
      icon("smile"),
    );
    let isReachable = false;
    /** Tab stops at the buttons of the row that has the focus only. @param {boolean} next */
    const reach = (next) => {
      isReachable = next;
      for (const button of this.querySelectorAll("button.reaction"))
        button.setAttribute("tabindex", next ? "0" : "-1");
    };
    const row = this.closest("li");
    if (row) {
      listen(row, "focusin", () => reach(true));
      listen(row, "focusout", ({ relatedTarget }) => row.contains(relatedTarget) || reach(false));
    }

    const room = chat.rooms.peek().get(message.room_id);
    effect(() => {
      more.hidden = !room || !maySend(room.info.value, chat.user);
    });
    effect(() => {
      chat.people.names.version.value;
      const { username, display_name } = chat.me.value ?? { ...chat.user, display_name: null };
      const me = { user_id: chat.user.id, username, display_name: display_name ?? null };
      const toggles = state.toggles.value.values();
      const shown = withToggles(state.reactions.value, toggles, me);
      const wanted = new Set(shown.map(({ emoji }) => bareEmoji(emoji)));
      for (const [key, { element }] of known) {
        if (wanted.has(key)) continue;
        if (element === document.activeElement) row?.focus();
        element.remove();
        known.delete(key);
      }
      for (const [at, reaction] of shown.entries()) {
        const key = bareEmoji(reaction.emoji);
        const button = known.get(key) ?? new ReactionButton(chat, message, reaction.emoji);
        known.set(key, button);
        button.show(reaction);
        // A button that stays where it is keeps the focus.
        if (this.children[at] !== button.element)
          this.insertBefore(button.element, this.children[at] ?? null);
      }
      this.hidden = shown.length === 0;
      if (this.hidden) more.remove();
      else if (!more.isConnected) this.append(more);
      reach(isReachable);
    });
  }
}

class ReactionButton {
  /** @type {Reaction | null} */
  #reaction = null;
  #count = h("span", { class: "count" });

  /**
   * @param {Chat} chat
   * @param {LoadedMessage} message
   * @param {string} emoji
   */
  constructor(chat, message, emoji) {
    this.chat = chat;
    this.element = h(
      "button",
      {
        class: "reaction",
        type: "button",
        onclick: () => toggleReaction(message, emoji),
      },
      h("span", { class: "symbol" }, emoji),
      this.#count,
    );
    explain(this.element, () => [h("span", { class: "symbol" }, emoji), ` ${this.#words()}`]);
  }

  /** @param {Reaction} reaction */
  show(reaction) {
    this.#reaction = reaction;
    fill(this.#count, String(reaction.count));
    this.element.setAttribute("aria-pressed", String(reaction.mine));
    this.element.setAttribute(
      "aria-label",
      `${reaction.emoji} ${reaction.count}, ${this.#words()}`,
    );
  }

  /** Who has reacted, and how. */
  #words() {
    if (!this.#reaction) return "";
    const { emoji, count, mine, people } = this.#reaction;
    const me = this.chat.user.id;
    const others = people
      .filter(({ user_id }) => user_id !== me)
      .map((person) => nameOf(this.chat.people.names.newest(person)));
    const named = [...(mine ? ["You"] : []), ...others];
    const unnamed = count - named.length;
    if (unnamed > 0) named.push(unnamed === 1 ? "1 other person" : `${unnamed} other people`);
    const last = named.pop() ?? "";
    const all = named.length > 0 ? `${named.join(", ")} and ${last}` : last;
    const [name] = shortNames(emoji);
    return `${all} reacted${name ? ` with :${name}:` : ""}`;
  }
}

/**
 * Adds the reader's reaction, or takes it back if it is there.
 * @param {LoadedMessage} message
 * @param {string} emoji
 * @param {boolean} [isWanted] whether the reaction is to be there, in any case
 */
export async function toggleReaction(message, emoji, isWanted) {
  const { state } = message;
  const isThere = state.wanted(emoji) ?? isMine(state.reactions.peek(), emoji);
  try {
    await react(message, emoji, isWanted ?? !isThere);
  } catch (error) {
    toast(`Your reaction was not saved. ${words(error)}`);
  }
}

/**
 * Lets the reader choose an emoji for a reaction.
 * @param {LoadedMessage} message
 * @param {HTMLElement} anchor
 */
export const addReaction = (message, anchor) =>
  withModule(import("./lazy/emoji-picker.js"), ({ openEmojiPicker }) =>
    openEmojiPicker(anchor, (emoji) => toggleReaction(message, emoji, true)),
  );

/**
 * @param {Chat} chat
 * @param {LoadedMessage} message
 */
export const reactionsView = (chat, message) =>
  view("chat-reactions", Reactions, { chat, message });
