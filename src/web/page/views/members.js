// The panel with the members of a room and the people who are in it now.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { names } from "../core/names.js";
import { isDeleted, nameOf, powersIn } from "../core/people.js";
import { effect, onEnd } from "../core/reactive.js";
import { counted } from "../text/format.js";
import { avatar } from "./avatar.js";
import { openBans } from "./bans.js";
import { openInvites } from "./invites.js";
import { memberActions } from "./member-actions.js";
import { menuButton } from "./menu.js";
import { personButton } from "./profile.js";
import { openAddPeople } from "./start-direct.js";

/** @typedef {import("../core/types.js").Member} Member */

const PAGE = 100;
const SOON_MS = 200;
const ROLES = { owner: "owner", moderator: "moderator", member: "" };

class Members extends View {
  /** @type {import("../core/chat.js").Chat} */
  chat = /** @type {any} */ (null);
  /** @type {import("../core/room.js").Room} */
  room = /** @type {any} */ (null);
  close = () => {};

  /** @type {Member[]} */
  #members = [];
  /** @type {number | null} */
  #next = null;
  #total = 0;
  #turn = 0;

  render() {
    const { chat, room } = this;
    this.className = "people";
    const heading = h("h2");
    const actions = h("div", { class: "panel-actions" });
    const input = h("input", {
      type: "search",
      "aria-label": "Search members",
      placeholder: "Search members",
      autocomplete: "off",
      spellcheck: "false",
    });
    const list = h("ul", { class: "members", "aria-label": "Members" });
    const more = h(
      "button",
      { class: "small", type: "button", onclick: () => load(true) },
      "Show more",
    );
    const visitorsTitle = h("h3", null, "Also here");
    const visitors = h("ul", { class: "visitors", "aria-label": "Also here" });
    const note = h("p", { class: "quiet small", role: "status" });
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
      actions,
      input,
      list,
      more,
      note,
      visitorsTitle,
      visitors,
    );
    listen(this, "keydown", (event) => {
      if (event.key === "Escape") this.close();
    });

    /** @param {boolean} isMore */
    const load = async (isMore = false) => {
      const turn = ++this.#turn;
      const query = encodeURIComponent(input.value.trim().replace(/^@/, ""));
      const after = isMore && this.#next ? `&after=${this.#next}` : "";
      try {
        const page = await call(
          "GET",
          `/rooms/${room.id}/members?limit=${PAGE}&query=${query}${after}`,
        );
        if (turn !== this.#turn) return;
        this.#members = isMore ? [...this.#members, ...page.members] : page.members;
        this.#next = page.next_after ?? null;
        this.#total = page.total;
        note.textContent = query && this.#members.length === 0 ? "No member has such a name." : "";
        show();
      } catch (error) {
        if (turn === this.#turn) note.textContent = words(error);
      }
    };
    const show = () => {
      const menu = list.querySelector(".menu");
      // An open menu stays: the list is drawn when it closes.
      if (menu) return menu.addEventListener("toggle", show, { once: true });
      const here = new Map(room.people.peek().map((person) => [person.user_id, person]));
      const info = room.info.peek();
      const focused = document.activeElement?.closest?.("[data-user]")?.getAttribute("data-user");
      fill(
        heading,
        info.kind === "direct" ? "People" : `Members: ${counted(this.#total, "person", "people")}`,
      );
      fill(
        list,
        this.#members.map((member) => this.#entry(member, here.has(member.user_id), load)),
      );
      more.hidden = this.#next === null;
      input.hidden = this.#total < 2 && !input.value;
      const known = new Set(this.#members.map(({ user_id }) => user_id));
      const wanted = input.value.trim().toLowerCase();
      const guests = [...here.values()]
        .filter(({ user_id, username }) => !known.has(user_id) && username.includes(wanted))
        .sort((a, b) => names.compare(nameOf(a), nameOf(b)));
      const isAll = this.#next === null && !wanted;
      visitors.hidden = visitorsTitle.hidden = guests.length === 0 || !isAll;
      fill(visitors, isAll && guests.map((person) => this.#guest(person)));
      if (focused && list.contains(list.querySelector(`[data-user="${focused}"]`))) {
        /** @type {HTMLElement | null} */
        const again = list.querySelector(`[data-user="${focused}"] button`);
        again?.focus();
      }
    };
    let timer = 0;
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(load, SOON_MS);
    };
    onEnd(() => clearTimeout(timer));
    listen(input, "input", soon);
    effect(() => {
      room.people.value;
      show();
    });
    effect(() => {
      const powers = powersIn(room.info.value, chat.user);
      fill(
        actions,
        powers.invites && [
          button("Add people", () => openAddPeople(chat, room)),
          button("Invite link", () => openInvites(chat, room)),
        ],
        powers.isModerator && button("Bans", () => openBans(room)),
      );
      actions.hidden = actions.children.length === 0;
    });
    let isFirst = true;
    effect(() => {
      room.membersVersion.value;
      room.info.value.membership;
      if (isFirst) load();
      else soon();
      isFirst = false;
    });
  }

  /**
   * @param {Member} member
   * @param {boolean} isHere
   * @param {() => void} changed
   */
  #entry(member, isHere, changed) {
    const { chat, room } = this;
    const isMe = member.user_id === chat.user.id;
    const isMuted = Date.parse(member.muted_until ?? "") > Date.now();
    const tags = [ROLES[member.role], isMuted && "muted", isMe && "you"].filter(Boolean);
    return h(
      "li",
      { data: { user: member.user_id } },
      personButton(
        chat,
        member,
        "person",
        h("span", { class: "face" }, avatar(member.username, "small"), dot(isHere)),
        h("span", { class: "name", dir: "auto" }, nameOf(member)),
        tags.length > 0 && h("span", { class: "tag" }, tags.join(", ")),
        h("span", { class: "visually-hidden" }, isHere ? ", here now" : ""),
      ),
      !isMe &&
        !isDeleted(member) &&
        menuButton(`Actions for ${nameOf(member)}`, icon("more"), () =>
          memberActions(chat, room, member, changed),
        ),
    );
  }

  /** @param {import("../core/types.js").Person} person */
  #guest(person) {
    return h(
      "li",
      null,
      personButton(
        this.chat,
        person,
        "person",
        h("span", { class: "face" }, avatar(person.username, "small"), dot(true)),
        h("span", { class: "name", dir: "auto" }, nameOf(person)),
      ),
    );
  }
}

/** @param {boolean} isHere */
const dot = (isHere) =>
  h("span", { class: `presence-dot ${isHere ? "online" : "offline"}`, "aria-hidden": "true" });

/**
 * @param {string} label
 * @param {() => void} act
 */
const button = (label, act) => h("button", { class: "small", type: "button", onclick: act }, label);

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {() => void} close
 */
export const membersView = (chat, room, close) =>
  view("chat-people", Members, { chat, room, close });
