// Links that let people into a room, or onto the server: making, copying and revoking them.

import { address } from "../core/address.js";
import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { nameOf, placeOf } from "../core/people.js";
import { counted, endTime, shortTime } from "../text/format.js";
import { choice } from "./choice.js";
import { copyButton } from "./copy.js";
import { openDialog } from "./dialog.js";

/** @typedef {import("../core/types.js").Invite} Invite */

const DAY_MS = 24 * 60 * 60 * 1000;
/** @type {Record<string, number>} */
const DAYS = { day: 1, week: 7, month: 30 };

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export function openInvites(chat, room) {
  const place = placeOf(room.info.peek(), chat.user.id);
  openDialog({
    title: `Invite people to ${place}`,
    class: "invites",
    content: () =>
      invitesPanel(`/rooms/${room.id}/invites`, "Everybody who opens the link can join the room."),
  });
}

/**
 * @param {string} path of the API
 * @param {string} text
 */
export function invitesPanel(path, text) {
  const base = path.replace(/\/$/, "");
  const alert = h("p", { class: "form-error", role: "alert" });
  const made = h("div", { class: "made-link", "aria-live": "polite" });
  const list = h("ul", { class: "plain-list", "aria-label": "Invites" });
  const uses = choice("Can be used", "any", { 1: "Once", 10: "10 times", any: "No limit" });
  const expiry = choice("Expires after", "week", {
    day: "1 day",
    week: "1 week",
    month: "30 days",
  });
  const title = h("h3", null, "Links that work");

  const load = async () => {
    try {
      /** @type {Invite[]} */
      const invites = await call("GET", path);
      title.hidden = invites.length === 0;
      fill(list, invites.map(entry));
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  const make = async () => {
    alert.textContent = "";
    const most = uses.chosen();
    try {
      /** @type {Invite} */
      const invite = await call("POST", path, {
        expires_at: new Date(Date.now() + (DAYS[expiry.chosen()] ?? 7) * DAY_MS).toISOString(),
        ...(most !== "any" && { uses_allowed: Number(most) }),
      });
      const link = address(`/#/invite/${invite.token}`).href;
      const field = h("input", {
        type: "text",
        readonly: true,
        "aria-label": "Invite link",
        dir: "ltr",
      });
      field.value = link;
      fill(
        made,
        field,
        copyButton("Copy link", () => link),
        h(
          "p",
          { class: "quiet small" },
          "The link is shown only now. Copy it before you close this.",
        ),
      );
      field.focus();
      field.select();
      await load();
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  /** @param {Invite} invite */
  const entry = (invite) =>
    h(
      "li",
      null,
      h(
        "div",
        { class: "about" },
        h("p", null, `Made by ${nameOf(invite.invited_by)}, ${shortTime(invite.created_at)}`),
        h(
          "p",
          { class: "quiet small" },
          `Used ${usesOf(invite)}` +
            (invite.expires_at ? `, until ${endTime(invite.expires_at)}` : ""),
        ),
      ),
      h(
        "button",
        {
          class: "small danger-quiet",
          type: "button",
          onclick: async () => {
            try {
              await call("DELETE", `${base}/${invite.id}`);
              await load();
            } catch (error) {
              alert.textContent = words(error);
            }
          },
        },
        "Revoke",
      ),
    );
  title.hidden = true;
  load();
  return [
    h("p", { class: "quiet small" }, text),
    uses,
    expiry,
    h(
      "div",
      { class: "form-actions" },
      h("button", { class: "primary", type: "button", onclick: make }, "Create link"),
    ),
    alert,
    made,
    title,
    list,
  ];
}

/** @param {Invite} invite */
function usesOf({ completed, uses_allowed }) {
  return uses_allowed
    ? `${completed} of ${counted(uses_allowed, "time")}`
    : `${counted(completed, "time")}, without a limit`;
}
