import { expect, it } from "vitest";
import { startsTarget } from "../../src/tui/starts-target.ts";
import { HERE, parseTarget, targetText, targetWords } from "../../src/tui/target.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

it.each([
  [[], HERE],
  [["compose:"], { sources: ["compose:"], hosts: null }],
  [["image:api:1.4", "registry:host/api"], { sources: ["image:api:1.4", "registry:host/api"], hosts: null }],
  [
    ["compose:my shop/compose.yaml", "env:it's"],
    { sources: ["compose:my shop/compose.yaml", "env:it's"], hosts: null },
  ],
  [["--hosts"], { sources: ["docker:"], hosts: [] }],
  [["docker:web*", "--hosts", "web1", "web2"], { sources: ["docker:web*"], hosts: ["web1", "web2"] }],
  [["--hosts=web1,web2"], { sources: ["docker:"], hosts: ["web1", "web2"] }],
  [["composer:x"], "not a source: composer:x; did you mean compose:?"],
  [["web"], "not a source: web; for a container: docker:web"],
] as const)("reads %j as what to scan", (words, target) => {
  expect(parseTarget(words)).toEqual(target);
  if (typeof target !== "string" && words.length > 0)
    expect(parseTarget(targetWords(targetText(target)))).toEqual(target);
});

it("begins with a source or --hosts, and never with a command or a file", () => {
  for (const word of ["docker:", "compose:a.yml", "--hosts", "--hosts=a"]) expect(startsTarget(word)).toBe(true);
  for (const word of ["scan", "plan", "./x", "C", "--json", "--help"]) expect(startsTarget(word)).toBe(false);
});

it.each([
  [60, 15],
  [80, 24],
  [120, 40],
  [200, 60],
])("changes what is scanned, with the kinds below the prompt, on %i×%i", async (columns, rows) => {
  const found = scanned([finding("DB_PASSWORD")]);
  const { session, type, screen } = sit({ ...found, marked: new Set(["DB_PASSWORD"]), filter: "db" });
  type(":");
  expect(screen(columns, rows)).toContain(" Scan: docker:");
  type("ctrl-u", "compo");
  expect(screen(columns, rows)).toContain("compose:FILE");
  expect(screen(columns, rows)).not.toContain("registry:");
  type("enter");
  expect(screen(columns, rows)).toContain("not a source: compo");
  type("ctrl-u", "env:nothing.env");
  type("enter");
  await expect.poll(() => session.store.get().target.sources).toEqual(["env:nothing.env"]);
  // Nothing of the old list is armed or hides anything in the new one.
  expect(session.store.get()).toMatchObject({ filter: "", marked: new Set() });
  await expect.poll(() => session.store.get().scan.status).toBe("failed");
  expect(screen(columns, rows)).toContain("env:nothing.env");
});

it("shows on which host a secret is, and plans for none of them", () => {
  const on = (host: string) => {
    const one = finding("DB_PASSWORD", {}, "api");
    return { ...one, location: { ...one.location, host } };
  };
  const found = scanned([on("web1"), on("web2")]);
  const { session, type, screen } = sit({
    ...found,
    grouping: "container",
    target: { sources: ["docker:"], hosts: [] },
  });
  expect(screen()).toContain("container api on web1");
  expect(screen()).toContain("container api on web2");
  expect(screen()).not.toContain("m migrate");
  type("m");
  expect(screen()).toContain("hosts are only scanned here");
  expect(session.store.get().where).toBe("browse");
});

it("picks the store that plans and previews use, without planning", async () => {
  const { session, type, screen } = sit({ ...scanned([finding("DB_PASSWORD")]) });
  type("t");
  await expect.poll(() => screen()).toContain("Store for plans and previews");
  await expect.poll(() => screen()).toMatch(/▸ local/);
  type("enter");
  expect(session.store.get()).toMatchObject({ where: "browse", stores: { last: "local" }, planned: null });
  expect(screen()).toContain("plans and previews use local");
});
