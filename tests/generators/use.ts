// The types that openapi-typescript makes say what the API takes and returns.

import type { components, paths } from "./api.js";

type Answer = paths["/rooms/{room_id}/messages"]["post"]["responses"][201]["content"];
export type Message = Answer["application/json"];

export const request: components["schemas"]["MessageRequest"] = { content: "hello" };

// @ts-expect-error: there is no message without a text.
export const empty: components["schemas"]["MessageRequest"] = {};

export function explain(problem: components["schemas"]["Problem"]): string {
  const code: components["schemas"]["ErrorCode"] | string = problem.code;
  return `${problem.status} ${code}: ${problem.detail}`;
}

export const role = (user: components["schemas"]["UserChangeRequest"]): "user" | "admin" | null =>
  user.role ?? null;
