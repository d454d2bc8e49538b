// What the element shows: the head, the messages, the field, and between them the state and problems.

import { h } from "../page/core/elements.js";
import { Composer } from "./composer.js";
import { Messages } from "./messages.js";
import { nameOf } from "./message.js";
import prose from "./prose.css" with { type: "css" };
import sheet from "./room.css" with { type: "css" };
import { Unsent } from "./unsent.js";

/**
 * @typedef {import("../../../sdk/javascript/src/client/client.js").ChatClient} ChatClient
 * @typedef {import("../../../sdk/javascript/src/client/room.js").ChatRoom} ChatRoom
 * @typedef {import("../../../sdk/javascript/src/types.js").Pending} Pending
 * @typedef {import("../../../sdk/javascript/src/shapes.js").Person} Person
 */

/** @type {Record<string, string>} */
const STATES = {
  connecting: "Connecting…",
  live: "Connected",
  lost: "Connection lost. Trying again…",
  ended: "Not connected",
};

export class RoomView {
  /** A message was refused. @param {import("./problems.js").Problem} _problem */
  refused = (_problem) => {};
  #title = h("h2", { class: "title", dir: "auto" }, "Chat");
  #state = h("p", { class: "state", role: "status" });
  #problem = h("p", { class: "problem", role: "alert", hidden: true });
  #typing = h("p", { class: "typing" });
  #composer = new Composer({
    send: (text) => this.#send(text),
    typing: () => this.#room?.typing(),
  });
  #unsent = new Unsent({
    mayPass: (pending) => Boolean(this.#client?.outbox.mayPass(pending)),
    retry: ({ client_id }) => this.#room?.retry(client_id),
    edit: ({ client_id, content }) => {
      this.#room?.discard(client_id);
      this.#composer.edit(content);
    },
    discard: ({ client_id }) => this.#room?.discard(client_id),
  });
  messages = new Messages(this.#unsent.element);
  #frame;
  /** @type {ChatRoom | null} */
  #room = null;
  /** @type {ChatClient | null} */
  #client = null;
  /** Texts that were written while there was no session. @type {string[]} */
  #early = [];

  /** @param {ShadowRoot} root */
  constructor(root) {
    root.adoptedStyleSheets = [sheet, prose];
    this.#frame = h(
      "section",
      { class: "room", "aria-label": "Chat" },
      h("header", null, this.#title, this.#state),
      this.messages.element,
      this.#typing,
      this.#problem,
      this.#composer.element,
    );
    root.append(this.#frame);
    this.name = "";
    this.messages.onSeen = (seq) => this.#room?.markRead(seq);
  }

  /** @param {string} name of the room */
  set name(name) {
    this.#title.textContent = name || "Chat";
    this.#frame.setAttribute("aria-label", name ? `Chat: ${name}` : "Chat");
    this.#composer.label = name;
    if (name) this.messages.label = name;
  }

  /** @param {string} state of the connection */
  set state(state) {
    this.#state.textContent = STATES[state] ?? "";
    this.#state.dataset["state"] = state;
    this.#composer.isOff = state === "ended";
    if (state !== "live") this.typists = [];
  }

  /** @param {string} sentence empty: there is none */
  set problem(sentence) {
    this.#problem.hidden = !sentence;
    this.#problem.textContent = sentence;
  }

  /** @param {Person[]} people those who are typing */
  set typists(people) {
    const names = people.map(nameOf);
    const [one, two] = names;
    if (names.length > 2) this.#typing.textContent = "Several people are typing…";
    else if (two) this.#typing.textContent = `${one} and ${two} are typing…`;
    else this.#typing.textContent = one ? `${one} is typing…` : "";
  }

  /**
   * @param {ChatRoom} room
   * @param {ChatClient} client
   */
  show(room, client) {
    this.#room = room;
    this.#client = client;
    this.messages.show(room.window(), client.user);
    const early = this.#early;
    this.#early = [];
    for (const text of early) room.send(text);
    this.showUnsent(room.pending);
  }

  /** A room is not followed any more. @param {ChatRoom} room */
  leave(room) {
    if (room === this.#room) this.#room = null;
  }

  /** @param {Pending[]} list the messages that are not in the room yet */
  showUnsent(list) {
    this.messages.keep(() => this.#unsent.show(list, this.#early));
  }

  /** @param {string} text */
  #send(text) {
    if (this.#room) this.#room.send(text);
    else {
      this.#early.push(text);
      this.showUnsent([]);
    }
    this.messages.toEnd();
  }
}
