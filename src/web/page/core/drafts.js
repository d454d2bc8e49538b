// Unsent texts. Each belongs to a place: a room ("7") or a thread of it ("7.12"). A text is stored in this browser with
// every key, and soon afterwards by the server, so that it is there on the reader's other devices.
//
// For each place the page knows the text on which this browser and the server last agreed. A text that differs from it
// was typed here since: no other text takes its place, and it is written. A text that is equal to it gives way to what
// was typed elsewhere.

import { call } from "./api.js";
import { keyOf } from "./echoes.js";
import { isTooLong } from "./limits.js";
import { signal } from "./reactive.js";
import { socketState } from "./socket.js";
import { storage } from "./storage.js";

/** @typedef {{ text(): string, show(text: string): void }} Field a field that is open, and shows the text of a place */

/** A text is written so long after the last key. */
const WRITE_MS = 1_000;
/** The drafts are read at most so often. */
const READ_MS = 300;
const AGREED = ".agreed";

export class Drafts {
  /** The ids of the rooms with an unsent text, also in one of their threads. */
  rooms = signal(/** @type {Set<number>} */ (new Set()));
  /** @type {Map<string, Field & { agreed: string, timer: number }>} */
  #open = new Map();
  /** One call at a time: no answer is older than a text that was written before it. @type {Promise<void>} */
  #last = Promise.resolve();
  #timer = 0;
  #ended = false;

  /**
   * @param {number} userId
   * @param {import("./reactive.js").Signal<Map<number, unknown>>} known the rooms of the reader
   * @param {import("./echoes.js").Echoes} echoes
   */
  constructor(userId, known, echoes) {
    this.prefix = `chatapp.draft.${userId}.`;
    this.known = known;
    this.echoes = echoes;
    this.#mark();
  }

  /** @param {string} place */
  get(place) {
    return this.#open.get(place)?.text() ?? storage.get(this.prefix + place) ?? "";
  }

