// Calls by the names of the operations in /openapi.json, with types.

/**
 * @typedef {import("../shapes.js").Operations} Operations
 */

/**
 * What an operation takes: the values in its path, the query, and the body.
 * @template {keyof Operations} K
 * @typedef {Omit<Operations[K], "answer">} Input
 */

/**
 * The same as an argument, which is left out if nothing is necessary.
 * @template {keyof Operations} K
 * @typedef {{} extends Input<K> ? [input?: Input<K>] : [input: Input<K>]} InputArgument
 */

/**
 * Calls an operation.
 * @template {keyof Operations} K
 * @param {import("../api.js").Api} api
 * @param {K} operation as "PUT /rooms/{room_id}/read"
 * @param {InputArgument<K>} argument
 * @returns {Promise<Operations[K]["answer"]>}
 */
export function request(api, operation, ...[input]) {
  const { path = {}, query = {}, body } = /** @type {Parts} */ (input ?? {});
  const [method = "", template = ""] = operation.split(" ");
  const filled = template.replace(/\{(\w+)\}/g, (_, name) => {
    const value = path[name];
    if (value === undefined) throw new TypeError(`${operation}: path.${name} is missing`);
    return encodeURIComponent(value);
  });
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  const target = given.length > 0 ? `${filled}?${search}` : filled;
  return api.call(/** @type {import("../types.js").Method} */ (method), target, body);
}

/**
 * @typedef {{ path?: Record<string, string | number>, query?: Record<string, unknown>, body?: object }} Parts
 */
