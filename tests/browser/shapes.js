// Writes the types of what the server sends and takes, from the reviewed documents of its two APIs. With
// `--check` it only fails if they are out of date: then a new frame is a type error in the page, not a surprise.

import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const TYPES = new URL("../../src/web/page/core/shapes.d.ts", import.meta.url);
const HEAD = `// Made from docs/openapi.json and docs/asyncapi.json: \`npm run shapes\` in tests/browser writes it anew.
// Not part of the page.
`;
/** The answers of the HTTP API that the page uses. */
const ANSWERS = [
  "Account",
  "AdminRoom",
  "Ban",
  "Invite",
  "InvitePreview",
  "Login",
  "Member",
  "MessagePage",
  "Node",
  "Room",
  "Setup",
  "Stats",
  "User",
];
/** What types do not say. A property may have one of these names, but its schema is an object. */
const NOTES = ["description", "example", "examples", "format", "maximum", "minimum", "title"];

/** @param {string} name */
const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../docs/${name}.json`, import.meta.url), "utf8")).components;

/** Rewrites a schema to what the compiler understands. @param {any} schema @returns {any} */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== "object") return schema;
  const { $ref, nullable, ...rest } = schema;
  const isNote = (/** @type {[string, any]} */ [key, value]) =>
    NOTES.includes(key) && (Array.isArray(value) || typeof value !== "object" || !value.type);
  const entries = Object.entries(rest).filter((entry) => !isNote(entry));
  const out = Object.fromEntries(entries.map(([key, value]) => [key, plain(value)]));
  if (out.allOf) {
    // The document adds a description to a reference as a further schema, which says nothing about the type.
    out.allOf = out.allOf.filter((/** @type {object} */ part) => Object.keys(part).length > 0);
    if (out.allOf.length === 1) return out.allOf[0];
  }
  if (nullable === true && out.type) out.type = [out.type, "null"];
  // The HTTP API always sends a field that may be null. Fields that it leaves out are never null.
  const isSent = (/** @type {string} */ name) => schema.properties[name].nullable;
  if (out.properties)
    out.required = [...(out.required ?? []), ...Object.keys(out.properties).filter(isSent)];
  if (!$ref) return out;
  const target = { $ref: $ref.replace("#/components/schemas/", "#/definitions/") };
  // Fields beside a reference would take the place of those that it refers to.
  return out.properties ? { allOf: [target, out] } : target;
}

/** `room_created` → `RoomCreatedFrame` @param {string} name @param {string} kind */
const typeName = (name, kind) =>
  name.replace(/(?:^|[_.])(\w)/g, (_, letter) => letter.toUpperCase()) + kind;

const [http, socket] = [read("openapi"), read("asyncapi")];
/** @type {Record<string, any>} */
const definitions = { ...http.schemas, ...socket.schemas };
/** @type {{ oneOf: { $ref: string }[] }[]} */
const [frames, verbs] = [{ oneOf: [] }, { oneOf: [] }];
for (const [name, { payload }] of Object.entries(socket.messages)) {
  const verb = /^client_(.*)/.exec(name)?.[1];
  // The short form of `send`, without a type. The page does not use it.
  if (name === "plain_send") continue;
  const type = verb ? typeName(verb, "Verb") : typeName(name, "Frame");
  definitions[type] = payload;
  (verb ? verbs : frames).oneOf.push({ $ref: `#/definitions/${type}` });
}
Object.assign(definitions, { Frame: frames, Verb: verbs });
const anyOf = [...ANSWERS, "Frame", "Verb"].map((name) => ({ $ref: `#/definitions/${name}` }));
const types = await compile({ anyOf, definitions: plain(definitions) }, "Shape", {
  additionalProperties: false,
  bannerComment: HEAD,
  style: { printWidth: 100 },
});

if (!process.argv.includes("--check")) writeFileSync(TYPES, types);
else if (types !== readFileSync(TYPES, "utf8")) {
  console.error("core/shapes.d.ts is out of date: run `npm run shapes` in tests/browser");
  process.exitCode = 1;
}
