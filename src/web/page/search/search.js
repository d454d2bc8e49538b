// The page "Search": finds messages in all rooms that the reader may read. It is loaded when it is opened.

import { ApiError, call, sentence, words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { nameOf, placeOf } from "../core/people.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { go, goInstead, messageHref, route, searchHref } from "../core/route.js";
import { counted, endTime, exactTime } from "../text/format.js";
import { avatar } from "../views/avatar.js";
import { choice } from "../views/choice.js";
import { reconcile } from "../views/rows.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/route.js").Order} Order */
/** @typedef {import("../core/types.js").FoundMessage} Found */
/** @typedef {{ found: Found[], cursor: string | null, isComplete: boolean }} Results */

/** The reader types on for so long before the server is asked. */
const PAUSE_MS = 300;
/** @type {Record<Order, string>} */
const ORDERS = { newest: "Newest first", best: "Best first" };
const FILTERS = [
  "from:name",
  "in:room",
  "after:2026-01-31",
  "before:2026-01-31",
  "has:link",
  "has:reaction",
  "is:thread",
  "is:pinned",
  '"these words together"',
];

class Search extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  /** The address of the place before the search. */
  cameFrom = "";
  /** null: nothing is searched for, or there is no answer yet. */
  #results = signal(/** @type {Results | null} */ (null));
  #isBusy = signal(false);
  #error = signal("");
  /** Counts the questions to the server: an answer to an older one is dropped. */
  #turn = 0;

  render() {
    this.className = "admin inbox search";
    const input = h("input", {
      type: "search",
      id: "search-field",
      "aria-label": "Search messages",
      "aria-describedby": "search-error search-help",
      placeholder: "Search messages",
      autocomplete: "off",
      spellcheck: "false",
      enterkeyhint: "search",
    });
    const error = h("p", { class: "field-error", id: "search-error", role: "alert" });
    const order = choice("Order", searched().order, ORDERS, (chosen) => {
      goInstead(searchHref(input.value, chosen));
      return "";
    });
    const status = h("p", { class: "quiet", role: "status" });
    const again = h("button", { class: "link", type: "button" }, "Search again");
    const unread = h(
      "p",
      { class: "quiet" },
      "The newest messages are still being read in, and may be missing. ",
      again,
    );
    const list = h("ul", { class: "inbox-list", "aria-label": "Found messages" });
    const more = h("button", { class: "small", type: "button" }, "Show more");
    const form = h("form", { role: "search" }, input, error, help(), order);
    this.append(
      h(
        "header",
        { class: "room-top" },
        h("a", { class: "icon-button back", href: "#/", "aria-label": "All rooms" }, icon("back")),
        h("div", { class: "room-title" }, h("h1", null, "Search")),
      ),
      h("div", { class: "admin-body" }, h("div", null, form, status, unread, list, more)),
    );

    /** The address of the search that was asked for. */
    let known = "";
    let timer = 0;
    const look = () => {
      clearTimeout(timer);
      goInstead(searchHref(input.value, searched().order));
    };
    onEnd(() => {
      clearTimeout(timer);
      this.#turn += 1;
    });
    listen(input, "input", () => {
      clearTimeout(timer);
      timer = setTimeout(look, PAUSE_MS);
    });
    listen(form, "submit", (event) => {
      event.preventDefault();
      // The same search again may find newer messages.
      if (searchHref(input.value, searched().order) === known) this.#read();
      else look();
    });
    listen(again, "click", () => this.#read());
    listen(more, "click", () => {
      // The cursor is of the search that is shown, and another one may be on its way.
      if (!this.#isBusy.peek()) this.#read(this.#results.peek()?.cursor);
    });
    listen(document, "keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      if (document.querySelector("dialog[open]")) return;
      // Otherwise the browser would empty the field.
      event.preventDefault();
      go(this.cameFrom);
    });

    effect(() => {
      const at = route.value;
      if (at.page !== "search") return;
      const { query, order: chosen } = at;
      if (searchHref(query, chosen) === known) return;
      known = searchHref(query, chosen);
      if (input.value !== query) input.value = query;
      for (const button of order.querySelectorAll("input"))
        button.checked = button.value === chosen;
      this.#read();
    });
    effect(() => {
      fill(error, this.#error.value);
      if (this.#error.value) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    });
    effect(() => {
      const results = this.#results.value;
      const found = results?.found ?? [];
      reconcile(
        list,
        found.map((one) => this.#row(one)),
      );
      more.hidden = !results?.cursor;
      unread.hidden = results?.isComplete ?? true;
      fill(
        status,
        this.#isBusy.value && !results
          ? "Searching…"
          : results &&
              (found.length === 0
                ? "No message was found."
                : results.cursor
                  ? `The first ${found.length} messages`
                  : `${counted(found.length, "message")} found`),
      );
    });
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  /**
   * Asks the server for the first messages, or for those after a cursor.
   * @param {string | null} [cursor]
   */
  async #read(cursor) {
    const turn = ++this.#turn;
    const { query, order } = searched();
    if (!query.trim()) {
      this.#isBusy.value = false;
      this.#error.value = "";
      this.#results.value = null;
      return;
    }
    this.#isBusy.value = true;
    const wanted = new URLSearchParams({ q: query, order, ...(cursor && { cursor }) });
    try {
      /** @type {import("../core/types.js").SearchPage} */
      const page = await call("GET", `/search?${wanted}`);
      if (turn !== this.#turn) return;
      const before = cursor ? (this.#results.peek()?.found ?? []) : [];
      this.#error.value = "";
      this.#results.value = {
        found: [...before, ...page.found],
        cursor: page.next_cursor,
        isComplete: page.is_complete,
      };
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#error.value = reason(error);
      // What was found for an earlier query is no answer to this one.
      if (!cursor) this.#results.value = null;
    }
    this.#isBusy.value = false;
  }

  /** @param {Found} found @returns {import("../views/rows.js").Row} */
  #row({ message, snippet }) {
    const { chat } = this;
    const room = chat.rooms.value.get(message.room_id);
    const place = room ? placeOf(room.info.value, chat.user.id) : "";
    const isBlocked = chat.blocks.has(message.user_id);
    const href = messageHref(message);
    const { timestamp: time } = message;
    return {
      key: `${message.id}`,
      signature: [href, place, isBlocked, nameOf(message), JSON.stringify(snippet)].join("\n"),
      make: () =>
        h(
          "li",
          null,
          h(
            "a",
            { href },
            avatar(message, "small"),
            h(
              "span",
              { class: "about" },
              h(
                "span",
                { class: "first" },
                h("span", { class: "name", dir: "auto" }, nameOf(message)),
                h("span", { class: "place", dir: "auto" }, place),
                h("time", { datetime: time, title: exactTime(time) }, endTime(time)),
              ),
              h(
                "span",
                { class: "excerpt", dir: "auto" },
                isBlocked ? "Message of a person whom you have blocked" : marked(snippet),
              ),
              message.thread_id && h("span", { class: "last" }, "in a thread"),
            ),
          ),
        ),
    };
  }
}

/** What the address asks for. @returns {{ query: string, order: Order }} */
function searched() {
  const at = route.peek();
  return at.page === "search" ? at : { query: "", order: "newest" };
}

function help() {
  return h(
    "p",
    { class: "hint", id: "search-help" },
    "Narrow it down: ",
    FILTERS.flatMap((filter) => [h("code", null, filter), " "]),
  );
}

/** What is hidden in a message until the reader uncovers it. */
const SPOILER = /\|\|(?=[^\s|])[^|]*(?:\|[^|]+)*\|\|/g;

/** Marks the places of the words that were found. @param {Found["snippet"]} snippet */
function marked({ text, hits }) {
  const hidden = text.replace(SPOILER, (spoiler) => "▒".repeat([...spoiler].length));
  // The server counts code points, and strings have UTF-16 units.
  const characters = [...hidden];
  /** @param {number} from @param {number} [to] */
  const part = (from, to) => characters.slice(from, to).join("");
  let at = 0;
  const parts = hits.flatMap(({ start, end }) => {
    const plain = part(at, start);
    at = end;
    return [plain, h("mark", null, part(start, end))];
  });
  return [...parts, part(at)];
}

/** Why there is no answer; what is wrong with a query is said without the name of its field. @param {unknown} error */
function reason(error) {
  const mistakes =
    error instanceof ApiError ? error.fields.filter(({ field }) => field === "q") : [];
  if (mistakes.length === 0) return words(error);
  return mistakes.map(({ message }) => sentence(message)).join(" ");
}

/**
 * @param {Chat} chat
 * @param {string} cameFrom the address to which Escape leads
 */
export const searchView = (chat, cameFrom) => view("chat-search", Search, { chat, cameFrom });
