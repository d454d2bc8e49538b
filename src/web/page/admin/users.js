// The table of accounts, with a search.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { onEnd } from "../core/reactive.js";
import { counted, figure, shortTime } from "../text/format.js";
import { openDialog, toast } from "../views/dialog.js";
import { form } from "../views/form.js";
import { openUser } from "./user.js";

/** @typedef {import("../core/types.js").Account} Account */

const PAUSE_MS = 200;
const PAGE = 50;

const COLUMNS = ["Name", "Email", "Role", "Sessions", "Joined"];

class Users extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);

  render() {
    const search = h("input", {
      type: "search",
      placeholder: "Name or email",
      "aria-label": "Search people",
      autocomplete: "off",
    });
    const body = h("tbody");
    const status = h("p", { class: "quiet", role: "status" });
    const more = h("button", { type: "button", hidden: true }, "Show more");
    this.append(
      h(
        "div",
        { class: "part-top" },
        search,
        h(
          "button",
          { class: "primary", type: "button", onclick: () => openNewUser(() => load(null)) },
          icon("plus"),
          "Create an account",
        ),
      ),
      status,
      h(
        "div",
        { class: "table", tabindex: "0", role: "region", "aria-label": "People" },
        h(
          "table",
          null,
          h(
            "thead",
            null,
            h(
              "tr",
              null,
              COLUMNS.map((name) => h("th", { scope: "col" }, name)),
              h("th", { scope: "col" }, h("span", { class: "visually-hidden" }, "Actions")),
            ),
          ),
          body,
        ),
      ),
      more,
    );
    let turn = 0;
    let shown = 0;
    /** @param {number | null} after */
    const load = async (after) => {
      const mine = ++turn;
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (search.value.trim()) query.set("query", search.value.trim());
      if (after !== null) query.set("after", String(after));
      try {
        /** @type {{ users: Account[], next_after: number | null }} */
        const page = await call("GET", `/admin/users?${query}`);
        if (mine !== turn) return;
        if (after === null) {
          fill(body);
          shown = 0;
        }
        shown += page.users.length;
        body.append(...page.users.map((user) => this.#row(user, () => load(null))));
        status.textContent =
          shown === 0
            ? "No matching accounts."
            : counted(shown, "account") + (page.next_after ? " shown" : "");
        more.hidden = page.next_after === null;
        more.onclick = () => load(page.next_after);
      } catch (error) {
        if (mine === turn) status.textContent = words(error);
      }
    };
    let timer = 0;
    listen(search, "input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => load(null), PAUSE_MS);
    });
    onEnd(() => {
      clearTimeout(timer);
      turn += 1;
    });
    load(null);
  }

  /**
   * @param {Account} user
   * @param {() => void} reload
   */
  #row(user, reload) {
    return h(
      "tr",
      null,
      h(
        "td",
        null,
        user.display_name && h("span", { class: "name", dir: "auto" }, user.display_name),
        user.display_name && " ",
        h("span", { class: user.display_name ? "quiet" : "name" }, user.username),
        user.id === this.chat.user.id && h("span", { class: "tag" }, "you"),
      ),
      h("td", { class: "wide", data: { label: COLUMNS[1] } }, user.email),
      h(
        "td",
        { data: { label: COLUMNS[2] } },
        user.role === "admin" ? "admin" : "user",
        !user.is_active && h("span", { class: "tag" }, "inactive"),
      ),
      h("td", { class: "number", data: { label: COLUMNS[3] } }, figure(user.sessions)),
      h(
        "td",
        { data: { label: COLUMNS[4] } },
        h("time", { datetime: user.created_at }, shortTime(user.created_at)),
      ),
      h(
        "td",
        null,
        h(
          "button",
          {
            class: "small",
            type: "button",
            "aria-label": `Manage ${user.username}`,
            onclick: () => openUser(user, reload),
          },
          "Manage",
        ),
      ),
    );
  }
}

/**
 * Creates an account for another person. This works even if sign-up is closed.
 * @param {() => void} changed
 */
function openNewUser(changed) {
  openDialog({
    title: "Create an account",
    class: "narrow",
    content: (close) =>
      form({
        fields: [
          { name: "username", label: "Username", autocomplete: "off" },
          { name: "email", label: "Email", type: "email", autocomplete: "off" },
          {
            name: "password",
            label: "Password",
            type: "password",
            autocomplete: "new-password",
            hint: "Its owner can change it after signing in.",
          },
        ],
        submit: "Create account",
        async onsubmit({ username, email, password }) {
          await call("POST", "/auth/signup", { username, email, password });
          close();
          changed();
          toast("Account created");
        },
      }),
  });
}

/** @param {import("../core/chat.js").Chat} chat */
export const usersPart = (chat) => view("chat-admin-users", Users, { chat });
