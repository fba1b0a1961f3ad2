import { expect, test } from "vitest";
import { kit } from "../../../src/detect/index.ts";
import { CleanLines } from "../../../src/detect/text/clean-lines.ts";
import { LineBounds } from "../../../src/detect/text/line-bounds.ts";
import { alarmsIn, partsIn } from "./spot.ts";

const make = kit(29);

test("a line in which nothing was found is found in a file where the lines around it, or the path, make it a secret", () => {
  const value = make.base62(24);
  expect(partsIn("deploy/one.yaml", `env:\n  - name: REGION\n    value: ${value}\n`)).toEqual([]);
  expect(partsIn("deploy/two.yaml", `env:\n  - name: DB_PASSWORD\n    value: ${value}\n`)).toEqual([value]);
  const line = `password: "winterfalke${make.digits(3)}"\n`;
  expect(alarmsIn("src/locales/de.yaml", line)).toEqual([]);
  expect(alarmsIn("deploy/settings.yaml", line)).toEqual(["password"]);
  expect(alarmsIn("src/locales/de.yaml", line)).toEqual([]);
});

test("the same text is found each time, and nothing each time where there is nothing", () => {
  const secret = make.base62(32);
  for (let time = 0; time < 3; time++) {
    expect(partsIn("run.sh", `curl -u admin:${secret} http://db\nexport REGION=eu-central-1\n`)).toEqual([secret]);
    expect(partsIn("run.sh", "curl -s http://db/health\nexport REGION=eu-central-1\n")).toEqual([]);
  }
});

test("a line's ends are the same whatever was asked before", () => {
  const long = "x".repeat(30_000);
  const text = Buffer.from(`a\n\nbc\n${long}\nlast`);
  const asked = new LineBounds(text);
  for (let at = 0; at < text.length; at += at < 20 || at > text.length - 20 ? 1 : 977)
    expect(asked.around(at)).toEqual(new LineBounds(text).around(at));
});

test("lines are known by all of their bytes, the latest of them whatever came before", () => {
  const lines = new CleanLines();
  const has = (line: Buffer): boolean => lines.has(Buffer.concat([Buffer.from("x"), line]), 1, 1 + line.length);
  const made = (at: number): Buffer => Buffer.from(`- name: ${"a".repeat(at % 200)}${at}`);
  expect(has(made(0))).toBe(false);
  for (let at = 0; at < 60_000; at++) lines.add(made(at), 0, made(at).length);
  const latest = Array.from({ length: 5000 }, (_, at) => made(59_999 - at));
  expect(latest.filter((line) => !has(line)).length).toBeLessThan(50);
  expect(latest.filter((line) => has(line.subarray(1)) || has(Buffer.concat([line, Buffer.from(" ")])))).toEqual([]);
  expect(has(made(0))).toBe(false);
  const long = Buffer.alloc(300, "a");
  lines.add(long, 0, long.length);
  expect(has(long)).toBe(false);
});
