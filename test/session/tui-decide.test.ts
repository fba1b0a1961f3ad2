import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { FILE_ENV } from "../services/images.ts";
import { KEY } from "./driver.ts";
import { begin, container, engine, home, intoARun, secret, useStage } from "./stage.ts";

useStage();

it("ignores a secret with a reason: gone at once, and on the next scan", async () => {
  container("tui-api", { DB_PASSWORD: secret(), DEMO_PASSWORD: secret() });
  const terminal = begin(100, 30);
  await terminal.until("2 secrets in 2 places");
  await terminal.press("j");
  await terminal.until(/▸.*DEMO_PASSWORD/);
  await terminal.press("i");
  await terminal.until("Why may DEMO_PASSWORD stay?");
  terminal.paste("made up for the demo");
  await terminal.until('reason: "made up for the demo"');
  await terminal.press(KEY.enter);
  await terminal.until("Until which day?");
  await terminal.press(KEY.enter);
  await terminal.until("u undoes it");
  await terminal.until("1 secret in 1 place");
  expect(terminal.screen()).not.toMatch(/DEMO_PASSWORD +Config/);
  expect(readFileSync(join(home.cwd, "unsprawl.yaml"), "utf8")).toMatch(
    /^ignore:\n {2}- \{ fingerprint: "?[0-9a-f]{16}"?, reason: "made up for the demo" \}\n$/,
  );
  // The same sitting scans again, and another one later.
  await terminal.press("r");
  await terminal.until(/1 secret in 1 place.*1 ignored/);
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  const later = begin(100, 30);
  await later.until(/1 secret in 1 place.*1 ignored/);
  expect(later.screen()).not.toContain("DEMO_PASSWORD");
  await later.press("q");
  expect(await later.exit()).toBe(0);
});

it("scrubs a finished run from the journal, and says that nothing shows its value any more", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const terminal = begin(100, 30);
  await intoARun(terminal);
  await terminal.until("✓ migrated");
  await terminal.press("L");
  await terminal.until("✓ done");
  await terminal.press(KEY.enter);
  await terminal.until("Receipts");
  expect(terminal.screen()).toMatch(/✓ done +put DB_PASSWORD into/);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}").split("\n")).toHaveLength(2);
  await terminal.press("S");
  await terminal.until("no undo then?");
  await terminal.press(KEY.enter);
  await terminal.press("y");
  await terminal.until("Is there a backup of");
  await terminal.press("y");
  await terminal.until("Scrubbed");
  await terminal.until("✓ removed");
  expect(terminal.screen()).toMatch(/looked for 1 value in .*/);
  expect(terminal.screen()).toMatch(/nothing else shows\s+it/);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}}")).toBe("tui-api");
  await terminal.press("L");
  await terminal.until("· scrubbed");
  await terminal.press("u");
  await terminal.until("there is nothing to undo");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
});

it("goes on from the journal with a run that was cut off, to its proof", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const first = begin(100, 30);
  await intoARun(first);
  first.kill("SIGKILL");
  await first.exit();
  const second = begin(100, 30);
  await second.until("is unfinished");
  await second.press("L");
  await second.until("! unfinished");
  await second.press("R");
  await second.until("where it was interrupted?");
  await second.press("y");
  await second.until("✓ migrated");
  expect(second.screen()).toContain("a fresh inspect shows no value");
  await second.press("q");
  expect(await second.exit()).toBe(0);
  expect(engine.docker("inspect", "tui-api")).not.toContain(password);
});

it("reveals one value for a moment, and begins the next time with nothing marked; --read-only does neither", async () => {
  const shown = randomBytes(18).toString("hex");
  container("tui-api", { DB_PASSWORD: shown, API_TOKEN: secret() });
  const first = begin(100, 30);
  await first.until("2 secrets in 2 places");
  await first.until(/▸.*API_TOKEN/);
  await first.press("j");
  await first.until(/▸.*DB_PASSWORD/);
  expect(first.raw()).not.toContain(shown);
  await first.press("x");
  await first.until(shown);
  await first.press("k");
  await first.until("space mark");
  expect(first.screen()).not.toContain(shown);
  await first.press(" ");
  await first.until("1 marked");
  await first.press("b");
  await first.until("by secret");
  await first.press("q");
  expect(await first.exit()).toBe(0);
  const second = begin(100, 30, {}, ["--read-only"]);
  await second.until("Restored: grouped by secret");
  await second.until("2 secrets in 2 places");
  expect(second.screen()).not.toContain("marked");
  await second.press("x");
  await second.until("--read-only: nothing is changed or revealed");
  await second.press("m");
  await second.until("where?");
  await second.press(KEY.enter);
  await second.until("Preview");
  expect(second.screen()).not.toContain("y apply");
  await second.press("y");
  await second.until("--read-only: nothing is changed or revealed");
  await second.press("q");
  expect(await second.exit()).toBe(0);
  expect(second.raw()).not.toContain(shown);
});

