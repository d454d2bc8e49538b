// The menu beside "Send": the server sends the message later.

import { ApiError, words } from "../../core/api.js";
import { isTooLong } from "../../core/limits.js";
import { clockTime } from "../../text/format.js";
import { openDialog, toast } from "../dialog.js";
import { form } from "../form.js";
import { openMenu } from "../menu.js";
import { fieldOf, when } from "./when.js";

/**
 * @typedef {{ chat: import("../../core/chat.js").Chat, room: import("../../core/room.js").Room,
 *   threadId: number | null, input: HTMLTextAreaElement, alert: HTMLElement,
 *   length: ReturnType<typeof import("../length.js").lengthNote>, content(): string, extra(): string,
 *   sent(): void }} Composer `content`: what is sent; `extra`: why it cannot be scheduled, or ""; `sent` empties the field
 */

const MINUTE_MS = 60_000;
/** The hour at which a working day begins. */
const MORNING = 9;

/**
 * @param {HTMLButtonElement} button
 * @param {Composer} composer
 */
export function openScheduleMenu(button, composer) {
  const { input, alert } = composer;
  alert.textContent = composer.extra();
  if (alert.textContent) return;
  if (isTooLong(composer.content())) return composer.length.refuse();
  /** @param {() => Date} time */
  const act = (time) => async () => {
    try {
      await schedule(composer, time());
    } catch (error) {
      alert.textContent = words(error);
    }
    input.focus();
  };
  const toMonday = (8 - new Date().getDay()) % 7 || 7;
  const morning = clockTime(inDays(1).toISOString());
  openMenu(button, "Send later", [
    { label: "In 20 minutes", act: act(() => new Date(Date.now() + 20 * MINUTE_MS)) },
    { label: "In an hour", act: act(() => new Date(Date.now() + 60 * MINUTE_MS)) },
    { label: `Tomorrow at ${morning}`, act: act(() => inDays(1)) },
    // On a Sunday it is tomorrow.
    toMonday > 1 && {
      label: `${toMonday === 7 ? "Next Monday" : "Monday"} at ${morning}`,
      act: act(() => inDays(toMonday)),
    },
    { label: "Choose date and time…", act: () => openChoice(composer) },
  ]);
}

/** The morning of a day to come. @param {number} days */
function inDays(days) {
  const now = new Date();
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING);
}

/** @param {Composer} composer */
function openChoice(composer) {
  const dialog = openDialog({
    title: "Send later",
    class: "narrow",
    content: (close) =>
      timeForm([timeField(inDays(1))], "Schedule", async ({ send_at = "" }) => {
        await schedule(composer, timeIn(send_at));
        close();
      }),
  });
  dialog.addEventListener("close", () => composer.input.focus());
}

/**
 * @param {Composer} composer
 * @param {Date} time
 */
async function schedule({ chat, room, threadId, input, content, sent }, time) {
  const reply = threadId && { thread_id: threadId };
  const message = { content: content(), send_at: time.toISOString(), ...reply };
  // What is in the field is what was scheduled.
  input.readOnly = true;
  try {
    await chat.scheduled.add(room.id, message);
    sent();
    toast(`The message will be sent: ${when(time)}`);
  } finally {
    input.readOnly = false;
  }
}

/**
 * A form with a time to come.
 * @param {import("../form.js").Field[]} fields
 * @param {string} submit
 * @param {(values: Record<string, string>) => Promise<void>} onsubmit
 */
export function timeForm(fields, submit, onsubmit) {
  const element = form({ fields, submit, onsubmit });
  element.querySelector("input")?.setAttribute("min", fieldOf(new Date()));
  return element;
}

/** @param {Date} time @returns {import("../form.js").Field} */
export const timeField = (time) => ({
  name: "send_at",
  label: "Date and time",
  type: "datetime-local",
  value: fieldOf(time),
});

/**
 * The time in a field, in the reader's time zone.
 * @param {string} value
 * @throws {ApiError} if it is not complete
 */
export function timeIn(value) {
  const time = new Date(value);
  if (!Number.isNaN(time.getTime())) return time;
  const message = "Choose a date and a time.";
  throw new ApiError(0, "no_time", message, [{ field: "send_at", message }]);
}
