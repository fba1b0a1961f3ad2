import { expect, it } from "vitest";
import { consumerChecks } from "../../src/core/consumer-checks.ts";
import type { Consumer } from "../../src/model/consumer.ts";

const NONE = { unindexed: new Set<string>(), unserved: new Set<string>() };

const applications = (count: number): readonly Consumer[] =>
  Array.from({ length: count }, (_, at) => ({
    id: `container:app${at + 1}`,
    delivery: "file",
    folder: `/run/app${at + 1}`,
    owner: { uid: 0, gid: 0 },
    values: [{ name: "A", reference: "ref+vault://a#/A", store: null }],
    script: false,
    onChange: null,
    stores: [],
  }));

it("a few applications without files have a line each, with the command for that one", () => {
  const checks = consumerChecks(applications(3), () => false, NONE);
  expect(checks.map(({ state, hint }) => [state, hint])).toEqual([
    ["fail", "unsprawl render docker:app1"],
    ["fail", "unsprawl render docker:app2"],
    ["fail", "unsprawl render docker:app3"],
  ]);
});

it("many, as after a reboot, are one line with one command", () => {
  const checks = consumerChecks(applications(20), (folder) => folder === "/run/app20", NONE);
  expect(checks).toEqual([
    {
      ...{ name: "files", state: "fail", hint: "unsprawl render --all", steps: ["unsprawl render --all"] },
      text: "19 applications lack files and cannot start again: app1, app2, app3 and 16 more",
    },
  ]);
});
