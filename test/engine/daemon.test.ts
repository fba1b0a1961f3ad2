import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { withRuntime } from "../../src/engine/daemon.ts";

const NAME = "unsprawl";
const PROGRAM = "/etc/unsprawl/runtime/unsprawl-runc";
const put = (text: string): string => withRuntime(text, NAME, PROGRAM);
const take = (text: string): string => withRuntime(text, NAME, null);

/** Files as people keep them. */
const FILES: { readonly [what: string]: string } = {
  "two spaces": '{\n  "log-driver": "journald",\n  "debug": false\n}\n',
  "four spaces": '{\n    "debug": true,\n    "hosts": [\n        "unix:///x"\n    ]\n}\n',
  tabs: '{\n\t"debug": true,\n\t"storage-opts":   [ "a=b" ]\n}',
  "one line": '{"debug":true,"default-runtime":"runc"}',
  CRLF: '{\r\n  "debug": true\r\n}\r\n',
  "no order, odd spaces": '\n\n {  "z" :1 ,\n"a":{ "b" : [1,  2 ] }  }  \n\n',
  "other runtimes":
    '{\n  "runtimes": {\n    "kata": { "path": "/usr/bin/kata",   "runtimeArgs": [ "-x" ] },\n    "nvidia": {"path":"nvidia-container-runtime"}\n  },\n  "debug": true\n}\n',
  "runtimes, none yet": '{\n  "runtimes": {},\n  "debug": true\n}\n',
  "escapes and wide characters": '{\n  "labels": ["a=\\u00e9\\/", "ключ=密"]\n}\n',
  "numbers that JSON.parse would change": '{ "big": 12345678901234567890, "float": 1.0, "exp": 1E3 }\n',
};

/** Takes the pieces that may be new out of a text: what is left must be the old one, byte for byte. */
function isSubsequence(of: string, text: string): boolean {
  let at = 0;
  for (const char of text) if (char === of[at]) at++;
  return at === of.length;
}

describe.each(Object.entries(FILES))("daemon.json with %s", (_what, text) => {
  test("gets the runtime, and keeps every byte that was there", () => {
    const made = put(text);
    expect(isSubsequence(text, made)).toBe(true);
    const { runtimes, ...rest } = JSON.parse(made) as { runtimes: { [name: string]: unknown } };
    const { runtimes: before = {}, ...restBefore } = JSON.parse(text) as { runtimes?: { [name: string]: unknown } };
    expect(runtimes).toEqual({ ...before, [NAME]: { path: PROGRAM } });
    expect(rest).toEqual(restBefore);
    // Every line that was there, but the one that the new entry follows, is there whole.
    const lines = made.split("\n");
    expect(text.split("\n").filter((line) => !lines.includes(line)).length).toBeLessThanOrEqual(2);
  });

  test("is the same when the runtime is put there twice", () => {
    expect(put(put(text))).toBe(put(text));
  });

  test("means the same as before once the runtime is taken away again", () => {
    const back = JSON.parse(take(put(text))) as { runtimes?: object };
    const before = JSON.parse(text) as { runtimes?: object };
    // An empty map goes with its last entry.
    if (Object.keys(before.runtimes ?? {}).length === 0) delete before.runtimes;
    expect(back).toEqual(before);
  });

  test("keeps its line ends", () => {
    if (text.includes("\r\n")) expect(put(text).replaceAll("\r\n", "")).not.toContain("\n");
    else expect(put(text)).not.toContain("\r");
  });
});

test("other runtimes stay, byte for byte, when ours is taken away", () => {
  const text = FILES["other runtimes"] ?? "";
  expect(take(put(text))).toBe(text);
});

test.each(["", "  \n", "{}", "{}\n"])("%j becomes a file with the runtime alone", (text) => {
  expect(JSON.parse(put(text))).toEqual({ runtimes: { [NAME]: { path: PROGRAM } } });
});

test("a moved program replaces the old path, and no more", () => {
  const moved = withRuntime(put(FILES["four spaces"] ?? ""), NAME, "/opt/other");
  expect(moved).toBe(put(FILES["four spaces"] ?? "").replace(PROGRAM, "/opt/other"));
});

test("taking away what is not there changes nothing", () => {
  for (const text of Object.values(FILES)) expect(take(text)).toBe(text);
});

test.each([
  "[]",
  "null",
  "3",
  '"x"',
  "{",
  '{"a":}',
  "{'a':1}",
  "// c\n{}",
  '{"a":1,}',
  "{} {}",
  '{"runtimes":[]}',
  '{"runtimes":"x"}',
])("%s is malformed, and nothing is written", (text) => {
  expect(() => put(text)).toThrow(expect.objectContaining({ code: "malformed" }) as Error);
});

test("any JSON object keeps its meaning", () => {
  const config = fc.dictionary(
    fc.string().filter((key) => key !== "runtimes" && key !== "__proto__"),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(config, fc.constantFrom(undefined, "\t", 1, 2, 4), (object, indent) => {
      const text = JSON.stringify(object, null, indent);
      const made = JSON.parse(put(text)) as object;
      expect(made).toEqual({ ...(JSON.parse(text) as object), runtimes: { [NAME]: { path: PROGRAM } } });
    }),
  );
});
