// Suggestions in the composer: `@` for people, `:` for emoji, `/` at the beginning for commands. Arrows choose one,
// Enter or Tab inserts it. After a name that is complete Enter sends.

import { fill, h } from "../core/dom.js";
import { listen } from "../core/dom.js";
import { isDeleted, nameOf } from "../core/people.js";
import { COMMANDS } from "../text/commands.js";
import { findEmoji, loadEmoji } from "../text/emoji.js";
import { avatar } from "./avatar.js";

const MOST = 6;

/** @typedef {{ text: string, show: import("../core/elements.js").Child[] }} Suggestion */

/**
 * @param {HTMLTextAreaElement} input
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {() => void} changed
 * @returns {(event: KeyboardEvent) => boolean} whether the suggestions have handled a key
 */
export function completion(input, chat, room, changed) {
  const list = h("ul", {
    class: "suggestions",
    role: "listbox",
    id: "suggestions",
    "aria-label": "Suggestions",
  });
  /** @type {Suggestion[]} */
  let suggestions = [];
  let chosen = 0;
  /** The reader has chosen with the arrows. */
  let isChosen = false;
  let start = 0;

  const close = () => {
    suggestions = [];
    list.remove();
    input.removeAttribute("aria-controls");
    input.removeAttribute("aria-activedescendant");
  };
  /** @param {number} index */
  const take = (index) => {
    const suggestion = suggestions[index];
    if (!suggestion) return;
    input.setRangeText(`${suggestion.text} `, start, input.selectionStart, "end");
    close();
    changed();
    input.focus();
  };
  const show = () => {
    fill(
      list,
      suggestions.map(({ show: children }, at) =>
        h(
          "li",
          {
            role: "option",
            id: `suggestion-${at}`,
            "aria-selected": String(at === chosen),
            onpointerdown: (/** @type {Event} */ event) => {
              event.preventDefault();
              take(at);
            },
          },
          children,
        ),
      ),
    );
    input.setAttribute("aria-controls", "suggestions");
    input.setAttribute("aria-activedescendant", `suggestion-${chosen}`);
    if (!list.isConnected) input.form?.append(list);
  };
  const look = () => {
    const before = input.value.slice(0, input.selectionStart);
    const found = /^(\/)([a-z]{0,20})$|(?:^\+?|[\s(])([@:])([\w.+-]{0,30})$/.exec(before);
    const [, slash, command = "", sign = slash, word = command] = found ?? [];
    if (sign === "@") suggestions = [...everyone(room, word), ...people(chat, room, word)];
    else if (sign === ":") suggestions = emoji(word);
    else suggestions = sign ? commands(word) : [];
    chosen = 0;
    isChosen = false;
    start = before.length - word.length - 1;
    if (suggestions.length > 0) show();
    else close();
    // All emoji are loaded for the first colon; until then the usual ones are suggested.
    if (sign === ":") needEmoji();
  };
  let areEmojiLoaded = false;
  const needEmoji = () => {
    if (areEmojiLoaded) return;
    areEmojiLoaded = true;
    loadEmoji().then(
      () => {
        if (document.activeElement === input && !isChosen) look();
      },
      () => (areEmojiLoaded = false),
    );
  };
  const isComplete = () => {
    const typed = input.value.slice(start, input.selectionStart).toLowerCase();
    return suggestions.some(({ text }) => text.toLowerCase() === typed);
  };
  listen(input, "input", look);
  listen(input, "blur", close);

  return (event) => {
    if (suggestions.length === 0) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Enter" && !isChosen && isComplete()) {
      close();
      return false;
    }
    if (step) {
      isChosen = true;
      chosen = (chosen + step + suggestions.length) % suggestions.length;
      show();
    } else if (event.key === "Tab" || event.key === "Enter") {
      take(chosen);
    } else if (event.key === "Escape") {
      close();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  };
}

/** Words that mention many, and what they mean. @type {[string, string][]} */
const EVERYONE = [
  ["here", "those who are connected"],
  ["room", "all members"],
];

/**
 * @param {import("../core/room.js").Room} room
 * @param {string} word
 * @returns {Suggestion[]}
 */
function everyone(room, word) {
  if (!word || room.info.peek().kind === "direct") return [];
  return EVERYONE.filter(([name]) => name.startsWith(word.toLowerCase())).map(([name, about]) => ({
    text: `@${name}`,
    show: [`@${name}`, h("span", { class: "quiet" }, about)],
  }));
}

/**
 * Suggests the people who are in the room or wrote lately.
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {string} word
 * @returns {Suggestion[]}
 */
function people(chat, room, word) {
  const near = [
    ...(room.info.peek().people ?? []),
    ...room.people.peek(),
    ...room.messages.list.slice(-100),
  ];
  const known = new Map(near.map((person) => [person.username, person]));
  known.delete(chat.user.username);
  const wanted = word.toLowerCase();
  return [...known.values()]
    .filter(
      (person) =>
        !isDeleted(person) &&
        [person.username, nameOf(person)].some((name) => name.toLowerCase().startsWith(wanted)),
    )
    .sort((a, b) => (a.username < b.username ? -1 : 1))
    .slice(0, MOST)
    .map((person) => {
      const { username } = person;
      const name = nameOf(person);
      const handle = name !== username && h("span", { class: "quiet" }, `@${username}`);
      return { text: `@${username}`, show: [avatar(person, "small"), name, handle] };
    });
}

/**
 * @param {string} word
 * @returns {Suggestion[]}
 */
function emoji(word) {
  // A colon with less than two letters after it is usually not an emoji.
  if (word.length < 2) return [];
  return findEmoji(word, MOST).map(({ name, symbol }) => ({
    text: symbol,
    show: [h("span", { class: "symbol" }, symbol), `:${name}:`],
  }));
}

/**
 * @param {string} word
 * @returns {Suggestion[]}
 */
function commands(word) {
  return COMMANDS.filter(({ name }) => name.startsWith(word)).map(({ name, about }) => ({
    text: `/${name}`,
    show: [`/${name}`, h("span", { class: "quiet" }, about)],
  }));
}
