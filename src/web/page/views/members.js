// The panel with the members of a room and the people who are in it now.

import { call, words } from "../core/api.js";
import { View, fill, h, icon, listen, view } from "../core/dom.js";
import { names } from "../core/names.js";
import { isDeleted, nameOf, powersIn, rankOf } from "../core/people.js";
import { effect, onEnd } from "../core/reactive.js";
import { counted } from "../text/format.js";
import { face } from "./avatar.js";
import { openBans } from "./bans.js";
import { openInvites } from "./invites.js";
import { memberActions } from "./member-actions.js";
import { menuButton } from "./menu.js";
import { personButton } from "./profile.js";
import { openAddPeople } from "./start-direct.js";

/** @typedef {import("../core/types.js").Member} Member */
/** @typedef {import("../core/types.js").Person} Person */

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

    /** People who are here may be away, and the others may be in other rooms. @param {Member[]} members */
    const askAbout = (members) => {
      const here = new Set(room.people.peek().map(({ user_id }) => user_id));
      const ids = members.map(({ user_id }) => user_id).filter((id) => id !== chat.user.id);
      chat.people.presence.ask([
        ...ids.filter((id) => here.has(id)),
        ...ids.filter((id) => !here.has(id)),
      ]);
    };
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
        chat.people.learn(page.members);
        this.#members = isMore ? [...this.#members, ...page.members] : page.members;
        askAbout(page.members);
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
      // The server lists them in order of their numbers: this is the order of what is loaded.
      const order = this.#members
        .map((member) => ({
          member: chat.people.names.newest(member),
          isHere: here.has(member.user_id),
        }))
        .sort(
          (a, b) =>
            rankOf(b.member.role) - rankOf(a.member.role) ||
            Number(b.isHere) - Number(a.isHere) ||
            names.compare(nameOf(a.member), nameOf(b.member)),
        );
      fill(
        list,
        order.map(({ member, isHere }) => this.#entry(member, isHere, load)),
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
      chat.people.names.version.value;
      chat.people.presence.version.value;
      show();
    });
    let before = "";
    effect(() => {
      const powers = powersIn(room.info.value, chat.user);
      const now = `${powers.invites} ${powers.isModerator}`;
      // A button that stays is the one to which the focus returns.
      if (now === before) return;
      before = now;
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
    const presence = this.#presence(member, isHere);
    const isMuted = Date.parse(member.muted_until ?? "") > Date.now();
    const tags = [ROLES[member.role], isMuted && "muted", isMe && "you"].filter(Boolean);
    return h(
      "li",
      { data: { user: member.user_id } },
      personButton(
        chat,
        member,
        "person",
        face(member, "small", presence),
        h(
          "span",
          { class: "about" },
          h("span", { class: "name", dir: "auto" }, nameOf(member)),
          tags.length > 0 && h("span", { class: "quiet" }, tags.join(", ")),
        ),
        h(
          "span",
          { class: "visually-hidden" },
          isHere && presence === "online" ? ", here now" : `, ${presence}`,
        ),
      ),
      !isMe &&
        !isDeleted(member) &&
        menuButton(`Actions for ${nameOf(member)}`, icon("more"), () =>
          memberActions(chat, room, member, changed),
        ),
    );
  }

  /**
   * Somebody who is in the room is online, or away.
   * @param {Person} person
   * @param {boolean} isHere
   */
  #presence({ user_id }, isHere) {
    const known = this.chat.people.presence.of(user_id) ?? "offline";
    return isHere && known === "offline" ? "online" : known;
  }

  /** @param {Person} person */
  #guest(person) {
    return h(
      "li",
      null,
      personButton(
        this.chat,
        person,
        "person",
        face(person, "small", this.#presence(person, true)),
        h("span", { class: "name", dir: "auto" }, nameOf(person)),
      ),
    );
  }
}

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