it("edits where a secret goes and how it is delivered, in the person's own editor, then in a form", async () => {
  const password = secret();
  container("tui-api", { DB_PASSWORD: password });
  const editor = join(home.dir, "editor");
  // The first time a mistake, which the second time finds as it was left.
  writeFileSync(
    editor,
    `#!/bin/sh
case "$(cat "$1")" in
  *flie*) sed -i 's/flie/file/' "$1" ;;
  *) sed -i 's/deliver: auto/deliver: flie/; s/tui-api\\.sops/moved.sops/; s/field: DB_PASSWORD/field: db/' "$1" ;;
esac
cp "$1" ${join(home.dir, "seen")}
stat -c %a "$1" > ${join(home.dir, "mode")}
`,
    { mode: 0o755 },
  );
  const terminal = begin(100, 30, { EDITOR: editor });
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("e");
  await terminal.until("did you mean file?");
  await terminal.press("e");
  await terminal.until(/secrets\/moved\.sops\.yaml +db/);
  expect(terminal.screen()).toMatch(/deliver +by file/);
  const seen = readFileSync(join(home.dir, "seen"), "utf8");
  expect(seen).toMatch(/units:\n {2}tui-api:\n {4}deliver: file\n/);
  expect(seen).not.toContain(password);
  expect(readFileSync(join(home.dir, "mode"), "utf8").trim()).toBe("600");
  expect(readdirSync(join(home.dir, "state/unsprawl/edit"))).toEqual([]);
  // The form has what the editor decided, and adds to it.
  await terminal.press("c");
  await terminal.until(/delivery +file[^]*moved\.sops\.yaml[^]*key name +db/);
  await terminal.press(KEY.tab.repeat(5));
  await terminal.until("▸ key name");
  await terminal.press(`${KEY.ctrlU}pw`);
  await terminal.until(/▸ key name +pw▏/);
  await terminal.press(KEY.enter);
  await terminal.until(/secrets\/moved\.sops\.yaml +pw/);
  await terminal.press("y");
  await terminal.until("✓ migrated");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(readFileSync(join(home.dir, ".local/share/unsprawl/secrets/moved.sops.yaml"), "utf8")).toMatch(/^pw: ENC/m);
  expect(engine.docker("inspect", "tui-api")).not.toContain(password);
});

it("shows the log of what failed and that it was put back, and the same marks can be tried again", async () => {
  const password = secret();
  // Fails on its second start alone: the new container does, the old one comes back.
  const flaky =
    'n=$(ls /data | wc -l); touch /data/$n; if [ $n = 1 ]; then echo "fatal: database is locked"; exit 1; fi; exec sleep 100000';
  const flags = ["--network", "none", "--stop-timeout", "1", "--name", "tui-api", "-v", "tui-flaky:/data"];
  engine.docker("run", "-d", ...flags, "-e", `DB_PASSWORD=${password}`, FILE_ENV, "sh", "-c", flaky);
  const terminal = begin(100, 30);
  await terminal.until("1 secret in 1 place");
  await terminal.press(" m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until("Failed");
  await terminal.until("↶ as before  tui-api");
  expect(terminal.screen()).toMatch(/log: +fatal: database is locked/);
  expect(terminal.screen()).toContain("next: ");
  expect(engine.docker("inspect", "tui-api")).toContain(password);
  expect(engine.docker("ps", "-a", "--format", "{{.Names}} {{.State}}")).toBe("tui-api running");
  await terminal.press("r");
  await terminal.until("1 marked");
  await terminal.until("1 secret in 1 place");
  await terminal.press("m");
  await terminal.until("where?");
  await terminal.press(KEY.enter);
  await terminal.until("y apply");
  await terminal.press("y");
  await terminal.until("✓ migrated");
  await terminal.press("q");
  expect(await terminal.exit()).toBe(0);
  expect(engine.docker("inspect", "tui-api")).not.toContain(password);
});
