// A small shop with a chat: a page, people of its own, and tokens of the chat for them. Node has all that it needs.
//
//     CHAT_URL=http://localhost:8000 CHAT_ADMIN_TOKEN=cb_… node server.js
//
// A visitor signs in to the shop with a name. The browser asks the shop for a token of the chat (`POST /chat-token`), and
// the shop asks the chat's server, with a token that only the shop's server knows. SHOP_PORT (3000) and SHOP_DATA
// (shop.json), the file with the shop's people, can be set too.

import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { Chat } from "./chat.js";

const { CHAT_URL = "http://localhost:8000", CHAT_ADMIN_TOKEN, SHOP_PORT = "3000" } = process.env;
const { SHOP_DATA = "shop.json" } = process.env;
if (!CHAT_ADMIN_TOKEN) {
  console.error("CHAT_ADMIN_TOKEN is missing: docs/EMBED.md says how to make one.");
  process.exit(1);
}

const chatOrigin = new URL(CHAT_URL).origin;
const chat = new Chat(CHAT_URL, CHAT_ADMIN_TOKEN);

/** The browser may run only the scripts of the shop and of the chat, and call only these two servers. */
const POLICY = [
  "default-src 'none'",
  `script-src 'self' ${chatOrigin}`,
  "style-src 'self'",
  "img-src 'self'",
  `connect-src 'self' ${chatOrigin} ${chatOrigin.replace(/^http/, "ws")}`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join("; ");

/** The shop's people by the secret in their cookie, and the room of the chat. */
const data = readData();

function readData() {
  try {
    return JSON.parse(readFileSync(SHOP_DATA, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return { people: {}, roomId: null };
  }
}

function keepData() {
  writeFileSync(`${SHOP_DATA}.new`, JSON.stringify(data), { mode: 0o600 });
  renameSync(`${SHOP_DATA}.new`, SHOP_DATA);
}

const FILES = {
  "/shop.css": ["text/css", "shop.css"],
  "/shop.js": ["text/javascript", "shop.js"],
};
const file = (name) => readFileSync(new URL(`public/${name}`, import.meta.url), "utf8");
const escaped = (text) => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

const server = createServer(async (request, answer) => {
  answer.setHeader("Content-Security-Policy", POLICY);
  answer.setHeader("Cache-Control", "no-store");
  try {
    await handle(request, answer);
  } catch (error) {
    console.error(error);
    answer.writeHead(502).end("The chat's server cannot be used. The log of the shop says why.");
  }
});

async function handle(request, answer) {
  const [, secret] = /(?:^|; )shop=([0-9a-f]{64})/.exec(request.headers.cookie ?? "") ?? [];
  const person = secret && Object.hasOwn(data.people, secret) ? data.people[secret] : null;
  const [type, name] = FILES[request.url] ?? [];
  const call = `${request.method} ${request.url}`;
  if (type && request.method === "GET") {
    answer.writeHead(200, { "Content-Type": `${type}; charset=utf-8` }).end(file(name));
  } else if (call === "GET /") {
    answer.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(page(person));
  } else if (call === "POST /sign-in") {
    await signIn(request, answer);
  } else if (call === "POST /chat-token" && person && isOfThisSite(request)) {
    answer.writeHead(200, { "Content-Type": "application/json" });
    answer.end(JSON.stringify({ token: await chat.tokenFor(person.chatId) }));
  } else answer.writeHead(call === "POST /chat-token" ? 403 : 404).end();
}

/** A page of another site must not act for the visitor. */
const isOfThisSite = ({ headers }) => headers["sec-fetch-site"] === "same-origin";

/** Makes a person of the shop, with an account of the chat. A real shop would check a password. */
async function signIn(request, answer) {
  let body = "";
  for await (const part of request) {
    body += part;
    if (body.length > 1000) return answer.writeHead(413).end();
  }
  const name = new URLSearchParams(body).get("name")?.trim().slice(0, 40);
  if (!name) return answer.writeHead(303, { Location: "/" }).end();
  const secret = randomBytes(32).toString("hex");
  const chatId = await chat.makeAccount(`shop-${randomBytes(8).toString("hex")}`, name);
  await chat.addToRoom(await room(), chatId);
  data.people[secret] = { name, chatId };
  keepData();
  const secure = request.headers["x-forwarded-proto"] === "https" ? "; Secure" : "";
  const cookie = `shop=${secret}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000${secure}`;
  answer.writeHead(303, { Location: "/", "Set-Cookie": cookie }).end();
}

/** The number of the room, which is made for the first visitor. */
let making;
const room = () =>
  (making ??= data.roomId
    ? Promise.resolve(data.roomId)
    : chat.makeRoom("Ask about our tea").then(
        (id) => (data.roomId = id),
        (error) => {
          making = undefined;
          throw error;
        },
      ));

function page(person) {
  const part = person
    ? `<p>You are signed in as <strong>${escaped(person.name)}</strong>.</p>
       <chatapp-room room="${data.roomId}"></chatapp-room>`
    : `<form method="post" action="/sign-in">
         <label>Your name <input name="name" required maxlength="40" autocomplete="nickname" /></label>
         <button>Sign in to ask us</button>
       </form>`;
  const values = { chat: CHAT_URL.replace(/\/$/, ""), part };
  return file("index.html").replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

server.listen(Number(SHOP_PORT), "127.0.0.1", () =>
  console.log(`The shop is at http://localhost:${server.address().port}`),
);
