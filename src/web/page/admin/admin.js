// The pages of admins: rooms, accounts, figures and the audit log.

import { View, fill, h, icon, view } from "../core/dom.js";
import { auditPart } from "./audit.js";
import { botsPart } from "./bots.js";
import { figuresPart } from "./figures.js";
import { invitesPart } from "./invites.js";
import { roomsPart } from "./rooms.js";
import { usersPart } from "./users.js";

/** @typedef {import("../core/chat.js").Chat} Chat */

/** @type {Record<string, { name: string, make(chat: Chat): HTMLElement }>} */
const PARTS = {
  rooms: { name: "Rooms", make: roomsPart },
  users: { name: "People", make: usersPart },
  bots: { name: "Bots", make: botsPart },
  invites: { name: "Invites", make: invitesPart },
  figures: { name: "Server", make: figuresPart },
  audit: { name: "Audit log", make: auditPart },
};

class Admin extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  section = "";

  render() {
    this.className = "admin";
    const { chat, section } = this;
    const shown = PARTS[section];
    const tabs = h(
      "nav",
      { class: "tabs", "aria-label": "Administration" },
      Object.entries(PARTS).map(([key, { name }]) =>
        h("a", { href: `#/admin/${key}`, "aria-current": key === section ? "page" : null }, name),
      ),
    );
    // Can have the focus, so that the keyboard can scroll it.
    const body = h("div", {
      class: "admin-body",
      tabindex: "0",
      role: "group",
      "aria-label": shown?.name ?? "Administration",
    });
    this.append(
      h(
        "header",
        { class: "room-top" },
        h("a", { class: "icon-button back", href: "#/", "aria-label": "All rooms" }, icon("back")),
        h("div", { class: "room-title" }, h("h1", null, "Administration")),
      ),
      tabs,
      body,
    );
    if (chat.user.role !== "admin")
      fill(body, h("p", { class: "empty" }, "Only admins can see this page."));
    else
      fill(
        body,
        shown ? shown.make(chat) : h("p", { class: "empty" }, "This page does not exist."),
      );
  }
}

/**
 * @param {Chat} chat
 * @param {string} part
 */
export const adminView = (chat, part) => view("chat-admin", Admin, { chat, section: part });
