// What a socket is opened with.

/**
 * @typedef {import("../types.js").Handshake} Handshake
 * @typedef {"header" | "subprotocol" | "ticket"} HandshakeKind how the server learns who opens a socket. "header": by the
 *   header Authorization, outside browsers; "subprotocol": by a protocol that has the token, in browsers; "ticket": by a
 *   ticket in the address, which opens one socket once
 */

/** What this program can do: a browser does not let a page set a header. @returns {HandshakeKind} */
export function usualHandshake() {
  return "document" in globalThis || "WorkerGlobalScope" in globalThis ? "subprotocol" : "header";
}

/**
 * @param {import("../api.js").Api} api
 * @param {HandshakeKind} kind
 * @param {string} token
 * @returns {Handshake | Promise<Handshake>}
 */
export function handshake(api, kind, token) {
  const url = api.address("/ws");
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  switch (kind) {
    case "subprotocol":
      return [url, ["chatapp.v1", `bearer.${token}`]];
    case "header": {
      const headers = { Authorization: `Bearer ${token}` };
      // The second argument of a browser's class has only the protocols.
      return [url, { headers }];
    }
    case "ticket":
      return api.call("POST", "/auth/ws-ticket").then(({ ticket }) => {
        url.searchParams.set("ticket", ticket);
        return [url];
      });
  }
}
