import { expect, test } from "vitest";
import { kit as makeKit, rules } from "../../src/detect/index.ts";
import type { Where } from "../../src/model/location.ts";
import { ask, askExample, urlOf } from "./ask.ts";

// Every finding says what it is, and says nothing of a name that it does not have.

const kit = makeKit(31);
const V = `${kit.base62(16)}8aQ`;

test("each rule's examples are explained by more than their checksum or their place", () => {
  const bare = rules.flatMap((rule) =>
    rule.examples(kit).flatMap((example) => {
      const verdict = askExample(example);
      if (!verdict.secret) return [];
      const told = verdict.why.filter((line) => !/^checksum valid$|^in a label$|^kept out of sight$/.test(line));
      return told.length === 0 ? [`${rule.id}: ${verdict.why.join(", ")}`] : [];
    }),
  );
  expect(bare).toEqual([]);
});

test.each<readonly [name: string, value: string, where: Where]>([
  ["Cmd", `redis-cli -a ${V} ping`, "cmd"],
  ["DATABASE_URL", urlOf("postgres", "app", V, "db/app"), "env"],
  ["Cmd", `curl -u admin:${V} https://a`, "cmd"],
  ["HEADERS", `Authorization: Basic ${Buffer.from(`admin:${V}`).toString("base64")}`, "env"],
])("%s does not say PASSWORD: %s", (name, value, where) => {
  const verdict = ask(name, value, where);
  expect(verdict.secret).toBe(true);
  const steps = verdict.why.join("\n");
  if (!/password/i.test(steps.replace(/name says PASSWORD/g, ""))) expect(steps).not.toContain("name says");
  expect(steps).not.toMatch(/(\bheader\b) → \1/);
});

test("a password by its name is one in plain text", () => {
  expect(ask("DB_PASSWORD", ["hun", "ter2"].join("")).why).toEqual(["name says PASSWORD", "a password in plain text"]);
});
