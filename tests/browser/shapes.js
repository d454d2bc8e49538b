// Writes the types of what the server sends and takes, from the reviewed documents of its two APIs, into the SDK. With
// `--check` it only fails if they are out of date: then a new frame is a type error in the page, not a surprise.

import { readFileSync, writeFileSync } from "node:fs";
import { compile } from "json-schema-to-typescript";

const TYPES = new URL("../../sdk/javascript/src/shapes.ts", import.meta.url);
const HEAD = `// Made from docs/openapi.json and docs/asyncapi.json: \`npm run shapes\` in tests/browser writes it anew.
`;
/** Answers of the HTTP API that have types of their own first, in this order. */
const ANSWERS = [
  "Account",
  "AdminRoom",
  "ApiToken",
  "Ban",
  "Draft",
  "FollowedThread",
  "Hook",
  "Invite",
  "InvitePreview",
  "Login",
  "Member",
  "MentionOfCaller",
  "MessagePage",
  "Node",
  "Pin",
  "Preview",
  "Room",
  "ScheduledMessage",
  "SearchPage",
  "Setup",
  "Stats",
  "ThreadPage",
  "User",
];
const METHODS = ["get", "post", "put", "patch", "delete"];
/** What types do not say. A property may have one of these names, but its schema is an object. */
const NOTES = ["description", "example", "examples", "format", "maximum", "minimum", "title"];

/** @param {string} name */
const read = (name) =>
  JSON.parse(readFileSync(new URL(`../../docs/${name}.json`, import.meta.url), "utf8"));

/**
 * Rewrites a schema to what the compiler understands.
 * @param {any} schema
 * @param {boolean} isAnswer whether the server sends it
 * @returns {any}
 */
function plain(schema, isAnswer) {
  if (Array.isArray(schema)) return schema.map((one) => plain(one, isAnswer));
  if (schema === null || typeof schema !== "object") return schema;
  const { $ref, nullable, ...rest } = schema;
  const isNote = (/** @type {[string, any]} */ [key, value]) =>
    NOTES.includes(key) && (Array.isArray(value) || typeof value !== "object" || !value.type);
  const entries = Object.entries(rest).filter((entry) => !isNote(entry));
  const out = Object.fromEntries(entries.map(([key, value]) => [key, plain(value, isAnswer)]));
  if (out.allOf) {
    // The document adds a description to a reference as a further schema, which says nothing about the type.
    out.allOf = out.allOf.filter((/** @type {object} */ part) => Object.keys(part).length > 0);
    if (out.allOf.length === 1) return out.allOf[0];
  }
  if (nullable === true && out.type) out.type = [out.type, "null"];
  // The HTTP API always sends a field that may be null. Fields that it leaves out are never null.
  const isSent = (/** @type {string} */ name) => schema.properties[name].nullable;
  if (out.properties && isAnswer)
    out.required = [...(out.required ?? []), ...Object.keys(out.properties).filter(isSent)];
  if (!$ref) return out;
  const target = { $ref: $ref.replace("#/components/schemas/", "#/definitions/") };
  // Fields beside a reference would take the place of those that it refers to.
  return out.properties ? { allOf: [target, out] } : target;
}

/** `room_created` → `RoomCreatedFrame` @param {string} name @param {string} kind */
const typeName = (name, kind) =>
  name.replace(/(?:^|[_.])(\w)/g, (_, letter) => letter.toUpperCase()) + kind;

/**
 * What each operation of the HTTP API takes and answers, by its method and path.
 * @param {Record<string, any>} paths
 */
function operations(paths) {
  /** @type {Record<string, any>} */
  const properties = {};
  for (const [path, methods] of Object.entries(paths))
    for (const method of METHODS)
      if (methods[method])
        properties[`${method.toUpperCase()} ${path}`] = operation(methods[method]);
  return { type: "object", properties, required: Object.keys(properties) };
}

/** @param {any} described */
function operation({ parameters = [], requestBody, responses }) {
  /** @type {Record<string, any>} */
  const properties = {};
  const required = ["answer"];
  for (const place of ["path", "query"]) {
    const those = parameters.filter((/** @type {any} */ one) => one.in === place);
    if (those.length === 0) continue;
    const needed = those.filter((/** @type {any} */ one) => one.required);
    properties[place] = {
      type: "object",
      properties: Object.fromEntries(those.map((/** @type {any} */ one) => [one.name, one.schema])),
      required: needed.map((/** @type {any} */ one) => one.name),
    };
    if (needed.length > 0) required.push(place);
  }
  const body = requestBody?.content["application/json"]?.schema;
  if (body) {
    properties.body = body;
    required.push("body");
  }
  const good = Object.entries(responses).filter(([status]) => status.startsWith("2"));
  const answers = good.map(([, { content }]) => content?.["application/json"]?.schema);
  // An answer without JSON is undefined.
  properties.answer = answers[0] ?? { tsType: "undefined" };
  return { type: "object", properties, required };
}

/** The names of the schemas that only requests have. @param {any} document */
function onlyTaken({ paths, components: { schemas } }) {
  const names = (/** @type {unknown} */ part) =>
    [...JSON.stringify(part ?? null).matchAll(/#\/components\/schemas\/(\w+)/g)].map(
      ([, name = ""]) => name,
    );
  /** @param {string[]} start */
  const reached = (start) => {
    const all = new Set(start);
    for (const name of all) for (const next of names(schemas[name])) all.add(next);
    return all;
  };
  const all = Object.values(paths).flatMap((path) => Object.values(path));
  const sent = reached(all.flatMap(({ responses }) => names(responses)));
  const taken = reached(all.flatMap(({ requestBody }) => names(requestBody)));
  return new Set([...taken].filter((name) => !sent.has(name)));
}

const document = read("openapi");
const [http, socket] = [document.components, read("asyncapi").components];
const requests = onlyTaken(document);
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
Object.assign(definitions, {
  Frame: frames,
  Verb: verbs,
  Operations: operations(document.paths),
});
const anyOf = [...ANSWERS, "Frame", "Verb", "Operations"].map((name) => ({
  $ref: `#/definitions/${name}`,
}));
const plainDefinitions = Object.fromEntries(
  Object.entries(definitions).map(([name, schema]) => [name, plain(schema, !requests.has(name))]),
);
const types = await compile({ anyOf, definitions: plainDefinitions }, "Shape", {
  additionalProperties: false,
  bannerComment: HEAD,
  style: { printWidth: 100 },
});

if (!process.argv.includes("--check")) writeFileSync(TYPES, types);
else if (types !== readFileSync(TYPES, "utf8")) {
  console.error(
    "sdk/javascript/src/shapes.ts is out of date: run `npm run shapes` in tests/browser",
  );
  process.exitCode = 1;
}
