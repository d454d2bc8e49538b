// The page "Activity": messages that mention the reader, the threads that the reader follows, and the messages that the
// server sends later, in all rooms.

import { words } from "../../core/api.js";
import { View, fill, h, icon, listen, view } from "../../core/dom.js";
import { unreadActivity } from "../../core/listed.js";
import { nameOf, placeOf } from "../../core/people.js";
import { effect, onEnd } from "../../core/reactive.js";
import { messageHref, route, threadHref } from "../../core/route.js";
import { excerpt } from "../../text/excerpt.js";
import { counted, endTime, exactTime } from "../../text/format.js";
import { avatar } from "../avatar.js";
import { openLater } from "../later.js";
import { reconcile } from "../rows.js";
import { Inbox } from "./inbox-lists.js";

/** @typedef {import("../../core/chat.js").Chat} Chat */
/** @typedef {import("../../core/types.js").Message} Message */
/** @typedef {import("../rows.js").Row} Row */

/** The lists are read again at most so often. */
const REFRESH_MS = 700;
/** @typedef {"mentions" | "threads" | "scheduled"} Part */
/** @type {Record<Part, string>} */
const PARTS = { mentions: "Mentions", threads: "Threads", scheduled: "Scheduled" };

class InboxView extends View {
  /** @type {Chat} */
  chat = /** @type {any} */ (null);
  #inbox = new Inbox();

