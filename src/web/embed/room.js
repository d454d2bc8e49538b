// What happens in the room, shown.

import { leftBecause } from "./problems.js";

/**
 * @typedef {import("../../../sdk/javascript/src/client/client.js").ChatClient} ChatClient
 * @typedef {import("./message.js").Message} Message
 *
 * @typedef {object} RoomListener
 * @property {(message: Message) => void} received a message that is new
 * @property {(problem: import("./problems.js").Problem) => void} left the visitor is not in the room any more
 */

/**
 * Follows a room with a client, and shows it until the client is closed.
 * @param {ChatClient} client
 * @param {number} id
 * @param {import("./view.js").RoomView} view
 * @param {RoomListener} listener
 */
export function followRoom(client, id, view, { received, left }) {
  const room = client.follow(id);
  view.show(room, client);
  room.on("pending", (list) => view.showUnsent(list));
  room.on("people", ({ typing }) => {
    view.typists = typing.filter(({ user_id }) => user_id !== client.user.id);
  });
  room.on("message", (message) => {
    room.people.stopTyping(message.user_id);
    received(message);
  });
  room.on("refused", ({ code = "", reason = "" }) => view.refused({ code, message: reason }));
  room.on("live", (isLive) => isLive && readName());
  room.on("room_updated", readName);
  room.on("left", ({ cause }) => {
    view.leave(room);
    // The client was closed, because the element is not needed any more or has another token.
    if (cause !== "closed") left(leftBecause(cause));
  });

  async function readName() {
    try {
      view.name =
        (await client.request("GET /rooms/{room_id}", { path: { room_id: id } })).name ?? "";
    } catch {
      // The room is usable without it. It is read again with the next connection.
    }
  }
}
