// `npm pack` makes a package that works in an empty folder, in Node and for TypeScript.

import { before, test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Server, folder, packages } from "./support.js";

const SDK = fileURLToPath(new URL("..", import.meta.url));

/** A folder in which the package is installed. */
let project;

async function command(program, args, cwd) {
  try {
    return await promisify(execFile)(program, args, { cwd });
  } catch (error) {
    assert.fail(`${program} ${args.join(" ")}: ${error.stdout}${error.stderr}`);
  }
}

before(async () => {
  const packed = folder();
  const { stdout } = await command("npm", ["pack", "--json", "--pack-destination", packed], SDK);
  const [{ filename, files }] = JSON.parse(stdout);
  const names = files.map(({ path }) => path);
  for (const name of ["README.md", "src/index.js", "src/node.js", "types/index.d.ts"])
    assert.ok(names.includes(name), `${name} is not in the package: ${names.join(", ")}`);
  assert.deepEqual(
    names.filter((name) => !/^(package\.json|README\.md|src\/.*\.js|types\/.*\.d\.ts)$/.test(name)),
    [],
  );
  project = folder();
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }');
  const install = ["install", "--offline", "--no-audit", "--no-fund", join(packed, filename)];
  await command("npm", install, project);
});

test("it has no dependencies", () => {
  const { dependencies } = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
});

test("a program in Node works with it", async () => {
  const server = await Server.start();
  const session = await server.account("ann");
  const roomId = await server.room(session, "general");
  writeFileSync(
    join(project, "main.js"),
    `import { createRequire } from "node:module";
     import { connect } from "chatapp-client";
     import { fileStorage } from "chatapp-client/node";
     const ws = ${JSON.stringify(packages.resolve("ws"))};
     const WebSocket = globalThis.WebSocket ?? createRequire(import.meta.url)(ws).WebSocket;
     const session = ${JSON.stringify(session)};
     const client = await connect({ url: ${JSON.stringify(server.url)}, session, WebSocket,
       storage: fileStorage("outbox") });
     const { seq } = await client.follow(${roomId}).send("from a package");
     console.log(seq);
     client.close();`,
  );
  const { stdout } = await command(process.execPath, ["main.js"], project);
  assert.match(stdout, /^\d+\n$/);
  assert.deepEqual(await server.contents(session, roomId), ["from a package"]);
});

test("a strict TypeScript project compiles with it, and mistakes are found", async () => {
  const options = { strict: true, noEmit: true, exactOptionalPropertyTypes: true, types: [] };
  const module = { module: "nodenext", target: "es2022", lib: ["es2022", "dom"] };
  const config = { compilerOptions: { ...options, ...module }, files: ["main.ts"] };
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(
    join(project, "main.ts"),
    `import { ApiError, connect, signIn, webStorage } from "chatapp-client";
     import { fileStorage } from "chatapp-client/node";
     import type { Message } from "chatapp-client/shapes";

     const session = await signIn("http://localhost:8000", "ann", "a long password");
     const client = await connect({ url: "http://localhost:8000", session, storage: webStorage() });
     const room = client.follow(7, { since: 41 });
     const show = (message: Message): string => message.content.toUpperCase();
     room.on("message", (message) => show(message));
     room.on("member_left", ({ cause }) => cause === "banned");
     room.on("refused", ({ reason }) => reason?.trim());
     client.on("ended", ({ reason }) => reason.length);
     const { seq } = await room.send("hello", { thread_id: 3 });
     seq.toFixed();
     const rooms = await client.request("GET /rooms/", { query: { limit: 10 } });
     rooms[0]?.name.trim();
     const page = await room.history({ before: 10 });
     page.messages.map(show);
     const window = room.window();
     window.list.map(show);
     try {
       await client.request("PUT /rooms/{room_id}/read", { path: { room_id: 7 }, body: { seq } });
     } catch (error) {
       if (error instanceof ApiError) error.code.trim();
     }
     fileStorage("outbox").keys("");

     // @ts-expect-error there is no such event
     room.on("massage", () => {});
     // @ts-expect-error a message has no title
     room.on("message", ({ title }) => title);
     // @ts-expect-error there is no such operation
     await client.request("GET /room/");
     // @ts-expect-error the path is missing
     await client.request("GET /rooms/{room_id}");
     // @ts-expect-error the path needs a number
     await client.request("GET /rooms/{room_id}", { path: { room_id: "seven" } });
`,
  );
  const tsc = packages.resolve("typescript/bin/tsc");
  await command(process.execPath, [tsc, "--project", "."], project);
});

test("a TypeScript program for Node compiles with it, without the types of browsers", async () => {
  const roots = join(packages.resolve("@types/node/package.json"), "..", "..");
  const node = { types: ["node"], typeRoots: [roots], lib: ["es2022"] };
  const options = { strict: true, noEmit: true, module: "nodenext", target: "es2022", ...node };
  const config = { compilerOptions: options, files: ["bot.ts"] };
  writeFileSync(join(project, "tsconfig.node.json"), JSON.stringify(config));
  writeFileSync(
    join(project, "bot.ts"),
    `import { connect } from "chatapp-client";
     import { fileStorage } from "chatapp-client/node";

     class Socket { constructor(readonly url: URL, readonly protocols?: string[]) {} }
     const storage = fileStorage("outbox");
     const options = { url: "http://localhost:8000", token: "a token", storage, WebSocket: Socket };
     const client = await connect(options);
     client.follow(1).on("event", (event) => console.log(event.type, event.seq));
`,
  );
  const tsc = packages.resolve("typescript/bin/tsc");
  await command(process.execPath, [tsc, "--project", "tsconfig.node.json"], project);
});
