import type { HttpResponse } from "../../kit/net/http.ts";
import type { VendorRequest, VendorStatus } from "../vendor.ts";

type Headers = { readonly [name: string]: string };

export const get = (path: string, headers: Headers, label = path): VendorRequest => ({
  method: "GET",
  path,
  headers,
  label,
});

export const post = (path: string, headers: Headers, body: string): VendorRequest => ({
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

type ResponseReader = (answer: HttpResponse) => VendorStatus;

/** What an answer's JSON must be like. */
export type ResponseShape = (answer: HttpResponse) => boolean;

/** Reads a response by its status. A refusal may be recognised by that alone; a proof of life has a shape as well. */
export const byStatus =
  (states: { readonly [status: number]: "dead" | ResponseReader }): ResponseReader =>
  (answer) => {
    const state = states[answer.status] ?? null;
    return typeof state === "function" ? state(answer) : state;
  };

/** Live when the answer is what the vendor documents for the call; else somebody else's, unless it is `neither`. */
export const live =
  (shape: ResponseShape, neither: ResponseShape = () => false): ResponseReader =>
  (answer) =>
    shape(answer) ? "live" : neither(answer) ? null : "foreign";

/** Known, but not allowed to ask this, when the answer has the form of the vendor's errors. */
export const limited =
  (shape: ResponseShape): ResponseReader =>
  (answer) =>
    shape(answer) ? "limited" : "foreign";

/** Refused when the answer has the form of the vendor's errors: where the status alone is anyone's. */
export const dead =
  (shape: ResponseShape): ResponseReader =>
  (answer) =>
    shape(answer) ? "dead" : "foreign";

type Path = readonly (string | number)[];

/** Some text at the path. */
export const text =
  (...path: Path): ResponseShape =>
  (answer) => {
    const found = inside(answer, ...path);
    return typeof found === "string" && found !== "";
  };

export const number =
  (...path: Path): ResponseShape =>
  (answer) =>
    typeof inside(answer, ...path) === "number";

/** A list at the path, an empty one too. */
export const list =
  (...path: Path): ResponseShape =>
  (answer) =>
    Array.isArray(inside(answer, ...path));

/** An object at the path. */
export const object =
  (...path: Path): ResponseShape =>
  (answer) => {
    const found = inside(answer, ...path);
    return typeof found === "object" && found !== null && !Array.isArray(found);
  };

/** Just this value at the path. */
export const is =
  (value: string | boolean, ...path: Path): ResponseShape =>
  (answer) =>
    inside(answer, ...path) === value;

export const all =
  (...shapes: readonly ResponseShape[]): ResponseShape =>
  (answer) =>
    shapes.every((shape) => shape(answer));

export const either =
  (...shapes: readonly ResponseShape[]): ResponseShape =>
  (answer) =>
    shapes.some((shape) => shape(answer));

/** A value inside a JSON response, by its path; undefined if there is none, or the response is not JSON. */
export function inside(answer: HttpResponse, ...path: Path): unknown {
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
