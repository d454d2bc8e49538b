// Chooses people: a field that searches the directory, the people found, and those chosen.

import { call, words } from "../core/api.js";
import { fill, h, icon } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { avatar } from "./avatar.js";

/** @typedef {import("../core/types.js").UserCard} UserCard */

const SEARCH_MS = 150;
const MOST_FOUND = 8;

/**
 * @param {{ label: string, most: number, isHidden(id: number): boolean, changed(chosen: UserCard[]): void }} options
 *   `isHidden`: people who cannot be chosen
 */
export function peoplePicker({ label, most, isHidden, changed }) {
  /** @type {UserCard[]} */
  let chosen = [];
  /** @type {UserCard[]} */
  let found = [];
  let timer = 0;
  let asked = 0;
  const chips = h("ul", { class: "chips", "aria-label": "Chosen people" });
  const results = h("ul", { class: "found", "aria-label": "People" });
  const note = h("p", { class: "quiet small", role: "status" });
  const input = h("input", {
    type: "search",
    "aria-label": label,
    placeholder: "Search by name",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
  });

  /** @param {UserCard[]} next */
  const choose = (next) => {
    chosen = next;
    show();
    changed(chosen);
  };
  /** @param {UserCard} card */
  const add = (card) => {
    if (chosen.length >= most) return;
    input.value = "";
    choose([...chosen, card]);
    input.focus();
    search();
  };
  /** @param {UserCard} card */
  const drop = (card) => {
    choose(chosen.filter(({ id }) => id !== card.id));
    input.focus();
  };
  const visible = () =>
    found
      .filter(({ id }) => !isHidden(id) && !chosen.some((one) => one.id === id))
      .slice(0, MOST_FOUND);
  const show = () => {
    chips.hidden = chosen.length === 0;
    fill(
      chips,
      chosen.map((card) =>
        h(
          "li",
          null,
          h("span", null, nameOf(card)),
          h(
            "button",
            {
              class: "icon-button",
              type: "button",
              "aria-label": `Remove ${nameOf(card)}`,
              onclick: () => drop(card),
            },
            icon("close"),
          ),
        ),
      ),
    );
    const isFull = chosen.length >= most;
    fill(
      results,
      !isFull &&
        visible().map((card) =>
          h(
            "li",
            null,
            h(
              "button",
              { class: "person", type: "button", onclick: () => add(card) },
              avatar(card, "small"),
              h("span", { class: "name", dir: "auto" }, nameOf(card)),
              h("span", { class: "quiet" }, `@${card.username}`),
            ),
          ),
        ),
    );
    if (isFull && most > 1) note.textContent = `At most ${most} people.`;
  };
  const search = () => {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const turn = ++asked;
      const query = input.value.trim().replace(/^@/, "");
      try {
        const page = await call("GET", `/users/?limit=30&query=${encodeURIComponent(query)}`);
        if (turn !== asked) return;
        found = page.users.filter((/** @type {UserCard} */ card) => card.is_active !== false);
        note.textContent =
          visible().length > 0 ? "" : query ? "Nobody has such a name." : "There is nobody else.";
      } catch (error) {
        if (turn !== asked) return;
        found = [];
        note.textContent = words(error);
      }
      show();
    }, SEARCH_MS);
  };
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    const first = visible()[0];
    const last = chosen.at(-1);
    if (event.key === "Enter" && input.value.trim() && first) {
      event.preventDefault();
      // The list may still show what an earlier text found.
      if (nameMatches(first, input.value)) add(first);
    } else if (event.key === "Backspace" && !input.value && last) drop(last);
    else if (event.key === "ArrowDown") {
      event.preventDefault();
      results.querySelector("button")?.focus();
    }
  });
  results.addEventListener("keydown", (event) => {
    const buttons = [...results.querySelectorAll("button")];
    const at = buttons.indexOf(/** @type {any} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    (buttons[at + step] ?? (step < 0 ? input : buttons[at]))?.focus();
  });
  show();
  search();
  return h("div", { class: "picker" }, chips, input, results, note);
}

/**
 * @param {UserCard} card
 * @param {string} text
 */
function nameMatches({ username, display_name }, text) {
  const wanted = text.trim().replace(/^@/, "").toLowerCase();
  return [username, display_name ?? ""].some((name) => name.toLowerCase().includes(wanted));
}
