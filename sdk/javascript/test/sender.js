// A program that sends "message 1", "message 2" and so on, and can be killed at any time: each message has an id of its
// own, and waits in a folder until it is stored.

import { fileStorage } from "../src/node.js";
import { connect, signIn } from "../src/index.js";
import { PASSWORD, WebSocket } from "./environment.js";

const [url, username, roomId, folder, count] = process.argv.slice(2);

const session = await signIn(url, username, PASSWORD);
const client = await connect({ url, session, WebSocket, storage: fileStorage(folder) });
const room = client.follow(Number(roomId));
const sent = Array.from({ length: Number(count) }, (_, at) =>
  room
    .send(`message ${at + 1}`, { client_id: `message-${at + 1}` })
    .then(() => console.log(`stored ${at + 1}`)),
);
await Promise.all(sent);
client.close();
