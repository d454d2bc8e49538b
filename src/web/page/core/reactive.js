// Signals and effects. A signal holds a value. An effect is a function that runs again when a signal that it
// has read changes. All effects of a change run in one microtask after it.

/** @typedef {{ run: () => void, sources: Set<Set<Effect>>, dead: boolean }} Effect */

/** @type {Effect | null} */
let running = null;
/** @type {Set<() => void> | null} */
let scope = null;
/** @type {Set<Effect>} */
const waiting = new Set();

/**
 * @template T
 * @typedef {{ value: T, peek: () => T }} Signal
 */

/**
 * @template T
 * @param {T} initial
 * @returns {Signal<T>}
 */
export function signal(initial) {
  /** @type {Set<Effect>} */
  const readers = new Set();
  let value = initial;
  return {
    get value() {
      if (running) {
        readers.add(running);
        running.sources.add(readers);
      }
      return value;
    },
    set value(next) {
      if (Object.is(value, next)) return;
      value = next;
      for (const effect of readers) schedule(effect);
    },
    /** Reads the value without making the running effect depend on it. */
    peek: () => value,
  };
}

/** @param {Effect} effect */
function schedule(effect) {
  if (waiting.size === 0) queueMicrotask(flush);
  waiting.add(effect);
}

function flush() {
  const effects = [...waiting];
  waiting.clear();
  for (const effect of effects) if (!effect.dead) effect.run();
}

/**
 * Runs now, and again whenever a signal that it has read changes, until the current scope ends.
 * @param {() => void} body
 */
export function effect(body) {
  /** @type {Effect} */
  const self = {
    sources: new Set(),
    dead: false,
    run() {
      for (const readers of self.sources) readers.delete(self);
      self.sources.clear();
      const outer = running;
      running = self;
      try {
        body();
      } finally {
        running = outer;
      }
    },
  };
  onEnd(() => {
    self.dead = true;
    for (const readers of self.sources) readers.delete(self);
  });
  self.run();
}

/**
 * Runs a function. Its effects end when the returned function is called.
 * @param {() => void} body
 * @returns {() => void}
 */
export function inScope(body) {
  const [outer, reader] = [scope, running];
  /** @type {Set<() => void>} */
  const own = new Set();
  scope = own;
  running = null;
  try {
    body();
  } finally {
    scope = outer;
    running = reader;
  }
  return () => {
    for (const end of own) end();
    own.clear();
  };
}

/**
 * Calls a function when the current scope ends.
 * @param {() => void} end
 */
export function onEnd(end) {
  scope?.add(end);
}
