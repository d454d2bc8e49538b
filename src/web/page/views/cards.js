// A click on an avatar or on a mention opens the card of the person.

import { messageOf } from "./actions.js";
import { openProfile } from "./profile.js";

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/loaded-messages.js").LoadedMessages} messages
 * @param {HTMLElement} list of messages
 */
export function openCards(chat, messages, list) {
  list.addEventListener("click", ({ target }) => {
    if (!(target instanceof Element)) return;
    const mention = target.closest(".mention[role]");
    if (mention) return openProfile(chat, { username: (mention.textContent ?? "").slice(1) });
    const row = target.closest(".avatar") && target.closest("li.message");
    const message = row instanceof HTMLElement ? messageOf(messages, row) : undefined;
    if (message) openProfile(chat, { id: message.user_id, username: message.username });
  });
}
