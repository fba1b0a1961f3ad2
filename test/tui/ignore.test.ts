import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { paste } from "../../src/tui/actions.ts";
import { finding, scanned } from "./sample.ts";
import { sit } from "./sitting.ts";

const PRINTS = { A: "a".repeat(32), B: "b".repeat(32), C: "c".repeat(32) };
const three = () =>
  scanned(
    (["A", "B", "C"] as const).map((name) => finding(`${name}_PASSWORD`, { fingerprint: PRINTS[name], id: name })),
  );

it("asks why and until when, shows the line first, writes it, and goes to the next", async () => {
  const { type, screen, cwd, session } = sit({ ...three(), selected: PRINTS.B });
  const file = join(cwd, "unsprawl.yaml");
  type("i");
  await expect.poll(() => screen()).toContain("Why may B_PASSWORD stay?");
  type("enter");
  expect(screen()).toContain("✗ a reason is what the next person needs");
  type("only for demos");
  await expect
    .poll(() => screen())
    .toContain('+ unsprawl.yaml:2  - { fingerprint: bbbbbbbbbbbbbbbb, reason: "only for demos" }');
  expect(existsSync(file)).toBe(false);
  type("enter");
  await expect.poll(() => screen()).toContain("Until which day?");
  type("2020-01-01", "enter");
  expect(screen()).toContain("a day to come");
  type("ctrl-u", "2999-12-31");
  expect(screen(160)).toContain("until:");
  type("enter");
  await expect.poll(() => screen()).toContain("ignored B_PASSWORD in unsprawl.yaml:2: u undoes it");
  expect(readFileSync(file, "utf8")).toBe(
    'ignore:\n  - { fingerprint: bbbbbbbbbbbbbbbb, reason: "only for demos", until: "2999-12-31" }\n',
  );
  expect(screen()).not.toMatch(/B_PASSWORD +1 place/);
  expect(screen()).toContain("1 ignored");
  // The next one is chosen, and the scan tools read the new file.
  expect(session.store.get().selected).toBe(PRINTS.C);
  expect((await session.assembly.config()).tuning.ignore.map(({ reason }) => reason)).toEqual(["only for demos"]);
});

it("takes back the last ignore, to the byte, and the secret is on the list again", async () => {
  const { type, screen, cwd, session } = sit({ ...three() });
  const file = join(cwd, "unsprawl.yaml");
  writeFileSync(file, "failOn: high # ours\n");
  type("i");
  await expect.poll(() => screen()).toContain("Why may");
  type("x", "enter");
  await expect.poll(() => screen()).toContain("Until");
  type("enter");
  await expect.poll(() => screen()).toContain("u undoes it");
  expect(readFileSync(file, "utf8")).toContain("failOn: high # ours\nignore:\n  - {");
  type("u");
  await expect.poll(() => screen()).toContain("on the list again");
  expect(readFileSync(file, "utf8")).toBe("failOn: high # ours\n");
  expect(session.store.get().scan.groups).toHaveLength(3);
  expect(screen()).toMatch(/▸.*A_PASSWORD/);
  type("u");
  await expect.poll(() => screen()).toContain("nothing was ignored in this session");
});

it("ignores all that are marked, each in a line, and offers the last reason again with I", async () => {
  const { type, screen, cwd } = sit({ ...three(), marked: new Set([PRINTS.A, PRINTS.B]) });
  type("i");
  await expect.poll(() => screen()).toContain("Why may 2 secrets stay?");
  type("test data", "enter");
  await expect.poll(() => screen()).toContain("Until");
  type("30d", "enter");
  await expect.poll(() => screen()).toContain("ignored 2 secrets");
  type("I");
  await expect.poll(() => screen()).toContain("Why may C_PASSWORD stay? test data");
  type("enter");
  await expect.poll(() => screen()).toContain("ignored C_PASSWORD");
  const lines = readFileSync(join(cwd, "unsprawl.yaml"), "utf8").trimEnd().split("\n");
  expect(lines).toHaveLength(4);
  expect(new Set(lines.slice(1).map((line) => line.slice(line.indexOf("reason")))).size).toBe(1);
});

it("takes a pasted reason as text, and refuses one that holds a value", async () => {
  const value = randomBytes(18).toString("hex");
  const { type, screen, cwd, session } = sit(three());
  session.assembly.redactor.know(Secret.of(value));
  type("i");
  await expect.poll(() => screen()).toContain("Why may");
  paste(session, `it is\r\n${value}`);
  expect(screen()).not.toContain(value);
  type("enter");
  expect(screen()).toContain("this holds a value that was found");
  type("ctrl-w", "ctrl-w", "ctrl-w");
  paste(session, "漢字 y\n");
  type("left", "left", "é", "home", "> ", "end", "backspace", "enter");
  await expect.poll(() => screen()).toContain("Until");
  type("enter");
  await expect.poll(() => screen()).toContain("u undoes it");
  expect(readFileSync(join(cwd, "unsprawl.yaml"), "utf8")).toContain('reason: "> 漢字 éy"');
});

it("tells of a file that it cannot add to before a reason is typed, and changes nothing on the way back", async () => {
  const { type, screen, cwd } = sit(three());
  const file = join(cwd, "unsprawl.yaml");
  writeFileSync(file, "ignore: [\n");
  type("i");
  await expect.poll(() => screen()).toContain("not valid YAML");
  writeFileSync(file, "failOn: high\n");
  type("i");
  await expect.poll(() => screen()).toContain("Why may");
  type("no", "esc");
  await expect.poll(() => screen()).toContain("space mark");
  expect(readFileSync(file, "utf8")).toBe("failOn: high\n");
});

it("shows few of many lines while it asks, and writes them all", async () => {
  const prints = Array.from({ length: 2000 }, (_, at) => at.toString(16).padStart(16, "0").padEnd(32, "0"));
  const state = scanned(prints.map((fingerprint) => finding("A_PASSWORD", { fingerprint, id: fingerprint })));
  const { type, screen, cwd } = sit({ ...state, marked: new Set(prints) });
  type("i");
  await expect.poll(() => screen()).toContain("Why may 2000 secrets stay?");
  type("all made up");
  expect(screen().match(/\+ unsprawl\.yaml/g)).toHaveLength(5);
  expect(screen()).toContain("+ 1995 lines more like these");
  type("enter");
  await expect.poll(() => screen()).toContain("Until");
  type("enter");
  await expect.poll(() => screen()).toContain("ignored 2000 secrets");
  expect(readFileSync(join(cwd, "unsprawl.yaml"), "utf8").split("\n")).toHaveLength(2002);
});

it("opens its question at once: what is typed right behind the key is the reason", async () => {
  const { type, screen, session } = sit(three());
  type("iam made up");
  expect(screen()).toContain("Why may A_PASSWORD stay? am made up");
  expect(session.store.get().marked.size).toBe(0);
  await expect.poll(() => screen()).toContain("+ unsprawl.yaml:2  -");
});
