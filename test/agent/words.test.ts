import { expect, it } from "vitest";
import { noticeOf, redactedEvent, type AgentEvent } from "../../src/agent/index.ts";
import { agentEventJson, agentEventText } from "../../src/cli/views/agent-text.ts";
import { Redactor } from "../../src/kit/text/redact.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { Secret } from "../../src/model/secret.ts";
import { random } from "../support/canary.ts";

// Weak values are words of the agent's own lines, and quoted ones are pieces of its JSON.

const weak = ['"event"', "failed", "container", '","', "high"];
const value = `${random(23)}7`;

const redactor = new Redactor();
for (const text of [...weak, value]) redactor.know(Secret.of(text));
const redact = (text: string): string => redactor.foreign(text);

const failed: AgentEvent = {
  ...{ kind: "failed", what: "container:web" },
  error: new UnsprawlError("failed", `the store said ${value}`, `look for ${value}`),
};

it("a line of JSON stays one, and says what happened to whom", () => {
  expect(JSON.parse(agentEventJson(redactedEvent(failed, redact)))).toEqual({
    ...{ version: 1, event: "failed", what: "container:web" },
    error: { code: "failed", message: "the store said [secret]", hint: "look for [secret]" },
  });
});

it("a name that contains a value stays whole in a notice, in its sentence too", () => {
  const ordinary = new Redactor();
  for (const text of ["postgres2024", value]) ordinary.know(Secret.of(text));
  const tools = { host: "host", redact: (text: string) => ordinary.foreign(text), now: new Date(0) };
  const of = (consumer: string) =>
    ordinary.names(noticeOf({ kind: "applied", consumer, names: ["API_TOKEN"], containers: 1 }, tools));
  expect(of("container:postgres2024-db")).toMatchObject({
    subject: "container:postgres2024-db",
    text: "container:postgres2024-db: API_TOKEN applied; 1 container has it",
  });
  // A machine may draw no digit.
  const letters = value.replaceAll(/\d/g, "x").replace(/^.{8}/, "aBcDeFgH");
  ordinary.know(Secret.of(letters));
  for (const one of [value, letters]) expect(JSON.stringify(of(`container:${one}`))).not.toContain(one);
});

it("what it serves is said in a line", () => {
  const line = (consumers: number, stores: readonly string[], everyMs: number): string =>
    agentEventText({ kind: "serving", consumers, stores, everyMs });
  expect(line(1, ["local"], 2000)).toBe("serving 1 consumer of 1 store (local), which is asked every 2 s");
  expect(line(3, ["local", "prod"], 2500)).toBe(
    "serving 3 consumers of 2 stores (local, prod), which are asked every 2.5 s",
  );
  expect(line(2, [], 500)).toBe("serving 2 consumers, asking every 500 ms");
  expect(line(0, [], 2000)).toMatch(/^serving no consumers yet: /);
});

it("so does a notice", () => {
  expect(noticeOf(failed, { host: "host", redact, now: new Date(0) })).toMatchObject({
    ...{ event: "failed", severity: "high", subject: "container:web", next: "look for [secret]" },
    text: "container:web: the store said [secret]; next: look for [secret]",
  });
});
