// Sends the text of a message to another room, and shows where a forwarded message comes from.

import { call, words } from "../core/api.js";
import { h, icon } from "../core/dom.js";
import { maySend, nameOf, placeOf } from "../core/people.js";
import { exactTime } from "../text/format.js";
import { toast } from "./dialog.js";
import { openRoomPicker } from "./switcher.js";

/** @typedef {import("../core/chat.js").Chat} Chat */

/**
 * @param {Chat} chat
 * @param {import("../core/types.js").Message} message
 */
export function openForward(chat, message) {
  openRoomPicker(chat, {
    title: "Forward the message to",
    isOffered: (room) => maySend(room.info.peek(), chat.user),
    take: async (room) => {
      const place = placeOf(room.info.peek(), chat.user.id);
      const path = `/rooms/${message.room_id}/messages/${message.id}/forward`;
      try {
        // The server stores the message once, even if the call is repeated.
        await call("POST", path, { room_id: room.id, client_id: crypto.randomUUID() });
        toast(`Forwarded to ${place}`);
      } catch (error) {
        toast(`The message was not forwarded. ${words(error)}`);
      }
    },
  });
}

/** @param {NonNullable<import("../core/types.js").Message["forwarded"]>} forwarded */
export const forwardedLine = (forwarded) =>
  h(
    "p",
    { class: "forwarded", title: exactTime(forwarded.timestamp) },
    icon("forward"),
    h("span", { dir: "auto" }, `Forwarded from ${nameOf(forwarded)}`),
  );
