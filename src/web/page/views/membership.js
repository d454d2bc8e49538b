// Joining and leaving a room, and the choices of one member: the star, notifications, hiding.

import { call, words } from "../core/api.js";
import { placeOf } from "../core/people.js";
import { go } from "../core/route.js";
import { confirmDialog, toast } from "./dialog.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/room.js").Room} Room */

/**
 * @param {Chat} chat
 * @param {number} roomId
 */
export async function joinRoom(chat, roomId) {
  const info = await call("PUT", `/rooms/${roomId}/members/me`);
  chat.listed.set(roomId, true);
  chat.list.put(info);
}

/**
 * @param {Chat} chat
 * @param {number} roomId
 */
export async function leaveRoom(chat, roomId) {
  await call("DELETE", `/rooms/${roomId}/members/me`);
  chat.listed.set(roomId, false);
  await chat.list.reread(roomId);
}

/**
 * Asks before leaving, because nobody enters a private room without being invited.
 * @param {Chat} chat
 * @param {Room} room
 */
export function askToLeave(chat, room) {
  const info = room.info.peek();
  confirmDialog({
    title: `Leave ${placeOf(info, chat.user.id)}?`,
    text:
      info.kind === "private"
        ? "You will not see the room any more, until a member adds or invites you again."
        : "You can read it and join again at any time.",
    action: "Leave",
    async act() {
      await leaveRoom(chat, room.id);
      go("#/");
    },
  });
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {{ notify?: string, is_starred?: boolean, is_hidden?: boolean }} change
 * @param {string} done
 */
export async function prefer(chat, room, change, done) {
  try {
    chat.list.put(await call("PATCH", `/rooms/${room.id}/members/me`, change));
    toast(done);
    if (change.is_hidden) go("#/");
  } catch (error) {
    toast(words(error));
  }
}
