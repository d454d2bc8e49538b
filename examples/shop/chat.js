// What the shop asks of the chat's server, with the token of an admin.

/** So long a token is valid, in seconds. The element gets another one before that. */
const TOKEN_SECONDS = 15 * 60;

export class Chat {
  #url;
  #token;

  /**
   * @param {string} url of the chat's server
   * @param {string} token of an admin
   */
  constructor(url, token) {
    this.#url = url.endsWith("/") ? url : `${url}/`;
    this.#token = token;
  }

  /** Makes an account without a password. Returns its number. */
  async makeAccount(username, displayName) {
    const body = { username, display_name: displayName };
    return (await this.#post("admin/users", body)).id;
  }

  /** Makes a room that only its members see. Returns its number. */
  async makeRoom(name) {
    return (await this.#post("rooms/", { name, kind: "private" })).id;
  }

  async addToRoom(roomId, userId) {
    await this.#post(`rooms/${roomId}/members`, { user_ids: [userId] });
  }

  /** Returns a token with which a browser acts for an account, for some minutes. */
  async tokenFor(userId) {
    const body = { expires_in: TOKEN_SECONDS };
    return (await this.#post(`admin/users/${userId}/tokens`, body)).access_token;
  }

  async #post(path, body) {
    const answer = await fetch(this.#url + path, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`POST ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }
}
