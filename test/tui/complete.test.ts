import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { completed } from "../../src/tui/complete.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const NAMES = ["docker:web", "docker:web-db", "docker:worker", "docker:$(id)", "docker:a\u001b[2J"];

it.each([
  ["do", ["docker:", "dockerfile:"], "docker", ["docker:", "dockerfile:"]],
  ["docker:", NAMES, "docker:w", ["docker:web", "docker:web-db", "docker:worker"]],
  ["docker:we", NAMES, "docker:web", ["docker:web", "docker:web-db"]],
  ["env:x docker:wo", NAMES, "env:x docker:worker ", []],
  ["comp", ["compose:"], "compose:", []],
  ["env:a", ["env:app/"], "env:app/", []],
  ["docker:$", NAMES, "docker:$", []],
  ["docker:z", NAMES, "docker:z", []],
])("%j with %j becomes %j, which leaves %j", (text, words, becomes, offers) => {
  expect(completed({ text, at: text.length }, words)).toEqual({ text: becomes, at: becomes.length, offers });
});

it("completes the word at the cursor, and keeps what is behind it", () => {
  expect(completed({ text: "docker:wo --hosts", at: 9 }, NAMES)).toMatchObject({
    text: "docker:worker  --hosts",
    at: 14,
  });
});

it("Tab completes sources, files and hosts where sources are typed", async () => {
  const { session, cwd, type, screen } = sit({ ...scanned([finding("DB_PASSWORD")]) });
  for (const folder of ["shop", "../config/unsprawl"]) mkdirSync(join(cwd, folder), { recursive: true });
  for (const name of ["compose.yaml", "compose.dev.yaml", ".hidden"]) writeFileSync(join(cwd, "shop", name), "");
  writeFileSync(
    join(cwd, "../config/unsprawl/config.yaml"),
    "hosts:\n  web1: { address: 'ssh://web1' }\n  web2: { address: 'ssh://web2' }\n",
  );
  const prompt = () => session.store.get().prompt;
  const tab = async (becomes: string): Promise<void> => {
    type("tab");
    await expect.poll(() => prompt()?.text).toBe(becomes);
  };
  type(":", "ctrl-u", "comp");
  expect(screen()).toContain("tab complete");
  await tab("compose:");
  await tab("compose:shop/");
  await tab("compose:shop/compose.");
  expect(screen()).toContain("compose:shop/compose.dev.yaml  compose:shop/compose.yaml");
  type("y");
  expect(screen()).not.toContain("compose.dev.yaml");
  await tab("compose:shop/compose.yaml ");
  type("--hosts w");
  await tab("compose:shop/compose.yaml --hosts web");
  expect(prompt()?.offers).toEqual(["web1", "web2"]);
});