  /**
   * A field shows the text of a place, until the returned function is called.
   * @param {string} place
   * @param {Field} field
   */
  open(place, field) {
    const agreed = this.#agreed(place);
    this.#open.set(place, { ...field, agreed, timer: 0 });
    return () => {
      clearTimeout(this.#open.get(place)?.timer);
      this.#open.delete(place);
      this.write(place);
    };
  }

  /**
   * The reader has typed.
   * @param {string} place
   * @param {string} text
   */
  set(place, text) {
    this.#store(place, text);
    const field = this.#open.get(place);
    if (!field) return;
    clearTimeout(field.timer);
    field.timer = setTimeout(() => this.write(place), WRITE_MS);
  }

  /** Writes the text of a place now, if the server does not have it. @param {string} place */
  write(place) {
    if (this.#isWritten(place)) return;
    this.#then(() => this.#write(place));
  }

  /** The page is being left: the browser completes the calls. */
  leave() {
    for (const place of this.#open.keys()) if (!this.#isWritten(place)) this.#write(place, true);
  }

  /** Something was changed on another device. */
  readSoon() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#then(() => this.#read()), READ_MS);
  }

  /** There is a connection again: reads what was typed elsewhere, and writes what was typed here meanwhile. */
  sync() {
    this.#then(() => this.#read());
    this.#then(async () => {
      for (const place of this.#places()) if (!this.#isWritten(place)) await this.#write(place);
    });
  }

  /** The database is another one. What this browser agreed on with the one before may not be in it. */
  forget() {
    for (const field of this.#open.values()) field.agreed = "";
    for (const key of storage.keys(this.prefix)) if (key.endsWith(AGREED)) storage.remove(key);
  }

  /** Removes the unsent texts of this user from the browser. */
  wipe() {
    this.end();
    for (const key of storage.keys(this.prefix)) storage.remove(key);
  }

  end() {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  /** @param {() => Promise<void>} act */
  #then(act) {
    this.#last = this.#last.then(() => (this.#ended ? undefined : act()));
  }

  /**
   * @param {string} place
   * @param {boolean} [isLast] the page is being left
   */
  async #write(place, isLast = false) {
    const text = this.get(place);
    const [roomId = 0, threadId] = place.split(".").map(Number);
    // The server takes no text that is longer than a message.
    if (!this.known.peek().has(roomId) || isTooLong(text)) return;
    if (socketState.peek() !== "live") return;
    const path = `/rooms/${roomId}/draft`;
    const thread = threadId && { thread_id: threadId };
    const query = threadId ? `?thread_id=${threadId}` : "";
    const options = { keepalive: isLast };
    try {
      await this.echoes.of(keyOf("draft", roomId, threadId), () =>
        text
          ? call("PUT", path, { content: text, ...thread }, options)
          : call("DELETE", path + query, undefined, options),
      );
      this.#agree(place, text);
    } catch (error) {
      // The text is here, and is written after the next key or with the next connection.
      console.info(error);
    }
  }

  async #read() {
    try {
      /** @type {import("./types.js").Draft[]} */
      const list = await call("GET", "/users/me/drafts");
      if (this.#ended) return;
      const theirs = new Map(
        list.map(({ room_id, thread_id, content }) => [
          thread_id ? `${room_id}.${thread_id}` : `${room_id}`,
          content,
        ]),
      );
      for (const place of new Set([...theirs.keys(), ...this.#places()]))
        this.#take(place, theirs.get(place) ?? "");
      // Another tab of this browser may have stored a text.
      this.#mark();
    } catch (error) {
      // They are read again with the next connection.
      console.info(error);
    }
  }

  /**
   * The server has a text.
   * @param {string} place
   * @param {string} theirs
   */
  #take(place, theirs) {
    if (theirs === this.#agreed(place)) return;
    const mine = this.get(place);
    const isTyped = !this.#isWritten(place);
    this.#agree(place, theirs);
    if (mine === theirs) return;
    if (isTyped) return this.#open.has(place) ? this.set(place, mine) : undefined;
    this.#store(place, theirs);
    this.#open.get(place)?.show(theirs);
  }

  /** @param {string} place */
  #isWritten(place) {
    return this.get(place) === this.#agreed(place);
  }

  /** An open field has its own, because other tabs share the storage. @param {string} place */
  #agreed(place) {
    return this.#open.get(place)?.agreed ?? storage.get(this.prefix + place + AGREED) ?? "";
  }

  /**
   * @param {string} place
   * @param {string} text
   */
  #agree(place, text) {
    if (this.#ended) return;
    const field = this.#open.get(place);
    if (field) field.agreed = text;
    keep(this.prefix + place + AGREED, text);
  }

  /**
   * @param {string} place
   * @param {string} text
   */
  #store(place, text) {
    if (this.#ended) return;
    const key = this.prefix + place;
    const isSame = Boolean(storage.get(key)) === Boolean(text);
    keep(key, text);
    if (!isSame) this.#mark();
  }

  /** The places of which something is kept or shown. */
  #places() {
    const keys = storage.keys(this.prefix).map((key) => key.slice(this.prefix.length));
    const kept = keys.map((key) => /^\d+(?:\.\d+)?/.exec(key)?.[0] ?? "");
    return new Set([...kept, ...this.#open.keys()]);
  }

  #mark() {
    const keys = storage.keys(this.prefix).map((key) => key.slice(this.prefix.length));
    const rooms = keys.filter((key) => /^[\d.]+$/.test(key)).map((key) => parseInt(key, 10));
    const before = this.rooms.peek();
    const next = new Set(rooms);
    if (next.size !== before.size || rooms.some((id) => !before.has(id))) this.rooms.value = next;
  }
}

/**
 * @param {string} key
 * @param {string} text
 */
function keep(key, text) {
  if (text) storage.set(key, text);
  else storage.remove(key);
}
