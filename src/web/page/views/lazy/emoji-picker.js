// Chooses an emoji: those used last, a search, and all of Unicode's in groups. On a phone it is a sheet at the bottom.
// Arrows move between the emoji, Enter takes one, Escape closes.

import { fill, h } from "../../core/dom.js";
import { findEmoji, loadEmoji, shortNames } from "../../text/emoji.js";
import { place } from "../menu.js";
import { TONES, noteEmoji, recentEmoji, setSkinTone, skinTone, toned } from "./recent-emoji.js";

/** @typedef {import("../../text/lazy/emoji-list.js").Emoji} Emoji */
/** @typedef {{ symbol: string, name: string, hasTones: boolean }} Choice */

/** As the style sheet has it. */
const COLUMNS = 8;
const MOST_FOUND = 80;
/** The groups of Unicode, each with a name and an emoji for its tab. @type {Record<string, [string, string]>} */
const GROUPS = {
  "smileys-emotion": ["Smileys", "😀"],
  "people-body": ["People", "👋"],
  "animals-nature": ["Animals and nature", "🐻"],
  "food-drink": ["Food and drink", "🍔"],
  "travel-places": ["Travel and places", "🚗"],
  activities: ["Activities", "⚽"],
  objects: ["Objects", "💡"],
  symbols: ["Symbols", "🔣"],
  flags: ["Flags", "🏁"],
};
const TONE_NAMES = ["none", "light", "medium light", "medium", "medium dark", "dark"];

/**
 * @param {HTMLElement} anchor the button that opens it
 * @param {(emoji: string) => void} choose
 */
export function openEmojiPicker(anchor, choose) {
  /** @type {Emoji[]} */
  let all = [];
  const input = h("input", {
    type: "search",
    "aria-label": "Search emoji",
    placeholder: "Search emoji",
    autocomplete: "off",
    spellcheck: "false",
  });
  const tabs = h("div", { class: "emoji-tabs", role: "group", "aria-label": "Groups" });
  const body = h("div", { class: "emoji-body" });
  const shown = h("p", { class: "emoji-name", "aria-hidden": "true" });
  const note = h("p", { class: "quiet small", role: "status" });
  const row = anchor.closest("li");
  const picker = h(
    "div",
    { class: "emoji-picker", role: "dialog", popover: "auto", "aria-label": "Choose an emoji" },
    input,
    tabs,
    note,
    body,
    h(
      "footer",
      null,
      shown,
      tones(() => draw()),
    ),
  );

  /** @param {Choice} choice */
  const cell = ({ symbol, name, hasTones }) => {
    const emoji = hasTones ? toned(symbol, skinTone()) : symbol;
    return h("button", { type: "button", tabindex: "-1", "aria-label": name }, emoji);
  };
  /**
   * @param {string} title
   * @param {Choice[]} choices
   * @param {string} [group]
   */
  const section = (title, choices, group = "") =>
    choices.length > 0 &&
    h(
      "section",
      { data: { group } },
      h("h3", null, title),
      h("div", { class: "emoji-grid" }, choices.map(cell)),
    );
  const draw = () => {
    const word = input.value.trim().replaceAll(":", "");
    const byName = new Map(all.map((emoji) => [emoji.symbol, emoji.hasTones]));
    if (word) {
      const found = findEmoji(word, MOST_FOUND).map(({ name, symbol }) => ({
        symbol,
        name,
        hasTones: byName.get(symbol) ?? false,
      }));
      fill(body, section("Found", found));
      note.textContent = found.length > 0 || all.length === 0 ? "" : "No such emoji.";
    } else {
      const recent = recentEmoji().map((symbol) => ({
        symbol,
        name: shortNames(symbol)[0] ?? symbol,
        hasTones: false,
      }));
      const groups = Object.entries(GROUPS).map(([group, [title]]) =>
        section(title, all.filter((emoji) => emoji.group === group).map(choice), group),
      );
      fill(body, section("Used last", recent, "recent"), groups);
      if (all.length > 0) note.textContent = "";
    }
    tabs.hidden = Boolean(word);
    cells()[0]?.setAttribute("tabindex", "0");
  };
  const cells = () => /** @type {HTMLElement[]} */ ([...body.querySelectorAll("button")]);
  /** @param {HTMLElement | undefined} next */
  const move = (next) => {
    if (!next) return;
    body.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  };
  /** @param {string} emoji */
  const take = (emoji) => {
    noteEmoji(emoji);
    picker.hidePopover();
    choose(emoji);
  };
  /** @param {string} group */
  const goTo = (group) => {
    const target = body.querySelector(`[data-group="${group}"]`);
    target?.scrollIntoView({ block: "start" });
    const [first] = target?.querySelectorAll("button") ?? [];
    if (first) move(first);
  };
  fill(
    tabs,
    Object.entries(GROUPS).map(([group, [title, face]]) =>
      h("button", { type: "button", "aria-label": title, title, onclick: () => goTo(group) }, face),
    ),
  );

  input.addEventListener("input", draw);
  body.addEventListener("click", ({ target }) => {
    const button = target instanceof Element && target.closest("button");
    if (button) take(button.textContent ?? "");
  });
  const explain = (/** @type {Event} */ { target }) => {
    const button = target instanceof Element && target.closest("button");
    if (button) fill(shown, button.textContent, ` :${button.getAttribute("aria-label")}:`);
  };
  body.addEventListener("pointerover", explain);
  body.addEventListener("focusin", explain);
  picker.addEventListener("keydown", (event) => {
    // What is behind the picker does not act on its keys. The browser closes it with Escape.
    event.stopPropagation();
    const { target, key } = event;
    const isCell = target instanceof HTMLElement && body.contains(target);
    if (target === input) {
      const [first] = cells();
      if (key === "ArrowDown") move(first);
      else if (key === "Enter" && first) take(first.textContent ?? "");
      else return;
    } else if (isCell) {
      const next = neighbour(target, key);
      if (next) move(next);
      else if (key === "ArrowUp") input.focus();
      else if (key.length === 1 && key !== " " && !event.ctrlKey && !event.metaKey) {
        // A letter goes on with the search.
        input.focus();
        return;
      } else return;
    } else return;
    event.preventDefault();
  });
  picker.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "open") return;
    const hadFocus = picker.contains(document.activeElement);
    picker.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (!hadFocus && document.activeElement !== document.body) return;
    if (anchor.isConnected) anchor.focus();
    else row?.focus();
  });

  draw();
  anchor.setAttribute("aria-expanded", "true");
  anchor.after(picker);
  picker.showPopover();
  if (!matchMedia("(width < 48rem)").matches) place(picker, anchor.getBoundingClientRect());
  // On a phone the field would open the keyboard over the sheet.
  if (matchMedia("(hover: hover)").matches) input.focus();
  else cells()[0]?.focus();
  note.textContent = "Loading…";
  loadEmoji().then(
    (emoji) => {
      all = emoji;
      if (!picker.isConnected) return;
      const at = cells().indexOf(/** @type {any} */ (document.activeElement));
      draw();
      if (at >= 0) cells()[at]?.focus();
    },
    () => (note.textContent = "The other emoji could not be loaded."),
  );
}

