// Removing and banning a member, and the list of bans.

import { call, words } from "../core/api.js";
import { fill, h } from "../core/dom.js";
import { nameOf } from "../core/people.js";
import { endTime } from "../text/format.js";
import { choice } from "./choice.js";
import { openDialog, toast } from "./dialog.js";
import { form } from "./form.js";

/** @typedef {import("../core/room.js").Room} Room */
/** @typedef {import("../core/types.js").Person} Person */

const HOUR_MS = 60 * 60 * 1000;
/** @type {Record<string, number>} */
const HOURS = { hour: 1, day: 24, week: 7 * 24, month: 30 * 24 };

/** @type {import("./form.js").Field} */
const REASON = {
  name: "reason",
  label: "Reason",
  optional: true,
  autocomplete: "off",
  hint: "Every member can read it.",
};

/**
 * @param {Room} room
 * @param {Person} person
 * @param {() => void} changed
 */
export function openRemove(room, person, changed) {
  const name = nameOf(person);
  const isPublic = room.info.peek().kind !== "private";
  openDialog({
    title: `Remove ${name}?`,
    class: "narrow",
    content: (close) => [
      h(
        "p",
        null,
        isPublic
          ? "The room is public: they can join again. A ban prevents that."
          : "They will not see the room any more, until a member adds them again. With an invite link that still works they can come back: a ban prevents that.",
      ),
      form({
        fields: [REASON],
        submit: "Remove",
        async onsubmit({ reason }) {
          const query = reason?.trim() ? `?reason=${encodeURIComponent(reason.trim())}` : "";
          await call("DELETE", `/rooms/${room.id}/members/${person.user_id}${query}`);
          close();
          changed();
          toast(`${name} was removed`);
        },
      }),
    ],
  });
}

/**
 * @param {Room} room
 * @param {Person} person
 * @param {() => void} changed
 */
export function openBan(room, person, changed) {
  const name = nameOf(person);
  const end = choice("The ban ends after", "never", {
    hour: "1 hour",
    day: "1 day",
    week: "1 week",
    never: "Never",
  });
  openDialog({
    title: `Ban ${name}?`,
    class: "narrow",
    content: (close) => [
      h("p", null, "They are removed, and can neither read nor join the room until the ban ends."),
      form({
        fields: [REASON],
        body: [end],
        submit: "Ban",
        async onsubmit({ reason }) {
          const hours = HOURS[end.chosen()];
          await call("PUT", `/rooms/${room.id}/bans/${person.user_id}`, {
            reason: reason?.trim() || null,
            until: hours ? new Date(Date.now() + hours * HOUR_MS).toISOString() : null,
          });
          close();
          changed();
          toast(`${name} is banned`);
        },
      }),
    ],
  });
}

/** @param {Room} room */
export function openBans(room) {
  const list = h("ul", { class: "plain-list" });
  const note = h("p", { class: "quiet", role: "status" }, "…");
  const load = async () => {
    try {
      /** @type {import("../core/types.js").Ban[]} */
      const bans = await call("GET", `/rooms/${room.id}/bans`);
      const valid = bans.filter(({ until }) => !until || Date.parse(until) > Date.now());
      note.textContent = valid.length === 0 ? "Nobody is banned." : "";
      fill(
        list,
        valid.map((ban) =>
          h(
            "li",
            null,
            h(
              "div",
              { class: "about" },
              h("p", null, nameOf(ban)),
              h(
                "p",
                { class: "quiet small" },
                [ban.until ? `until ${endTime(ban.until)}` : "without end", ban.reason]
                  .filter(Boolean)
                  .join(" · "),
              ),
            ),
            h(
              "button",
              {
                class: "small",
                type: "button",
                "aria-label": `Lift the ban of ${nameOf(ban)}`,
                onclick: async () => {
                  try {
                    await call("DELETE", `/rooms/${room.id}/bans/${ban.user_id}`);
                    await load();
                  } catch (error) {
                    note.textContent = words(error);
                  }
                },
              },
              "Lift",
            ),
          ),
        ),
      );
    } catch (error) {
      note.textContent = words(error);
    }
  };
  openDialog({ title: "Bans", class: "narrow", content: () => [note, list] });
  load();
}
