// The private rooms of the server, of which an admin sees only the name and the number of members.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, view } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { onEnd } from "../core/reactive.js";
import { figure, shortTime } from "../text/format.js";
import { confirmDialog, openDialog, toast } from "../views/dialog.js";
import { peoplePicker } from "../views/picker.js";

/** @typedef {import("../core/types.js").AdminRoom} AdminRoom */

const PAGE = 50;

const COLUMNS = ["Private room", "Members", "Created"];

class PrivateRooms extends View {
  render() {
    const body = h("tbody");
    const status = h("p", { class: "quiet", role: "status" });
    const more = h("button", { type: "button", hidden: true }, "Show more");
    const table = h(
      "div",
      {
        class: "table",
        tabindex: "0",
        role: "region",
        "aria-label": "Private rooms",
        hidden: true,
      },
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
    );
    this.append(
      h(
        "p",
        { class: "quiet" },
        "What is said in private rooms is seen only by their members. Direct messages are not listed.",
      ),
      table,
      more,
      status,
    );
    let turn = 0;
    /** @param {number | null} after */
    const load = async (after) => {
      const mine = ++turn;
      const query = new URLSearchParams({ kind: "private", limit: String(PAGE) });
      if (after !== null) query.set("after", String(after));
      try {
        /** @type {{ rooms: AdminRoom[], next_after: number | null }} */
        const page = await call("GET", `/admin/rooms?${query}`);
        if (mine !== turn) return;
        if (after === null) fill(body);
        body.append(...page.rooms.map((room) => row(room, () => load(null))));
        status.textContent = "";
        table.hidden = body.children.length === 0;
        more.hidden = page.next_after === null;
        more.onclick = () => load(page.next_after);
      } catch (error) {
        if (mine === turn) status.textContent = words(error);
      }
    };
    onEnd(() => {
      turn += 1;
    });
    load(null);
  }
}

/**
 * @param {AdminRoom} room
 * @param {() => void} changed
 */
const row = (room, changed) =>
  h(
    "tr",
    null,
    h(
      "td",
      null,
      h("span", { class: "sign" }, icon("lock")),
      h("span", { class: "name", dir: "auto" }, room.name),
      room.archived_at && h("span", { class: "tag" }, "archived"),
    ),
    h("td", { class: "number", data: { label: COLUMNS[1] } }, figure(room.member_count)),
    h(
      "td",
      { data: { label: COLUMNS[2] } },
      h("time", { datetime: room.created_at }, shortTime(room.created_at)),
    ),
    h(
      "td",
      null,
      h(
        "button",
        {
          class: "small",
          type: "button",
          "aria-label": `Manage ${room.name}`,
          onclick: () => openRoom(room, changed),
        },
        "Manage",
      ),
    ),
  );

/**
 * @param {AdminRoom} room
 * @param {() => void} changed
 */
function openRoom(room, changed) {
  openDialog({
    title: room.name,
    class: "narrow",
    content: (close) => [
      h(
        "div",
        { class: "stacked-actions" },
        h(
          "button",
          {
            type: "button",
            onclick: () => {
              close();
              openAppoint(room, changed);
            },
          },
          "Appoint an owner",
        ),
        h(
          "button",
          {
            class: "danger-quiet",
            type: "button",
            onclick: () => {
              close();
              confirmDialog({
                title: `Delete ${room.name}?`,
                text: "The room and all its messages will be deleted permanently, for all its members.",
                action: "Delete permanently",
                async act() {
                  await call("DELETE", `/admin/rooms/${room.id}`);
                  changed();
                },
              });
            },
          },
          "Delete room",
        ),
      ),
    ],
  });
}

/**
 * @param {AdminRoom} room
 * @param {() => void} changed
 */
function openAppoint(room, changed) {
  const alert = h("p", { class: "form-error", role: "alert" });
  /** @type {import("../core/types.js").UserCard | undefined} */
  let owner;
  const appoint = h("button", { class: "primary", type: "button", disabled: true }, "Appoint");
  const picker = peoplePicker({
    label: "The new owner",
    most: 1,
    isHidden: () => false,
    changed([chosen]) {
      owner = chosen;
      appoint.disabled = !chosen;
    },
  });
  const dialog = openDialog({
    title: `Owner of ${room.name}`,
    class: "narrow",
    content: () => [
      h(
        "p",
        { class: "quiet small" },
        "The new owner becomes a member, and the only owner. All members are told that you did this.",
      ),
      picker,
      alert,
      appoint,
    ],
  });
  appoint.onclick = async () => {
    if (!owner) return;
    alert.textContent = "";
    try {
      await call("PUT", `/admin/rooms/${room.id}/owner`, { user_id: owner.id });
      dialog.close();
      toast(`${nameOf(owner)} is the owner of ${room.name} now`);
      changed();
    } catch (error) {
      alert.textContent = words(error);
    }
  };
}

export const privateRooms = () => view("chat-admin-private-rooms", PrivateRooms, {});
