// What happened to a room and its members, in sentences between its messages. Events that follow each other are one
// row: it says in short what has become of each person, and shows the events one by one when it is opened.

import { h } from "../core/dom.js";
import { isDeleted, nameOf } from "../core/people.js";
import { clockTime, counted, endTime, exactTime } from "../text/format.js";
import { outcomes } from "./member-outcomes.js";

/** @typedef {import("../core/types.js").RoomLogEvent} RoomLogEvent */
/** @typedef {import("../core/types.js").MemberLogEvent} MemberLogEvent */
/** @typedef {import("../core/types.js").RoomChangedFrame} RoomChangedFrame */
/** @typedef {import("../core/types.js").Person} Person */

/** The names of a short sentence; more people are counted. */
const MOST_NAMES = 2;
/** A row with more parts than this says only how much has changed. */
const MOST_PARTS = 3;

/** The first events of the rows that are open: a row is made anew with each event. @type {WeakSet<RoomLogEvent>} */
const open = new WeakSet();
let serial = 0;

/**
 * @param {RoomLogEvent[]} events
 * @returns {HTMLElement}
 */
export function memberRow(events) {
  const lines = told(events);
  const [first] = events;
  if (!first || isShort(events, lines)) {
    const title = exactTime(first?.timestamp ?? "");
    return h("li", { class: "member-line" }, h("p", { title }, lines[0]?.text));
  }
  const id = `events-${++serial}`;
  const list = h(
    "ul",
    { id },
    lines.map(({ time, text }) =>
      h("li", null, h("time", { datetime: time }, clockTime(time)), " ", text),
    ),
  );
  const button = h(
    "button",
    {
      class: "fold",
      type: "button",
      "aria-controls": id,
      onclick: () => {
        if (!open.delete(first)) open.add(first);
        show();
      },
    },
    summary(events),
  );
  const show = () => {
    list.hidden = !open.has(first);
    button.setAttribute("aria-expanded", String(!list.hidden));
  };
  show();
  return h("li", { class: "member-line" }, button, list);
}

/**
 * The events in a few words.
 * @param {RoomLogEvent[]} events
 */
export function summary(events) {
  const lines = told(events);
  if (isShort(events, lines)) return lines[0]?.text ?? "";
  /** @type {string[]} */
  const parts = [];
  for (const event of events) if (event.type === "room_changed") parts.push(changes(event));
  for (const [{ one, many }, people] of outcomes(events))
    parts.push(`${inShort(people)} ${people.length === 1 ? one : many}`);
  if (parts.length > 0 && parts.length <= MOST_PARTS) return parts.join(", ");
  const isOfMembers = events.every(({ type }) => type !== "room_changed");
  const count = counted(lines.length, "change");
  return isOfMembers ? `${count} of members` : `${count} of the room and its members`;
}

/**
 * One sentence is enough.
 * @param {RoomLogEvent[]} events
 * @param {unknown[]} lines
 */
function isShort([first], lines) {
  if (lines.length !== 1 || !first) return false;
  return first.type === "room_changed" || first.members.length <= MOST_NAMES + 1;
}

/**
 * A sentence for each event. The two events of a transfer are one sentence.
 * @param {RoomLogEvent[]} events
 */
function told(events) {
  /** @type {{ time: string, text: string }[]} */
  const lines = [];
  for (const [at, event] of events.entries()) {
    const next = events[at + 1];
    const before = events[at - 1];
    if (before && isTransfer(before, event)) continue;
    const text =
      next && isTransfer(event, next)
        ? `${by(event)} made ${everyName(newOwner(event, next))} the owner.`
        : event.type === "room_changed"
          ? `${changes(event)}.`
          : sentence(event);
    lines.push({ time: event.timestamp, text });
  }
  return lines;
}

/**
 * An owner became a moderator, and made another member the owner.
 * @param {RoomLogEvent} one
 * @param {RoomLogEvent} other
 */
function isTransfer(one, other) {
  if (one.type !== "member_changed" || other.type !== "member_changed") return false;
  const [down, up] = one.role === "owner" ? [other, one] : [one, other];
  const isOwn = down.members.length === 1 && down.members[0]?.user_id === down.user_id;
  const isNext = other.seq === one.seq + 1 && one.user_id === other.user_id;
  return isNext && isOwn && down.role === "moderator" && up.role === "owner";
}

