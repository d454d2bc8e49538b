// Who joined and left a room, in sentences between its messages. Events that follow each other are one row.

import { h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { clockTime, counted, exactTime, shortTime } from "../text/format.js";

/** @typedef {import("../core/types.js").MemberLogEvent} MemberLogEvent */

/** The names of one sentence; more people are counted. */
const MOST_NAMES = 2;

/**
 * @param {MemberLogEvent[]} events
 * @returns {HTMLElement}
 */
export function memberRow(events) {
  const short = summary(events);
  const isWhole = events.length === 1 && (events[0]?.members.length ?? 0) <= MOST_NAMES + 1;
  if (isWhole) {
    const [event] = events;
    return h(
      "li",
      { class: "member-line" },
      h("p", { title: exactTime(event?.timestamp ?? "") }, short),
    );
  }
  return h(
    "li",
    { class: "member-line" },
    h(
      "details",
      null,
      h("summary", null, short),
      h(
        "ul",
        null,
        events.map((event) =>
          h(
            "li",
            null,
            h("time", { datetime: event.timestamp }, clockTime(event.timestamp)),
            " ",
            sentence(event, Infinity),
          ),
        ),
      ),
    ),
  );
}

/**
 * The events in as few sentences as possible: those of the same kind are joined.
 * @param {MemberLogEvent[]} events
 */
export function summary(events) {
  const groups = /** @type {MemberLogEvent[][]} */ ([]);
  for (const event of events) {
    const like = groups.find(([first]) => first && kindOf(first) === kindOf(event));
    if (like) like.push(event);
    else groups.push([event]);
  }
  return groups
    .map((group) => {
      const [first] = group;
      if (!first) return "";
      const people = new Map(
        group.flatMap(({ members }) => members).map((person) => [person.user_id, person]),
      );
      return sentence({ ...first, members: [...people.values()] }, MOST_NAMES, isOwn(first));
    })
    .join(" ");
}

/** @param {MemberLogEvent} event */
const isOwn = ({ members, user_id }) => members.every((person) => person.user_id === user_id);

/** Events with the same answer are told in one sentence. @param {MemberLogEvent} event */
function kindOf(event) {
  const by = isOwn(event) ? "self" : event.user_id;
  if (event.type === "member_joined") return `joined ${by}`;
  if (event.type === "member_left")
    return event.cause === "left" || event.cause === "deleted"
      ? event.cause
      : `${event.cause} ${event.user_id} ${event.reason ?? ""} ${event.until ?? ""}`;
  return `changed ${event.seq}`;
}

/**
 * @param {MemberLogEvent} event
 * @param {number} most the most names
 * @param {boolean} [isByThem] the people did it themselves
 */
function sentence(event, most, isByThem = isOwn(event)) {
  const people = listed(event.members.map(nameOf), most);
  const by = event.user_id === 0 ? "an operator" : nameOf(event);
  const why = event.reason ? ` (${event.reason})` : "";
  const verb = event.members.length === 1 ? "was" : "were";
  if (event.type === "member_joined")
    return isByThem ? `${people} joined.` : `${by} added ${people}.`;
  if (event.type === "member_left") {
    if (event.cause === "left") return `${people} left.`;
    if (event.cause === "deleted") return `${people} left, because the account was deleted.`;
    const until = event.until ? ` until ${shortTime(event.until)}` : "";
    return event.cause === "banned"
      ? `${people} ${verb} banned by ${by}${until}${why}.`
      : `${people} ${verb} removed by ${by}${why}.`;
  }
  if (event.is_banned === false) return `${by} lifted the ban of ${people}.`;
  if (event.role) return `${people} is now ${ROLES[event.role]}, set by ${by}.`;
  if (event.muted_until) {
    const isMuted = Date.parse(event.muted_until) > Date.parse(event.timestamp);
    return isMuted
      ? `${people} ${verb} muted by ${by} until ${shortTime(event.muted_until)}${why}.`
      : `${people} can write again.`;
  }
  return `${people} ${verb} changed by ${by}.`;
}

const ROLES = { owner: "an owner", moderator: "a moderator", member: "a member without a role" };

/**
 * @param {string[]} names
 * @param {number} most
 */
function listed(names, most) {
  if (names.length > most + 1) {
    return `${names.slice(0, most).join(", ")} and ${counted(names.length - most, "other")}`;
  }
  const last = names.at(-1) ?? "";
  return names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${last}` : last;
}
