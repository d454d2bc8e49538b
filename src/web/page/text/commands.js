// Commands: words after a slash at the beginning of a message, such as `/shrug`. Any other word after a slash is
// sent as it is. A blank or a backslash before the slash makes a command text.

/**
 * @typedef {object} Command
 * @property {string} name
 * @property {string} about what it does, for the suggestions
 * @property {(rest: string) => string} apply the text that is sent, of the text after the command
 */

/** @param {string} rest @param {string} art */
const after = (rest, art) => (rest ? `${rest} ${art}` : art);

/** @type {Command[]} */
export const COMMANDS = [
  {
    name: "me",
    about: "Say what you do: /me waves",
    // It stays, and every client shows it as it likes: see `actionOf`.
    apply: (rest) => `/me ${rest}`.trim(),
  },
  { name: "shrug", about: "¯\\_(ツ)_/¯", apply: (rest) => after(rest, "¯\\_(ツ)_/¯") },
  { name: "tableflip", about: "(╯°□°)╯︵ ┻━┻", apply: (rest) => after(rest, "(╯°□°)╯︵ ┻━┻") },
  { name: "unflip", about: "┬─┬ノ( º _ ºノ)", apply: (rest) => after(rest, "┬─┬ノ( º _ ºノ)") },
];

const COMMAND = /^\/([a-z]+)(?:\s+([\s\S]*))?$/;
const ACTION = /^\/me\s+(?=\S)/;

/**
 * The text that is sent for a text that was written.
 * @param {string} text
 */
export function applyCommand(text) {
  const [, name, rest = ""] = COMMAND.exec(text) ?? [];
  const command = COMMANDS.find((it) => it.name === name);
  if (command) return command.apply(rest.trim());
  const trimmed = text.trim();
  // The blank is not sent, so something else must say that this is no action.
  return ACTION.test(trimmed) ? `\\${trimmed}` : trimmed;
}

/**
 * What the author does, of a message such as `/me waves`; undefined for any other message.
 * @param {string} content
 */
export const actionOf = (content) =>
  ACTION.test(content) ? content.replace(ACTION, "") : undefined;
