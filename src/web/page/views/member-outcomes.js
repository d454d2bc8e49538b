// What several events have made of each person: somebody who was removed and added again is a member.

/** @typedef {import("../core/types.js").RoomLogEvent} RoomLogEvent */
/** @typedef {import("../core/types.js").MemberLogEvent} MemberLogEvent */
/** @typedef {import("../core/types.js").Person} Person */

/** What is said of one person and of several. @typedef {{ one: string, many: string }} Outcome */

/**
 * @typedef {{ person: Person, wasIn: boolean, isIn: boolean, cause: string, isFree: boolean,
 *   roles: string[], mutes: boolean[] }} Course `cause`: why the person left last; `isFree`: the ban was lifted
 */

/**
 * The outcomes, each with the people whom it is about, in the order of the events.
 * @param {RoomLogEvent[]} events
 * @returns {[Outcome, Person[]][]}
 */
export function outcomes(events) {
  /** @type {Map<number, Course>} */
  const courses = new Map();
  for (const event of events) {
    if (event.type === "room_changed") continue;
    for (const person of event.members) {
      const before = courses.get(person.user_id) ?? begin(event, person);
      // The last event decides the order.
      courses.delete(person.user_id);
      courses.set(person.user_id, follow({ ...before, person }, event));
    }
  }
  /** @type {Map<string, [Outcome, Person[]]>} */
  const groups = new Map();
  for (const course of courses.values()) {
    for (const outcome of outcomesOf(course)) {
      const group = groups.get(outcome.one);
      if (group) group[1].push(course.person);
      else groups.set(outcome.one, [outcome, [course.person]]);
    }
  }
  return [...groups.values()];
}

/**
 * @param {MemberLogEvent} event
 * @param {Person} person
 * @returns {Course}
 */
function begin(event, person) {
  const isOutside =
    event.type === "member_joined" ||
    (event.type === "member_changed" && event.is_banned === false);
  const wasIn = !isOutside;
  return { person, wasIn, isIn: wasIn, cause: "", isFree: false, roles: [], mutes: [] };
}

/**
 * @param {Course} course
 * @param {MemberLogEvent} event
 * @returns {Course}
 */
function follow(course, event) {
  if (event.type === "member_joined") return { ...course, isIn: true, roles: [], mutes: [] };
  if (event.type === "member_left")
    return { ...course, isIn: false, isFree: false, cause: event.cause ?? "left" };
  if (event.is_banned === false) return { ...course, isFree: true };
  if (event.role) return { ...course, roles: [...course.roles, event.role] };
  if (!event.muted_until) return course;
  const isMuted = Date.parse(event.muted_until) > Date.parse(event.timestamp);
  return { ...course, mutes: [...course.mutes, isMuted] };
}

/** @type {Record<string, Outcome>} */
const ROLES = {
  owner: { one: "is now an owner", many: "are now owners" },
  moderator: { one: "is now a moderator", many: "are now moderators" },
  member: { one: "is now an ordinary member", many: "are now ordinary members" },
};

/** @param {Course} course @returns {Outcome[]} */
function outcomesOf(course) {
  const { wasIn, isIn, cause, isFree, roles, mutes } = course;
  const left = leaving(cause, isFree);
  if (!isIn) {
    if (!cause) return isFree ? [both("is not banned any more", "are not banned any more")] : [];
    return [wasIn ? left : both(`joined and ${left.one}`, `joined and ${left.many}`)];
  }
  const found = [];
  if (!wasIn) found.push(both("joined"));
  else if (cause) found.push(both(`${left.one} and came back`, `${left.many} and came back`));
  const role = roles.at(-1);
  // Back at the beginning.
  const isSame = role === "member" && roles.length > 1;
  if (role && ROLES[role] && !isSame) found.push(ROLES[role]);
  const isMuted = mutes.at(-1);
  if (isMuted) found.push(both("was muted", "were muted"));
  else if (isMuted === false && mutes.length === 1) found.push(both("can write again"));
  return found;
}

/** @param {string} cause @param {boolean} isFree */
function leaving(cause, isFree) {
  if (cause === "removed" || (cause === "banned" && isFree))
    return both("was removed", "were removed");
  return cause === "banned" ? both("was banned", "were banned") : both("left");
}

/** @param {string} one @param {string} [many] */
const both = (one, many = one) => ({ one, many });
