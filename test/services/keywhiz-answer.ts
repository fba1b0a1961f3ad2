import { randomBytes } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Fields, Json } from "./keywhiz-json.ts";
import type { Client, Store } from "./keywhiz-store.ts";

export type Headers = { readonly [name: string]: string };

export type Answer = { readonly status: number; readonly headers?: Headers; readonly body?: Json };

/** One request of a known client, on its way to a handler. */
export type Call = {
  readonly store: Store;
  readonly client: Client;
  /** What stands in the path for each `{…}` of the route, decoded. */
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly fields: Fields;
  /** The scheme, host and port that the caller used; Location is built from it. */
  readonly base: string;
};

export type Handler = (call: Call) => Answer;

/** An answer other than success, thrown from wherever it becomes clear. */
export class Refusal extends Error {
  readonly status: number;
  readonly headers: Headers;

  constructor(status: number, message = `HTTP ${status} ${STATUS_CODES[status] ?? ""}`, headers: Headers = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** All that Keywhiz says of a body that it cannot read, whatever is wrong with it. */
export function unreadable(): Refusal {
  return new Refusal(400, "Unable to process JSON");
}

/** All that Keywhiz says of an exception that nobody mapped. */
export function failed(): Refusal {
  const id = randomBytes(8).toString("hex");
  return new Refusal(500, `There was an error processing your request. It has been logged (ID ${id}).`);
}

/** The thing, or the 404 that Keywhiz gives for most missing ones. */
export function found<T>(thing: T | undefined): T {
  if (thing === undefined) throw new Refusal(404);
  return thing;
}

export function ok(body: Json): Answer {
  return { status: 200, body };
}

/** 201 with the Location of what was made: escaped, but for the slash, which Keywhiz leaves as it is. */
export function created(base: string, path: string, name: string): Answer {
  const escaped = encodeURI(name.toWellFormed()).replaceAll("?", "%3F").replaceAll("#", "%23");
  return { status: 201, headers: { Location: `${base}${path}/${escaped}` } };
}

/** A text that must be there. */
export function text(fields: Fields, key: string): string {
  const value = fields[key];
  if (typeof value !== "string") throw unreadable();
  return value;
}

/** A text that may be left out or null. */
export function textOr(fields: Fields, key: string): string {
  return fields[key] === undefined || fields[key] === null ? "" : text(fields, key);
}

export function texts(fields: Fields, key: string): string[] {
  const value = fields[key];
  if (!Array.isArray(value) || !value.every((one) => typeof one === "string")) throw unreadable();
  return [...new Set(value)];
}

export function textsOr(fields: Fields, key: string): string[] {
  return fields[key] === undefined || fields[key] === null ? [] : texts(fields, key);
}

/** A Java long that may be left out. */
export function longOr(fields: Fields, key: string): bigint {
  const value = fields[key];
  if (value === undefined || value === null) return 0n;
  if (typeof value !== "bigint" && !Number.isInteger(value)) throw unreadable();
  const long = BigInt(value as number | bigint);
  if (BigInt.asIntN(64, long) !== long) throw unreadable();
  return long;
}

/** Metadata: texts under any key; numbers and booleans become texts, as Jackson has it. */
export function metadataOr(fields: Fields): { readonly [key: string]: string } {
  const value = fields["metadata"] ?? {};
  if (typeof value !== "object" || Array.isArray(value)) throw unreadable();
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, scalar(one)]));
}

/** A whole number of the query; Jersey takes a text that is none for a path that is none. */
export function wholeOr(query: URLSearchParams, key: string): number | null {
  const value = query.get(key);
  if (value === null || value === "") return null;
  if (!/^[+-]?\d+$/.test(value)) throw new Refusal(404);
  return Number(value);
}

function scalar(value: unknown): string {
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
    return String(value);
  throw unreadable();
}
