import type { Answer } from "../http.ts";
import type { Ask, Reading } from "../vendor.ts";

type Headers = { readonly [name: string]: string };

export const get = (path: string, headers: Headers, label = path): Ask => ({ method: "GET", path, headers, label });

export const post = (path: string, headers: Headers, body: string): Ask => ({
  method: "POST",
  path,
  headers: { "content-length": String(Buffer.byteLength(body)), ...headers },
  body,
  label: path,
});

export const json = { "content-type": "application/json" } as const;

export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

export const basic = (user: string, password: string): Headers => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
});

/** The vendor's one address. */
export const at = (base: string) => (): readonly string[] => [base];

/** Reads an answer by its status alone. */
export const byStatus =
  (states: { readonly [status: number]: Reading }) =>
  ({ status }: Answer): Reading =>
    states[status] ?? null;

/** A value inside a JSON answer, by its path; undefined when there is none, or the answer is no JSON. */
export function inside(answer: Answer, ...path: readonly (string | number)[]): unknown {
  let at: unknown;
  try {
    at = JSON.parse(answer.text);
  } catch {
    return undefined;
  }
  for (const step of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as { readonly [key: string | number]: unknown })[step];
  }
  return at;
}