  render() {
    const { chat } = this;
    const inbox = (this.#inbox = new Inbox());
    this.className = "admin inbox";
    const tabs = h("nav", { class: "tabs", "aria-label": "Activity" });
    const status = h("p", { class: "quiet", role: "status" });
    const list = h("ul", { class: "inbox-list" });
    const more = h("button", { class: "small", type: "button" }, "Show more");
    const found = h("div", null, status, list, more);
    const scheduled = h("div");
    this.append(
      h(
        "header",
        { class: "room-top" },
        h("a", { class: "icon-button back", href: "#/", "aria-label": "All rooms" }, icon("back")),
        h("div", { class: "room-title" }, h("h1", null, "Activity")),
      ),
      tabs,
      h("div", { class: "admin-body" }, found, scheduled),
    );

    const links = Object.entries(PARTS).map(([part, name]) => {
      const count = h("span");
      const href = part === "mentions" ? "#/activity" : `#/activity/${part}`;
      return { part, count, link: h("a", { href }, name, count) };
    });
    fill(tabs, ...links.map(({ link }) => link));
    effect(() => {
      const part = partOf(route.value);
      const unread = unreadActivity(chat.listed.all());
      for (const { part: key, link, count } of links) {
        if (key === part) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
        const number =
          key === "scheduled"
            ? (chat.scheduled.list.value?.length ?? 0)
            : unread[/** @type {"mentions" | "threads"} */ (key)];
        fill(count, number > 0 && ` (${number})`);
      }
      list.setAttribute("aria-label", PARTS[part]);
    });

    /** @param {() => Promise<unknown>} read */
    const attempt = async (read) => {
      try {
        await read();
        if (status.dataset["failed"]) fill(status);
        delete status.dataset["failed"];
      } catch (error) {
        status.dataset["failed"] = "yes";
        fill(status, words(error));
      }
    };
    let timer = 0;
    const refresh = () =>
      attempt(async () => {
        const part = partOf(route.peek());
        if (part !== "scheduled") await inbox.refresh(part);
      });
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, REFRESH_MS);
    };
    onEnd(() => clearTimeout(timer));
    let isFirst = true;
    effect(() => {
      chat.activity.value;
      unreadActivity(chat.rooms.value.values());
      if (!isFirst) soon();
      isFirst = false;
    });
    effect(() => {
      const isScheduled = partOf(route.value) === "scheduled";
      found.hidden = isScheduled;
      if (!isScheduled) {
        fill(scheduled);
        refresh();
        return;
      }
      const isStill = () => partOf(route.peek()) === "scheduled";
      openLater(scheduled, isStill, async () => {
        const { scheduledList } = await import("./scheduled.js");
        return scheduledList(chat);
      });
    });
    listen(more, "click", () =>
      attempt(() => {
        if (partOf(route.peek()) === "mentions") return inbox.mentions.more();
        const unread = inbox.unreadThreads;
        return unread.hasMore.peek() ? unread.more() : inbox.threads.more();
      }),
    );
    effect(() => {
      const part = partOf(route.value);
      if (part === "scheduled") return;
      const isLoaded = (part === "mentions" ? inbox.mentions : inbox.threads).list.value !== null;
      const rows = part === "mentions" ? this.#mentions() : this.#threads();
      reconcile(list, rows);
      const pages = part === "mentions" ? [inbox.mentions] : [inbox.unreadThreads, inbox.threads];
      more.hidden = !pages.some(({ hasMore }) => hasMore.value);
      if (status.dataset["failed"]) return;
      fill(status, !isLoaded ? "Loading…" : rows.length === 0 && nothing(part));
    });
  }

  /** @returns {Row[]} */
  #mentions() {
    const mentions = this.#inbox.mentions.list.value ?? [];
    return mentions.map(({ message, is_unread, is_everyone }) => {
      const href = messageHref(message);
      const about = message.thread_id ? "in a thread" : is_everyone ? "to everyone" : "";
      return this.#row(message, href, is_unread ? "unread" : "", about, message.timestamp);
    });
  }

  /** @returns {Row[]} */
  #threads() {
    const inbox = this.#inbox;
    return [...(inbox.unreadThreads.list.value ?? []), ...inbox.readThreads].map(
      ({ message, unread }) => {
        const { thread } = message;
        const about = counted(thread?.count ?? 0, "reply", "replies");
        const isUnread = unread > 0;
        // The list opens at the unread replies, whose place the server knows.
        return this.#row(
          message,
          threadHref(message.room_id, message.id),
          isUnread ? `${unread} new` : "",
          about,
          thread?.last_at ?? message.timestamp,
        );
      },
    );
  }

  /**
   * @param {Message} message
   * @param {string} href
   * @param {string} news what is unread; empty: nothing
   * @param {string} about
   * @param {string} time
   * @returns {Row}
   */
  #row(message, href, news, about, time) {
    const { chat } = this;
    const room = chat.rooms.value.get(message.room_id);
    const place = room ? placeOf(room.info.value, chat.user.id) : "";
    const isBlocked = chat.blocks.has(message.user_id);
    const text = message.deleted_at
      ? "This message was deleted."
      : isBlocked
        ? "Message of a person whom you have blocked"
        : excerpt(message.content, chat.user.username);
    return {
      key: `${message.id}`,
      signature: [href, news, about, time, place, nameOf(message), text].join("\n"),
      make: () =>
        h(
          "li",
          null,
          h(
            "a",
            { class: news ? "unread" : null, href },
            avatar(message, "small"),
            h(
              "span",
              { class: "about" },
              h(
                "span",
                { class: "first" },
                h("span", { class: "name", dir: "auto" }, nameOf(message)),
                h("span", { class: "place", dir: "auto" }, place),
                h("time", { datetime: time, title: exactTime(time) }, endTime(time)),
              ),
              h("span", { class: "excerpt", dir: "auto" }, text),
              h(
                "span",
                { class: "last" },
                news && h("span", { class: "news" }, news),
                about && h("span", null, about),
              ),
            ),
          ),
        ),
    };
  }
}

/** @param {import("../../core/route.js").Route} at @returns {Part} */
function partOf(at) {
  const part = at.page === "activity" ? at.part : "";
  return part === "threads" || part === "scheduled" ? part : "mentions";
}

/** @param {"mentions" | "threads"} part */
const nothing = (part) =>
  part === "mentions"
    ? "Nobody has mentioned you yet. Messages with @ and your name are listed here."
    : "You follow no thread with replies yet. A thread in which you write is listed here.";

/** @param {Chat} chat */
export const inboxView = (chat) => view("chat-inbox", InboxView, { chat });
