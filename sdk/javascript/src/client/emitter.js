// Listeners by the names of events.

/** @template {object} Events what is passed to the listeners of each event */
export class Emitter {
  /** @type {Map<keyof Events, Set<(event: any) => void>>} */
  #listeners = new Map();

  /**
   * Calls a function for each event of a kind.
   * @template {keyof Events} K
   * @param {K} kind
   * @param {(event: Events[K]) => void} listener
   * @returns {() => void} ends that
   */
  on(kind, listener) {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  /**
   * @template {keyof Events} K
   * @param {K} kind
   * @param {Events[K]} event
   */
  emit(kind, event) {
    for (const listener of this.#listeners.get(kind) ?? []) {
      try {
        listener(event);
      } catch (error) {
        // The program's own mistake: it is reported as one, and the client goes on.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
