// Bots: the accounts of programs, and their API tokens.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { counted, endTime, shortTime } from "../text/format.js";
import { copyButton } from "../views/copy.js";
import { confirmDialog, openDialog, toast } from "../views/dialog.js";
import { form } from "../views/form.js";
import { openOutgoingHooks } from "./outgoing-hooks.js";

/** @typedef {import("../core/types.js").Account} Account */
/** @typedef {import("../core/types.js").ApiToken} ApiToken */

/** The scopes that the page offers, and what they allow. @type {Record<string, string>} */
const SCOPES = {
  read: "Read rooms and messages",
  send: "Send messages and reactions",
  rooms: "Change rooms and members",
};

class Bots extends View {
  render() {
    const status = h("p", { class: "quiet", role: "status" });
    const list = h("ul", { class: "plain-list", "aria-label": "Bots" });
    const load = async () => {
      try {
        /** @type {Account[]} */
        const bots = await call("GET", "/bots");
        status.textContent = bots.length === 0 ? "There are no bots yet." : "";
        fill(
          list,
          bots.map((bot) => entry(bot, load)),
        );
      } catch (error) {
        status.textContent = words(error);
      }
    };
    this.append(
      h(
        "div",
        { class: "part-top" },
        h("p", { class: "quiet small" }, "Accounts for programs, which sign in with API tokens."),
        h(
          "button",
          { class: "primary", type: "button", onclick: () => openNewBot(load) },
          icon("plus"),
          "Create a bot",
        ),
      ),
      status,
      list,
    );
    load();
  }
}

/**
 * @param {Account} bot
 * @param {() => void} reload
 */
const entry = (bot, reload) =>
  h(
    "li",
    null,
    h(
      "div",
      { class: "about" },
      h(
        "p",
        null,
        h("span", { class: "name", dir: "auto" }, bot.display_name ?? bot.username),
        bot.display_name && h("span", { class: "quiet" }, ` ${bot.username}`),
        !bot.is_active && h("span", { class: "tag" }, "inactive"),
      ),
      h("p", { class: "quiet small" }, counted(bot.sessions, "API token")),
    ),
    h(
      "button",
      {
        class: "small",
        type: "button",
        "aria-label": `API tokens of ${bot.username}`,
        onclick: () => openTokens(bot, reload),
      },
      "API tokens",
    ),
    h(
      "button",
      {
        class: "small",
        type: "button",
        "aria-label": `Webhooks of ${bot.username}`,
        onclick: () => openOutgoingHooks(bot),
      },
      "Webhooks",
    ),
  );

/** @param {() => void} changed */
function openNewBot(changed) {
  openDialog({
    title: "Create a bot",
    class: "narrow",
    content: (close) => {
      const scopes = scopeChoice();
      return form({
        fields: [
          { name: "username", label: "Username", autocomplete: "off" },
          { name: "display_name", label: "Shown name", autocomplete: "off", optional: true },
        ],
        body: [scopes],
        submit: "Create bot",
        async onsubmit({ username, display_name }) {
          const made = await call("POST", "/bots", {
            username,
            display_name: display_name || null,
            token: { name: "first token", scopes: chosenOf(scopes) },
          });
          close();
          changed();
          showToken(made.token.token);
        },
      });
    },
  });
}

/**
 * @param {Account} bot
 * @param {() => void} changed
 */
function openTokens(bot, changed) {
  openDialog({
    title: `API tokens of ${bot.username}`,
    class: "invites",
    content: (close) => {
      const alert = h("p", { class: "form-error", role: "alert" });
      const list = h("ul", { class: "plain-list", "aria-label": "API tokens" });
      const scopes = scopeChoice();
      const path = `/bots/${bot.id}/tokens`;
      const load = async () => {
        try {
          /** @type {ApiToken[]} */
          const tokens = await call("GET", path);
          fill(
            list,
            tokens.map((token) => tokenEntry(token, path, load)),
          );
        } catch (error) {
          alert.textContent = words(error);
        }
        changed();
      };
      load();
      return [
        list,
        alert,
        h("h3", null, "New API token"),
        form({
          fields: [{ name: "name", label: "What it is for", autocomplete: "off", maxlength: 64 }],
          body: [scopes],
          submit: "Make token",
          async onsubmit({ name }) {
            const made = await call("POST", path, { name, scopes: chosenOf(scopes) });
            close();
            changed();
            showToken(made.token);
          },
        }),
      ];
    },
  });
}

/**
 * @param {ApiToken} token
 * @param {string} path
 * @param {() => void} reload
 */
const tokenEntry = (token, path, reload) =>
  h(
    "li",
    null,
    h(
      "div",
      { class: "about" },
      h("p", { dir: "auto" }, token.name),
      h(
        "p",
        { class: "quiet small" },
        [
          token.scopes.join(", "),
          token.room_ids && `only in ${counted(token.room_ids.length, "room")}`,
          token.last_used_at ? `last used ${shortTime(token.last_used_at)}` : "not used yet",
          token.expires_at && `until ${endTime(token.expires_at)}`,
        ]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    h(
      "button",
      {
        class: "small danger-quiet",
        type: "button",
        "aria-label": `Revoke ${token.name}`,
        onclick: () =>
          confirmDialog({
            title: "Revoke this API token?",
            text: "Programs that use it are refused at once.",
            action: "Revoke",
            async act() {
              await call("DELETE", `${path}/${token.id}`);
              reload();
              toast("API token revoked");
            },
          }),
      },
      "Revoke",
    ),
  );

/** @param {string} token */
function showToken(token) {
  openDialog({
    title: "The API token",
    class: "narrow",
    content: () => {
      const field = h("input", { type: "text", readonly: true, "aria-label": "API token" });
      field.value = token;
      return [
        h(
          "p",
          null,
          "The token is shown only now. Copy it before you close this, and keep it secret.",
        ),
        field,
        copyButton("Copy token", () => token),
      ];
    },
  });
}

/** Boxes for the scopes. */
function scopeChoice() {
  return h(
    "fieldset",
    { class: "choice boxes" },
    h("legend", null, "It may"),
    Object.entries(SCOPES).map(([scope, text]) => {
      const box = h("input", { type: "checkbox", value: scope });
      box.checked = scope !== "rooms";
      return h("label", null, box, text);
    }),
  );
}

/** @param {HTMLElement} choice */
function chosenOf(choice) {
  /** @type {NodeListOf<HTMLInputElement>} */
  const boxes = choice.querySelectorAll("input:checked");
  return Array.from(boxes, (box) => box.value);
}

export const botsPart = () => view("chat-admin-bots", Bots, {});
