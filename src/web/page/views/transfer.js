// Making another member the owner of a room.

import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { avatar } from "./avatar.js";
import { confirmDialog, openDialog } from "./dialog.js";

/** @typedef {import("../core/types.js").Member} Member */

const MOST = 50;

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 */
export function openTransfer(chat, room) {
  const input = h("input", {
    type: "search",
    "aria-label": "Search members",
    placeholder: "Search members",
    autocomplete: "off",
    autofocus: true,
  });
  const list = h("ul", { class: "found", "aria-label": "Members" });
  const note = h("p", { class: "quiet small", role: "status" });
  let turn = 0;
  const load = async () => {
    const mine = ++turn;
    try {
      const query = encodeURIComponent(input.value.trim());
      const page = await call("GET", `/rooms/${room.id}/members?limit=${MOST}&query=${query}`);
      if (mine !== turn) return;
      /** @type {Member[]} */
      const others = page.members.filter((/** @type {Member} */ it) => it.user_id !== chat.user.id);
      note.textContent = others.length > 0 ? "" : "There is no other member. Add the person first.";
      fill(list, others.map(entry));
    } catch (error) {
      if (mine === turn) note.textContent = words(error);
    }
  };
  /** @param {Member} member */
  const entry = (member) =>
    h(
      "li",
      null,
      h(
        "button",
        { class: "person", type: "button", onclick: () => ask(member) },
        avatar(member, "small"),
        h("span", { class: "name", dir: "auto" }, nameOf(member)),
        h("span", { class: "quiet" }, `@${member.username}`),
      ),
    );
  /** @param {Member} member */
  const ask = (member) => {
    dialog.close();
    confirmDialog({
      title: `Transfer the room to ${nameOf(member)}?`,
      text: "They become its only owner, and you become a moderator. You cannot take it back.",
      action: "Transfer",
      async act() {
        await call("PUT", `/rooms/${room.id}/owner`, { user_id: member.user_id });
        await chat.list.reread(room.id);
      },
    });
  };
  input.addEventListener("input", load);
  const dialog = openDialog({
    title: "Transfer ownership",
    class: "narrow",
    content: () => [input, note, list],
  });
  load();
}
