// What a client knows of a room whose log it follows: its position, from which it resumes. Clients extend this class.

/** The position is not known: the room is joined at the newest event. */
export const UNKNOWN = -Infinity;

export class FollowedRoom {
  /** The connection receives the room's log, or will after it resumes from `lastSeq`. */
  isFollowed = false;
  /** When the room was last opened (ms since 1970): it is left last. */
  openedAt = 0;

  /**
   * @param {number} id
   * @param {number} lastSeq the seq of the last received event, from which the room resumes
   */
  constructor(id, lastSeq) {
    this.id = id;
    this.lastSeq = lastSeq;
  }

  /**
   * Moves the position to an event. Returns false if the event was received before.
   * @param {{ seq: number }} event
   */
  advance({ seq }) {
    if (!(seq > this.lastSeq)) return false;
    this.lastSeq = seq;
    return true;
  }

  /** The newest position that is known to be in the log. */
  get headSeq() {
    return this.lastSeq;
  }

  /** The read position that the server does not have yet; 0 if it has it. */
  get unsentRead() {
    return 0;
  }

  /** Whether a head that is known in another way may become the position, because nothing here depends on the events. */
  get maySkip() {
    return false;
  }

  /** The room is joined and has caught up, or not any more. @param {boolean} _isLive */
  setLive(_isLive) {}

  /** Events will be missing: what is known of the log is void. */
  restart() {}
}
