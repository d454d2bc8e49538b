// Pages of another site with `<chatapp-room>`, for embed.test.js. Their policy allows only what docs/EMBED.md says.

import { createServer } from "node:http";
import { api, SERVER } from "./support.js";

const POLICY = [
  "default-src 'none'",
  `script-src 'self' ${SERVER}`,
  "style-src 'self'",
  `connect-src 'self' ${SERVER} ${SERVER.replace("http", "ws")}`,
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** What the page's own script does: it keeps the events, and gives tokens if it is asked to. */
const SCRIPT = `
  window.events = [];
  const room = document.querySelector("chatapp-room");
  for (const name of ["message", "error", "state"])
    document.addEventListener("chatapp-" + name, ({ detail }) => events.push({ name, ...detail }));
  if (location.search.includes("provider"))
    room.tokenProvider = async () => {
      const answer = await fetch("/token" + location.search);
      if (!answer.ok) throw new Error("no token");
      return answer.text();
    };
`;
const STYLE = `
  body { margin: 0; font: 1rem sans-serif; }
  chatapp-room.themed { --chatapp-accent: rgb(200, 0, 100); --chatapp-color-scheme: dark; }
`;

/**
 * Serves the page \`/?room=…\` with \`token=…\`, or with \`provider=…\`, the id of the account for which it makes tokens.
 * @param {number} port
 * @param {string} admin the token of an admin
 */
export async function startPages(port, admin) {
  /** How many tokens were made. */
  const made = { count: 0, seconds: 600, isDown: false, policy: POLICY };
  const server = createServer(async ({ url = "" }, answer) => {
    const { pathname, searchParams: query } = new URL(url, "http://localhost");
    const send = (type, text) => {
      answer.setHeader("Content-Security-Policy", made.policy);
      answer.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(text);
    };
    if (pathname === "/page.js") send("text/javascript", SCRIPT);
    else if (pathname === "/page.css") send("text/css", STYLE);
    else if (pathname === "/token") {
      if (made.isDown) return void answer.writeHead(503).end();
      made.count += 1;
      send("text/plain", await tokenFor(query.get("provider"), made.seconds, admin));
    } else if (pathname === "/") send("text/html", page(query));
    else answer.writeHead(204).end();
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  server.unref();
  return Object.assign(made, { url: `http://127.0.0.1:${port}` });
}

/** Makes a token of an account, as a product's server does. */
export const tokenFor = async (id, seconds, admin) =>
  (await api("POST", `/admin/users/${id}/tokens`, { expires_in: seconds }, admin)).access_token;

/** @param {URLSearchParams} query */
const page = (query) => `<!doctype html>
  <html lang="en">
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>A shop</title>
    <link rel="stylesheet" href="/page.css" />
    <main>
      <h1>A shop</h1>
      <chatapp-room class="${query.get("class") ?? ""}" room="${query.get("room")}"
        ${query.has("token") ? `token="${query.get("token")}"` : ""}></chatapp-room>
    </main>
    <script type="module" src="${SERVER}/embed.js"></script>
    <script type="module" src="/page.js"></script>
  </html>`;
