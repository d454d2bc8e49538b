// What can be done with a member of a room, by the rank of the reader.

import { call, words } from "../core/api.js";
import { nameOf, powersIn, rankOf } from "../core/people.js";
import { openBan, openRemove } from "./bans.js";
import { confirmDialog, toast } from "./dialog.js";
import { openProfile } from "./profile.js";
import { openDirect } from "./start-direct.js";

/** @typedef {import("../core/types.js").Member} Member */

const MINUTE_MS = 60_000;
/** @type {[string, number][]} */
const MUTES = [
  ["10 minutes", 10],
  ["1 hour", 60],
  ["1 day", 24 * 60],
];

/**
 * @param {import("../core/chat.js").Chat} chat
 * @param {import("../core/room.js").Room} room
 * @param {Member} member
 * @param {() => void} changed
 * @returns {(import("./menu.js").Entry | false)[]}
 */
export function memberActions(chat, room, member, changed) {
  const info = room.info.peek();
  const powers = powersIn(info, chat.user);
  const isBelow = powers.isModerator && powers.rank > rankOf(member.role);
  const isMuted = Date.parse(member.muted_until ?? "") > Date.now();
  const name = nameOf(member);
  const path = `/rooms/${room.id}/members/${member.user_id}`;

  /**
   * @param {string} done
   * @param {() => Promise<unknown>} act
   */
  const run = async (done, act) => {
    try {
      await act();
      changed();
      if (done) toast(done);
    } catch (error) {
      toast(words(error));
    }
  };
  /** @param {string} role @param {string} done */
  const setRole = (role, done) => run(done, () => call("PATCH", path, { role }));
  const isModerator = member.role === "moderator";

  return [
    {
      label: "Message",
      act: () => run("", () => openDirect(chat, [member.user_id])),
    },
    {
      label: "Profile",
      act: () => openProfile(chat, { id: member.user_id, username: member.username }),
    },
    powers.isOwner &&
      member.role !== "owner" && {
        label: isModerator ? "Make an ordinary member" : "Make moderator",
        act: () =>
          isModerator
            ? setRole("member", `${name} is an ordinary member now`)
            : setRole("moderator", `${name} is a moderator now`),
      },
    powers.isOwner &&
      member.role !== "owner" && {
        label: "Make owner",
        act: () =>
          confirmDialog({
            title: `Make ${name} an owner?`,
            text: `${name} can then change and delete the room as you can, and you cannot take it back.`,
            action: "Make owner",
            async act() {
              await call("PATCH", path, { role: "owner" });
              changed();
            },
          }),
      },
    ...(isBelow && !isMuted
      ? MUTES.map(([label, minutes]) => ({
          label: `Mute for ${label}`,
          act: () =>
            run(`${name} is muted for ${label}`, () =>
              call("PATCH", path, {
                muted_until: new Date(Date.now() + minutes * MINUTE_MS).toISOString(),
              }),
            ),
        }))
      : []),
    isBelow &&
      isMuted && {
        label: "Unmute",
        act: () => run(`${name} can write again`, () => call("PATCH", path, { muted_until: null })),
      },
    isBelow && {
      label: "Remove from the room",
      isDanger: true,
      act: () => openRemove(room, member, changed),
    },
    isBelow && { label: "Ban", isDanger: true, act: () => openBan(room, member, changed) },
  ];
}
