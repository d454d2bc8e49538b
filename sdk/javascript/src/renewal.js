// A session, and when its token is renewed: long before it expires, and again soon if that fails.

/** The part of a token's life after which it is renewed. */
const RENEW_AFTER = 0.5;
const RETRY_MS = 30_000;
/** The longest time that a timer takes is 2^31 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a client keeps of a login. @param {import("./shapes.js").Login} login @returns {import("./types.js").KeptSession} */
export function sessionOf({ access_token: token, expires_in, user }) {
  const now = Date.now();
  return { token, user, renewedAt: now, endsAt: now + expires_in * 1000 };
}

export class Renewal {
  #renew;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** The number of the latest plan. */
  #plan = 0;

  /** @param {() => Promise<void>} renew gets a new token, and plans again */
  constructor(renew) {
    this.#renew = renew;
  }

  /**
   * A session has a token.
   * @param {number} renewedAt since when, in ms since 1970
   * @param {number} endsAt when it expires
   */
  plan(renewedAt, endsAt) {
    this.stop();
    const plan = this.#plan;
    const attempt = async () => {
      try {
        await this.#renew();
      } catch {
        // If the server refused, the session is over by now. If it is unreachable, there is time to try again.
        if (plan === this.#plan)
          this.#timer = setTimeout(attempt, Math.min(RETRY_MS, (endsAt - renewedAt) / 10));
      }
    };
    const wait = renewedAt + (endsAt - renewedAt) * RENEW_AFTER - Date.now();
    this.#timer = setTimeout(attempt, Math.min(Math.max(wait, 0), LONGEST_TIMER_MS));
  }

  /** There is no session any more. */
  stop() {
    clearTimeout(this.#timer);
    this.#plan += 1;
  }
}
