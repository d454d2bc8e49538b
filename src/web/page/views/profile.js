// The card of a person: who it is, and what can be done with them. The own card can be edited.

import { ApiError, call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { isDeleted, isOfServer, nameOf } from "../core/people.js";
import { endTime, shortTime } from "../text/format.js";
import { PRESENCE, avatar, presenceDot } from "./avatar.js";
import { openDialog, toast } from "./dialog.js";
import { withModule } from "./later.js";
import { openDirect } from "./start-direct.js";

/** @typedef {import("../core/chat.js").Chat} Chat */
/** @typedef {import("../core/types.js").UserCard} UserCard */

/**
 * Opens the card of a person.
 * @param {Chat} chat
 * @param {{ id?: number | undefined, username: string }} person without an id, the person is searched by name
 */
export function openProfile(chat, { id, username }) {
  const body = h("div", { class: "profile" }, h("p", { class: "quiet", role: "status" }, "…"));
  const dialog = openDialog({ title: "Profile", class: "narrow", content: () => body });
  const deleted = () =>
    h("p", null, "This account was deleted. What it wrote stays, without a name.");
  const load = async () => {
    if (isDeleted({ username })) return fill(body, deleted());
    try {
      const card = id ? await call("GET", `/users/${id}`) : await find(username);
      if (card) {
        chat.people.learn([{ ...card, user_id: card.id }]);
        chat.people.presence.note(card.id, card.presence);
      }
      if (!dialog.isConnected) return;
      fill(
        body,
        card ? shown(card) : h("p", null, `There is no account with the name ${username}.`),
      );
    } catch (error) {
      // The account may have been deleted a moment ago.
      const isGone = id && error instanceof ApiError && error.status === 404;
      fill(body, isGone ? deleted() : h("p", { class: "form-error", role: "alert" }, words(error)));
    }
  };
  /** @param {UserCard} card */
  const shown = (card) => [
    ...about(card),
    card.id === chat.user.id
      ? h(
          "div",
          { class: "form-actions" },
          h(
            "button",
            {
              class: "primary",
              type: "button",
              onclick: () => {
                dialog.close();
                withModule(import("./lazy/edit-profile.js"), ({ openEditProfile }) =>
                  openEditProfile(chat, card),
                );
              },
            },
            "Edit profile",
          ),
        )
      : others(chat, card, () => dialog.close(), load),
  ];
  load();
}

/** @param {string} username @returns {Promise<UserCard | undefined>} */
async function find(username) {
  const page = await call("GET", `/users/?limit=30&query=${encodeURIComponent(username)}`);
  const wanted = username.toLowerCase();
  return page.users.find((/** @type {UserCard} */ card) => card.username.toLowerCase() === wanted);
}

/** @param {UserCard} card */
function about(card) {
  const { title, timezone, status, presence, last_seen_at, is_active, is_bot } = card;
  const isShown = status && !(status.until && Date.parse(status.until) <= Date.now());
  const time = timezone ? localTime(timezone) : "";
  /** @type {[string, string | undefined][]} */
  const facts = [
    ["Title", title],
    ["Local time", time && `${time} (${timezone})`],
    ["Last seen", presence === "offline" && last_seen_at ? shortTime(last_seen_at) : undefined],
  ];
  return [
    h(
      "div",
      { class: "who" },
      avatar(card, "large"),
      h(
        "div",
        null,
        h("p", { class: "name", dir: "auto" }, nameOf(card)),
        h("p", { class: "quiet" }, `@${card.username}`),
        h(
          "p",
          { class: "quiet presence" },
          presenceDot(presence),
          is_active === false ? "Deactivated account" : is_bot ? "Bot" : PRESENCE[presence],
        ),
      ),
    ),
    isShown &&
      h(
        "p",
        { class: "status", dir: "auto" },
        [status.emoji, status.text].filter(Boolean).join(" "),
        status.until && h("span", { class: "quiet small" }, ` until ${endTime(status.until)}`),
      ),
    h(
      "dl",
      { class: "facts" },
      facts.map(
        ([label, value]) =>
          value && h("div", null, h("dt", null, label), h("dd", { dir: "auto" }, value)),
      ),
    ),
  ];
}

/**
 * What can be done with another person.
 * @param {Chat} chat
 * @param {UserCard} card
 * @param {() => void} close
 * @param {() => void} changed
 */
function others(chat, card, close, changed) {
  const alert = h("p", { class: "form-error", role: "alert" });
  const isBlocked = chat.blocks.has(card.id);
  /** @param {() => Promise<unknown>} act */
  const run = (act) => async () => {
    alert.textContent = "";
    try {
      await act();
    } catch (error) {
      alert.textContent = words(error);
    }
  };
  return h(
    "div",
    { class: "stacked-actions" },
    alert,
    h(
      "button",
      {
        class: "primary",
        type: "button",
        disabled: isBlocked,
        onclick: run(async () => {
          await openDirect(chat, [card.id]);
          close();
        }),
      },
      "Message",
    ),
    h(
      "button",
      {
        class: isBlocked ? null : "danger-quiet",
        type: "button",
        onclick: run(async () => {
          await chat.blocks.set(card.id, !isBlocked);
          toast(
            isBlocked ? `${nameOf(card)} is not blocked any more` : `${nameOf(card)} is blocked`,
          );
          changed();
        }),
      },
      isBlocked ? "Unblock" : "Block",
    ),
    h(
      "p",
      { class: "quiet small" },
      isBlocked
        ? "Messages of this person are hidden behind a click, and neither of you can write to the other directly."
        : "Blocking hides messages of this person, and keeps them from writing to you directly.",
    ),
  );
}

/** @param {string} timezone */
function localTime(timezone) {
  try {
    const parts = { weekday: "short", hour: "numeric", minute: "2-digit", timeZone: timezone };
    return new Intl.DateTimeFormat(undefined, /** @type {any} */ (parts)).format(new Date());
  } catch {
    // This browser does not know the time zone.
    return "";
  }
}

/**
 * A name that opens the card of a person.
 * @param {Chat} chat
 * @param {{ user_id: number, username: string, display_name?: string | null | undefined }} person
 * @param {string} name of the class
 * @param {...import("../core/elements.js").Child} face the name, if left out
 */
export function personButton(chat, person, name, ...face) {
  if (isOfServer(person)) return h("span", { class: name }, nameOf(person));
  return h(
    "button",
    {
      class: name,
      type: "button",
      title: isDeleted(person) ? null : `@${person.username}`,
      dir: "auto",
      onclick: () => openProfile(chat, { id: person.user_id, username: person.username }),
    },
    face.length > 0 ? face : nameOf(person),
  );
}
