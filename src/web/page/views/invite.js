// The page of an invite link: what it leads to, and the button that accepts it.

import { call, words } from "../core/api.js";
import { serverName } from "../core/brand.js";
import { fill, h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { go, goInstead, roomHref } from "../core/route.js";
import { counted, endTime } from "../text/format.js";

/** @typedef {import("../core/types.js").InvitePreview} InvitePreview */

/** @param {InvitePreview} preview */
export function inviteText({ kind, room, invited_by, expires_at }) {
  const by = nameOf(invited_by);
  return [
    h("h1", null, kind === "room" && room ? `Join ${room.name}` : `Join ${serverName}`),
    h(
      "p",
      null,
      kind === "room" && room
        ? `${by} invites you to the room ${room.name}, which has ${counted(room.member_count, "member")}.`
        : `${by} invites you to ${serverName}.`,
    ),
    room?.description && h("p", { class: "quiet", dir: "auto" }, room.description),
    expires_at &&
      h("p", { class: "quiet small" }, `The invite is valid until ${endTime(expires_at)}.`),
  ];
}

/** @param {string} token @returns {Promise<InvitePreview>} */
export const previewInvite = (token) => call("POST", "/invites/preview", { token }, { token: "" });

/**
 * The page for a reader who is signed in.
 * @param {import("../core/chat.js").Chat} chat
 * @param {string} token
 */
export function invitePage(chat, token) {
  const body = h("div", { class: "empty" }, h("p", { role: "status" }, "Looking at the invite…"));
  // For a member nothing changes. Nobody becomes one without pressing the button.
  const enter = async () => {
    const room = chat.list.put(await call("POST", "/invites/accept", { token }));
    chat.listed.set(room.id, true);
    goInstead(roomHref(room.id));
  };
  const back = h("button", { type: "button", onclick: () => goInstead("#/") }, "Not now");
  const alert = h("p", { class: "form-error", role: "alert" });
  const accept = h(
    "button",
    {
      class: "primary",
      type: "button",
      onclick: async () => {
        accept.disabled = true;
        alert.textContent = "";
        try {
          await enter();
        } catch (error) {
          alert.textContent = words(error);
          accept.disabled = false;
        }
      },
    },
    "Join the room",
  );
  const load = async () => {
    try {
      const preview = await previewInvite(token);
      if (preview.kind === "room") {
        const text = inviteText(preview);
        if (await isMember(preview)) {
          accept.textContent = "Open the room";
          text[0] = h("h1", null, `You are a member of ${preview.room?.name}`);
        }
        return fill(body, text, alert, h("div", { class: "form-actions" }, back, accept));
      }
      fill(
        body,
        h("h1", null, "You have an account already"),
        h("p", null, "This invite is for people who are new on this server."),
        h("button", { type: "button", onclick: () => go("#/") }, "Show all rooms"),
      );
    } catch (error) {
      fill(
        body,
        h("h1", null, "This invite does not work"),
        h("p", { role: "alert" }, words(error)),
        back,
      );
    }
  };
  load();
  return body;
}

/**
 * Whether the reader seems to be a member of the room already. The preview does not say which room it is.
 * @param {InvitePreview} preview
 */
async function isMember({ room }) {
  if (!room) return false;
  /** @type {import("../core/types.js").RoomInfo[]} */
  const rooms = await call("GET", "/rooms/");
  return rooms.some(
    ({ membership, name, description, member_count }) =>
      membership &&
      name === room.name &&
      description === room.description &&
      member_count === room.member_count,
  );
}
