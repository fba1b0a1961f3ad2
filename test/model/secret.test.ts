import { Console } from "node:console";
import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterEach, describe, expect, test, vi } from "vitest";
import { fingerprint, fingerprintKey, keyedDigest } from "../../src/model/fingerprint.ts";
import { causeOf, EXIT, UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";

const value = randomBytes(24).toString("base64url");
const secret = Secret.of(value);
/** What a careless caller might do; the type checker and the linter forbid most of it. */
const careless = secret as unknown as string;

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a secret prints as [secret]", () => {
  test.each<[way: string, printed: () => string]>([
    ["String()", () => String(careless)],
    ["a template", () => `value: ${careless}`],
    ["+", () => "" + careless],
    ["+ a number", () => String((careless as unknown as number) + 1)],
    ["toString()", () => secret.toString()],
    ["toLocaleString()", () => careless.toLocaleString()],
    ["join", () => [careless].join(",")],
    ["concat", () => "".concat(careless)],
    ["JSON", () => JSON.stringify(secret)],
    ["JSON inside other things", () => JSON.stringify({ a: [{ secret }] })],
    ["JSON with a replacer that sees it first", () => JSON.stringify({ secret }, (_key, one: unknown) => one, 2)],
    ["inspect", () => inspect(secret)],
    ["inspect with everything on", () => inspect(secret, { showHidden: true, depth: Infinity, getters: true })],
    ["inspect inside other things", () => inspect({ a: new Map([["k", [secret]]]) }, { depth: Infinity })],
    ["an error's message", () => new Error(careless).message],
    ["an error's cause, inspected", () => inspect(new Error("m", { cause: secret }))],
    ["a URL", () => decodeURIComponent(new URL(`http://h/?q=${careless}`).search)],
    ["URLSearchParams", () => decodeURIComponent(new URLSearchParams({ q: careless }).toString())],
    ["an object's key", () => Object.keys({ [careless]: 1 }).join("")],
  ])("by %s", (_way, printed) => {
    const text = printed();
    expect(text).toContain("[secret]");
    expect(text).not.toContain(value);
  });

  test("by console, in every form", () => {
    const written: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      vi.spyOn(stream, "write").mockImplementation((chunk) => {
        written.push(String(chunk));
        return true;
      });
    }
    const plain = new Console(process.stdout, process.stderr);
    plain.log(secret);
    plain.log("%s %o %O %j %d", secret, secret, secret, secret, secret);
    plain.error({ secret });
    plain.table([{ secret }]);
    plain.dir(secret, { showHidden: true });
    expect(written.join("")).toContain("[secret]");
    expect(written.join("")).not.toContain(value);
  });
});

describe("a secret gives nothing away", () => {
  test("to spread, keys, entries, assign and structuredClone", () => {
    expect({ ...(secret as object) }).toEqual({});
    expect(Object.keys(secret)).toEqual([]);
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(Object.entries(Object.assign({}, secret))).toEqual([]);
    const names: string[] = [];
    for (const name in secret) names.push(name);
    expect(names).toEqual([]);
    expect(inspect(structuredClone(secret), { showHidden: true })).not.toContain(value);
    expect(JSON.stringify(structuredClone({ secret }))).toBe('{"secret":{}}');
  });

  test("to one who wipes or changes the bytes that it was made of", () => {
    const bytes = Buffer.from(value);
    const made = Secret.of(bytes);
    bytes.fill(0);
    expect(made.equals(secret)).toBe(true);
  });
});

test("equal means the same bytes", () => {
  expect(Secret.of("a").equals(Secret.of(Buffer.from("a")))).toBe(true);
  expect(Secret.of("a").equals(Secret.of("b"))).toBe(false);
  expect(Secret.of("a").equals(Secret.of("ab"))).toBe(false);
  expect(Secret.of("").equals(Secret.of(""))).toBe(true);
  expect(Secret.of("é").equals(Secret.of("e\u0301"))).toBe(false);
});

test("the length is in bytes", () => {
  expect(Secret.of("密码").length).toBe(6);
  expect(Secret.of(Buffer.from([0, 255])).expose()).toEqual(Buffer.from([0, 255]));
});

test("the test suite's own toEqual compares by content", () => {
  expect({ a: Secret.of("x") }).toEqual({ a: Secret.of("x") });
  expect({ a: Secret.of("x") }).not.toEqual({ a: Secret.of("y") });
});

describe("fingerprints", () => {
  const [one, two] = [fingerprintKey(randomBytes(32)), fingerprintKey(randomBytes(32))];

  test("are equal for equal values under one key, and only there", () => {
    expect(fingerprint(secret, one)).toBe(fingerprint(Secret.of(value), one));
    expect(fingerprint(secret, one)).not.toBe(fingerprint(secret, two));
    expect(fingerprint(secret, one)).not.toBe(fingerprint(Secret.of(`${value}x`), one));
    expect(fingerprint(secret, one)).toMatch(/^[0-9a-f]{32}$/);
  });

  test("of a text and of its bytes agree", () => {
    expect(keyedDigest(value, one)).toBe(keyedDigest(Buffer.from(value), one));
    expect(keyedDigest(value, one)).toBe(fingerprint(secret, one));
  });

  test("a key's id names it and is not made of it", () => {
    expect(one.id).toMatch(/^[0-9a-f]{8}$/);
    expect(one.id).not.toBe(two.id);
    expect(fingerprintKey(one.secret.export()).id).toBe(one.id);
    expect(one.secret.export().toString("hex")).not.toContain(one.id);
  });
});

describe("errors", () => {
  test("exit as the contract says", () => {
    expect(new UnsprawlError("usage", "m").exit).toBe(EXIT.usage);
    expect(new UnsprawlError("config", "m").exit).toBe(EXIT.usage);
    expect(new UnsprawlError("denied", "m").exit).toBe(EXIT.denied);
    expect(new UnsprawlError("partly", "m").exit).toBe(EXIT.partly);
    expect(new UnsprawlError("interrupted", "m").exit).toBe(EXIT.interrupted);
    expect(new UnsprawlError("conflict", "m").exit).toBe(EXIT.failed);
    expect(EXIT).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      findings: 3,
      denied: 4,
      partly: 5,
      unread: 6,
      interrupted: 130,
    });
  });

  test("a cause is a name, a code and a status, whatever an SDK's error carries", () => {
    const sdk = Object.assign(new TypeError(value), {
      code: "E1",
      statusCode: 403,
      request: { headers: { token: value } },
      response: value,
    });
    expect(causeOf(sdk)).toBe("TypeError E1 403");
    expect(causeOf(Object.assign(new Error(value), { code: { value } }))).toBe("Error");
    expect(causeOf(value)).toBe("string");
    expect(causeOf(null)).toBe("object");
  });
});
