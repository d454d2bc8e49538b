// The public rooms of the server: searching, joining and leaving them.

import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { go, roomHref } from "../core/route.js";
import { counted } from "../text/format.js";
import { openDialog } from "./dialog.js";
import { joinRoom, leaveRoom } from "./membership.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/types.js").RoomInfo} RoomInfo */

const SEARCH_MS = 150;
const MOST = 50;

/** @param {Chat} chat */
export function openBrowse(chat) {
  const input = h("input", {
    type: "search",
    "aria-label": "Search rooms",
    placeholder: "Search by name",
    autocomplete: "off",
    spellcheck: "false",
    autofocus: true,
  });
  const list = h("ul", { class: "browse-list" });
  const note = h("p", { class: "quiet small", role: "status" }, "Loading rooms…");
  let asked = 0;
  let timer = 0;

  const look = async () => {
    const turn = ++asked;
    try {
      const query = encodeURIComponent(input.value.trim().replace(/^#/, ""));
      const path = `/rooms/?kind=public&limit=${MOST}&query=${query}`;
      /** @type {RoomInfo[]} */
      const rooms = await call("GET", path);
      if (turn !== asked) return;
      note.textContent =
        rooms.length === 0
          ? "No public room has such a name."
          : rooms.length < MOST
            ? counted(rooms.length, "public room")
            : `The first ${MOST} rooms. Search for others.`;
      fill(list, rooms.map(entry));
    } catch (error) {
      if (turn === asked) note.textContent = words(error);
    }
  };
  /** @param {RoomInfo} info */
  const entry = (info) => {
    const alert = h("p", { class: "field-error", role: "alert" });
    const isMember = Boolean(info.membership);
    const change = async () => {
      button.disabled = true;
      try {
        await (isMember ? leaveRoom(chat, info.id) : joinRoom(chat, info.id));
        await look();
        const next = list.querySelector(`[data-room="${info.id}"] button`);
        if (next instanceof HTMLElement) next.focus();
      } catch (error) {
        alert.textContent = words(error);
        button.disabled = false;
      }
    };
    const button = h(
      "button",
      {
        class: isMember ? "small" : "small primary",
        type: "button",
        "aria-label": `${isMember ? "Leave" : "Join"} ${info.name}`,
        onclick: change,
      },
      isMember ? "Leave" : "Join",
    );
    return h(
      "li",
      { data: { room: info.id } },
      h(
        "div",
        { class: "about" },
        h(
          "a",
          {
            href: roomHref(info.id),
            onclick: (/** @type {Event} */ event) => {
              event.preventDefault();
              dialog.close();
              // A room that is only looked at does not stay in the list.
              if (!isMember && !chat.rooms.peek().get(info.id)?.readSeq.peek())
                chat.listed.set(info.id, false);
              go(roomHref(info.id));
            },
          },
          `#${info.name}`,
        ),
        h(
          "p",
          { class: "quiet small" },
          [
            counted(info.member_count ?? 0, "member"),
            info.archived_at && "archived",
            info.description,
          ]
            .filter(Boolean)
            .join(" · "),
        ),
        alert,
      ),
      button,
    );
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, SEARCH_MS);
  });
  const dialog = openDialog({
    title: "Browse rooms",
    class: "browse",
    content: () => [input, note, list],
  });
  look();
}
