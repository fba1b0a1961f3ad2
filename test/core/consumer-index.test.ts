import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { consumerIndex, setBrokenIndexAside } from "../../src/core/consumer-index.ts";
import type { Consumer } from "../../src/model/consumer.ts";

let state: string;

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), "unsprawl-index-"));
});

afterEach(() => rmSync(state, { recursive: true }));

const consumer = (name: string): Consumer => ({
  ...{ id: `container:${name}`, delivery: "shim", folder: `/run/unsprawl/units/${name}/shim`, script: true },
  ...{ owner: { uid: 0, gid: 0 }, onChange: null, stores: [] },
  values: [{ name: "A", reference: `ref+vault://secret/apps/${name}#/A`, store: "vault" }],
});

it("adds by folder, removes by folder, and survives writers side by side", async () => {
  const index = consumerIndex(() => state);
  expect(index.read()).toEqual([]);
  await Promise.all(["a", "b", "c"].map((name) => index.add([consumer(name)])));
  expect(index.read().map(({ id }) => id)).toEqual(
    expect.arrayContaining(["container:a", "container:b", "container:c"]),
  );
  await index.add([{ ...consumer("a"), script: false }]);
  expect(index.read()).toHaveLength(3);
  await index.remove([consumer("a").folder, consumer("b").folder]);
  expect(index.read()).toEqual([consumer("c")]);
});

it("an index of a newer version is neither read nor set aside", () => {
  writeFileSync(join(state, "consumers.json"), '{"version":2,"consumers":[]}');
  const index = consumerIndex(() => state);
  for (const act of [() => index.read(), () => setBrokenIndexAside(index, state)])
    expect(act).toThrow(/consumers.json has form 2, and this version of unsprawl reads up to form 1: a newer version/);
});

it.each(["", "{", "[]", '{"version":1,"consumers":[{}]}'])(
  "%j is no index: it is set aside once, and made again",
  async (text) => {
    writeFileSync(join(state, "consumers.json"), text);
    const index = consumerIndex(() => state);
    expect(() => index.read()).toThrow("is not an index of consumers");
    expect(setBrokenIndexAside(index, state)).toBe(join(state, "consumers.json.broken"));
    expect(readFileSync(join(state, "consumers.json.broken"), "utf8")).toBe(text);
    expect(setBrokenIndexAside(index, state)).toBe(null);
    await index.add([consumer("a")]);
    expect(index.read()).toEqual([consumer("a")]);
  },
);
