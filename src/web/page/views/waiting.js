// The reason why a message is still waiting to be sent.

import { View, view } from "../core/dom.js";
import { effect, onEnd, signal } from "../core/reactive.js";
import { SLOW_MS } from "../sdk/javascript/src/outbox.js";

class Waiting extends View {
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  /** @type {import("../core/types.js").Pending} */
  pending = /** @type {any} */ (null);

  render() {
    const { room, pending } = this;
    this.className = "waiting";
    const isSlow = signal(false);
    const age = Date.now() - Date.parse(pending.at);
    const timer = setTimeout(() => (isSlow.value = true), Math.max(SLOW_MS - age, 0));
    onEnd(() => clearTimeout(timer));
    effect(() => {
      this.textContent = !room.live.value
        ? "Waiting to send: no connection yet"
        : isSlow.value
          ? `Waiting to send: ${room.delay.value || "no answer from the server yet"}`
          : "";
    });
  }
}

/**
 * @param {import("../core/room.js").Room} room
 * @param {import("../core/types.js").Pending} pending
 */
export const waitingView = (room, pending) => view("chat-waiting", Waiting, { room, pending });
