// The list of the people who are in the room now.

import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { effect } from "../core/reactive.js";
import { names } from "../core/names.js";
import { counted } from "../text/format.js";
import { avatar } from "./avatar.js";

class People extends View {
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  close = () => {};

  render() {
    this.className = "people";
    const heading = h("h2");
    const list = h("ul");
    const more = h("p", { class: "quiet small" });
    this.append(
      h(
        "header",
        null,
        heading,
        h(
          "button",
          { class: "icon-button", type: "button", "aria-label": "Close", onclick: this.close },
          icon("close"),
        ),
      ),
      list,
      more,
    );
    listen(this, "keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
    effect(() => {
      const people = [...this.room.people.value].sort((a, b) =>
        names.compare(a.username, b.username),
      );
      const count = this.room.peopleCount.value;
      heading.textContent = `Here now: ${counted(count, "person", "people")}`;
      fill(
        list,
        people.map(({ username }) =>
          h("li", null, avatar(username, "small"), h("span", { class: "name" }, username)),
        ),
      );
      more.textContent =
        count > people.length ? `and ${counted(count - people.length, "other")}` : "";
    });
  }
}

/**
 * @param {import("../core/room.js").Room} room
 * @param {() => void} close
 */
export const peopleView = (room, close) => view("chat-people", People, { room, close });