/**
 * @param {RoomLogEvent} one
 * @param {RoomLogEvent} other
 * @returns {Person[]}
 */
function newOwner(one, other) {
  const up = [one, other].find((it) => it.type === "member_changed" && it.role === "owner");
  return up?.type === "member_changed" ? up.members : [];
}

/** @param {RoomLogEvent} event */
const by = (event) => (event.user_id === 0 ? "an operator" : nameOf(event));

const ROLES = { owner: "an owner", moderator: "a moderator", member: "an ordinary member" };

/** @param {MemberLogEvent} event */
function sentence(event) {
  const { members, user_id } = event;
  const people = everyName(members);
  const why = event.reason ? ` (${event.reason})` : "";
  const verb = members.length === 1 ? "was" : "were";
  const isOwn = members.every((person) => person.user_id === user_id);
  const until = "until" in event && event.until ? ` until ${endTime(event.until)}` : "";
  if (event.type === "member_joined")
    return isOwn ? `${people} joined.` : `${by(event)} added ${people}.`;
  if (event.type === "member_left") {
    if (event.cause === "left") return `${people} left.`;
    if (event.cause === "deleted")
      return members.length === 1
        ? "A member left, because the account was deleted."
        : `${counted(members.length, "member")} left, because their accounts were deleted.`;
    return event.cause === "banned"
      ? `${people} ${verb} banned by ${by(event)}${until}${why}.`
      : `${people} ${verb} removed by ${by(event)}${why}.`;
  }
  if (event.is_banned) return `${people} ${verb} banned by ${by(event)}${until}${why}.`;
  if (event.is_banned === false) return `${by(event)} lifted the ban of ${people}.`;
  if (event.role)
    return isOwn
      ? `${people} is now ${ROLES[event.role]}.`
      : `${by(event)} made ${people} ${ROLES[event.role]}.`;
  if (event.muted_until) {
    const isMuted = Date.parse(event.muted_until) > Date.parse(event.timestamp);
    return isMuted
      ? `${people} ${verb} muted by ${by(event)} until ${endTime(event.muted_until)}${why}.`
      : `${by(event)} let ${people} write again.`;
  }
  return `${people} ${verb} changed by ${by(event)}.`;
}

/**
 * What has changed in the room, without a full stop. Events of an earlier server do not say it.
 * @param {RoomChangedFrame} event
 */
function changes(event) {
  const { changed = [], name, description } = event;
  /** @param {import("../core/types.js").RoomField} field @param {string} text */
  const part = (field, text) => changed.includes(field) && text;
  const parts = [
    part("name", `renamed the room to ${name}`),
    part("description", description ? `set the topic to “${description}”` : "removed the topic"),
    part("archived_at", event.archived_at ? "archived the room" : "reopened the room"),
    part("posting", `let ${some(event.posting)} write`),
    part("inviting", `let ${some(event.inviting)} add and invite people`),
    part(
      "history",
      `let members read ${event.history === "joined" ? "only what came after they joined" : "all messages"}`,
    ),
    part(
      "auto_join",
      event.auto_join ? "let new accounts become members" : "let new accounts stay outside",
    ),
    part(
      "kind",
      event.kind === "private"
        ? "made the room private: only its members see it"
        : "made the room public: everyone on this server can read it",
    ),
  ].filter((it) => it !== false);
  return `${by(event)} ${parts.length > 0 ? listed(parts) : "changed the room"}`;
}

/** @param {string | undefined} who */
const some = (who) => (who === "moderators" ? "only moderators" : "every member");

/** @param {Person[]} people */
const everyName = (people) => listed(calls(people));

/** @param {Person[]} people */
function inShort(people) {
  const names = calls(people);
  return people.length > MOST_NAMES ? counted(people.length, "person", "people") : listed(names);
}

/** How the people are called; deleted accounts have no names. @param {Person[]} people */
function calls(people) {
  const names = people.filter((person) => !isDeleted(person)).map(nameOf);
  const gone = people.length - names.length;
  if (gone === 1) names.push("Deleted account");
  if (gone > 1) names.push(`${gone} deleted accounts`);
  return names;
}

/** @param {string[]} names */
function listed(names) {
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${last}` : last;
}