/** @param {Emoji} emoji @returns {Choice} */
const choice = ({ symbol, names, hasTones }) => ({ symbol, name: names[0] ?? symbol, hasTones });

/**
 * The emoji beside this one in the direction of a key, also in the next group.
 * @param {HTMLElement} cell
 * @param {string} key
 */
function neighbour(cell, key) {
  const grid = cell.parentElement;
  const section = grid?.parentElement;
  if (!grid || !section) return undefined;
  const at = [...grid.children].indexOf(cell);
  const isRtl = getComputedStyle(grid).direction === "rtl";
  const side = isRtl ? -1 : 1;
  const step = {
    ArrowRight: side,
    ArrowLeft: -side,
    ArrowDown: COLUMNS,
    ArrowUp: -COLUMNS,
  }[key];
  if (!step) return undefined;
  const column = at % COLUMNS;
  const last = grid.children.length - 1;
  let next = grid.children[at + step];
  if (!next && step > 0) {
    // The last row may be shorter than the column.
    if (step === COLUMNS && at - column + COLUMNS <= last) next = grid.children[last];
    else {
      const below = section.nextElementSibling?.querySelector(".emoji-grid")?.children;
      next = below?.[step === 1 ? 0 : Math.min(column, below.length - 1)];
    }
  } else if (!next) {
    const above = section.previousElementSibling?.querySelector(".emoji-grid")?.children;
    if (above) {
      const start = (Math.ceil(above.length / COLUMNS) - 1) * COLUMNS;
      const end = above.length - 1;
      next = above[step === -1 ? end : Math.min(start + column, end)];
    }
  }
  return next instanceof HTMLElement ? next : undefined;
}

/** The choice of a skin tone. @param {() => void} changed */
function tones(changed) {
  const group = h("div", { class: "emoji-tones", role: "group", "aria-label": "Skin tone" });
  const draw = () =>
    fill(
      group,
      TONES.map((tone, at) =>
        h(
          "button",
          {
            type: "button",
            "aria-label": `Skin tone: ${TONE_NAMES[at]}`,
            title: TONE_NAMES[at],
            "aria-pressed": String(tone === skinTone()),
            onclick: () => {
              setSkinTone(tone);
              draw();
              /** @type {HTMLElement | undefined} */ (group.children[at])?.focus();
              changed();
            },
          },
          `✋${tone}`,
        ),
      ),
    );
  draw();
  return group;
}
