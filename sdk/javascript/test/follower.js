// A program that follows a room and says what happens. It has nothing else to do: it ends when the client does.

import { connect, signIn } from "../src/index.js";
import { PASSWORD, WebSocket } from "./environment.js";

const [url, username, roomId] = process.argv.slice(2);

const session = await signIn(url, username, PASSWORD);
const client = await connect({ url, session, WebSocket });
client.on("ended", ({ reason }) => console.log(`ended: ${reason}`));
client.on("state", ({ state }) => console.log(`state: ${state}`));
client.follow(Number(roomId)).on("live", (isLive) => console.log(`live: ${isLive}`));
