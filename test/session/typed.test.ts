import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { begin, container, engine, home, secret, useStage } from "./stage.ts";

useStage();

// What is asked on a terminal outside the terminal UI: a word is typed, so that no habit of `y` or Enter answers.

const TO = ["--to", "local", "--deliver", "file", "--grace", "100ms", "--yes"];
/** The stage's variables of a CI would keep everything from being asked. */
const person = { CI: "" };

const names = (): string => engine.docker("ps", "-a", "--format", "{{.Names}}");

it("migrate without a source moves everything only once the source is typed", async () => {
  container("typed-a", { DB_PASSWORD: secret() });
  container("typed-b", { DB_PASSWORD: secret() });
  const refused = begin(100, 40, person, ["migrate", ...TO]);
  await refused.until("No source was given: 2 secrets in 2 containers of docker: will move.");
  await refused.until("Type docker: to continue:");
  await refused.press("y\r");
  expect(await refused.exit()).toBe(2);
  expect(refused.screen()).toContain("nothing was changed");
  expect(names().split("\n").toSorted()).toEqual(["typed-a", "typed-b"]);

  const left = begin(100, 40, person, ["migrate", ...TO]);
  await left.until("Type docker: to continue:");
  await left.press("\u0004");
  expect(await left.exit()).toBe(2);

  const cancelled = begin(100, 40, person, ["migrate", ...TO]);
  await cancelled.until("Type docker: to continue:");
  await cancelled.press("\u0003");
  expect(await cancelled.exit()).toBe(130);
  expect(names().split("\n").toSorted()).toEqual(["typed-a", "typed-b"]);

  const moved = begin(100, 40, person, ["migrate", ...TO]);
  await moved.until("Type docker: to continue:");
  await moved.press("docker:\r");
  expect(await moved.exit()).toBe(0);
  expect(names().split("\n")).toHaveLength(4);
});

it("what changes something shows it and asks; anything but yes changes nothing", async () => {
  container("typed-g", { DB_PASSWORD: secret() });
  const without = TO.filter((word) => word !== "--yes");
  const left = begin(100, 40, person, ["migrate", "docker:typed-g", ...without]);
  await left.until("Move 1 secret in 1 container? 1 container restarts. [y/N]");
  await left.press("n\r");
  expect(await left.exit()).toBe(130);
  expect(left.raw()).toContain("Plan ");
  expect(names()).toBe("typed-g");
  expect(await begin(100, 40, person, ["plan", "docker:typed-g", ...without, "-o", "g.json"]).exit()).toBe(0);
  const applied = begin(100, 40, person, ["apply", "g.json"]);
  await applied.until("Apply this plan? 1 container restarts. [y/N]");
  await applied.press("y\r");
  expect(await applied.exit()).toBe(0);
  expect(names().split("\n")).toHaveLength(2);
});

it("nobody is asked with --no-input, with --json, or in CI", async () => {
  container("typed-c", { DB_PASSWORD: secret() });
  for (const [env, more] of [
    [person, ["--no-input"]],
    [person, ["--json"]],
    [{ CI: "true" }, []],
  ] as const) {
    const terminal = begin(100, 40, env, ["migrate", ...TO, ...more]);
    expect(await terminal.exit()).toBe(2);
    expect(terminal.raw()).not.toContain("to continue");
  }
  expect(names()).toBe("typed-c");
});

it("scrub asks for the backup of the key, and remembers the answer", async () => {
  container("typed-d", { DB_PASSWORD: secret() });
  const moved = begin(100, 40, person, ["migrate", "docker:typed-d", ...TO]);
  expect(await moved.exit()).toBe(0);
  const kept = begin(100, 40, person, ["scrub"]);
  await kept.until("Delete this for good? [y/N]");
  await kept.press("\r");
  expect(await kept.exit()).toBe(130);
  expect(kept.screen()).toContain("cancelled: nothing was changed");
  const refused = begin(100, 40, person, ["scrub"]);
  await refused.until("Delete this for good? [y/N]");
  await refused.press("y\r");
  await refused.until("Is there a backup of");
  await refused.until("Type key-backup to continue:");
  await refused.press("yes\r");
  expect(await refused.exit()).toBe(1);
  expect(names().split("\n")).toHaveLength(2);
  const scrubbed = begin(100, 40, person, ["scrub", "--no-residue", "--yes"]);
  await scrubbed.until("Type key-backup to continue:");
  await scrubbed.press("key-backup\r");
  expect(await scrubbed.exit()).toBe(0);
  expect(names()).toBe("typed-d");
});

it("rollback without a run asks which one is meant, and takes `last`", async () => {
  container("typed-e", { DB_PASSWORD: secret() });
  container("typed-f", { DB_PASSWORD: secret() });
  for (const name of ["typed-e", "typed-f"])
    expect(await begin(100, 40, person, ["migrate", `docker:${name}`, ...TO]).exit()).toBe(0);
  const left = begin(80, 24, person, ["rollback"]);
  await left.until("2 runs could be meant:");
  await left.until("Which one do you want to roll back?");
  await left.press("\r");
  expect(await left.exit()).toBe(130);
  const asked = begin(80, 24, person, ["rollback"]);
  await asked.until("Which one do you want to roll back?");
  await asked.press("last\r");
  await asked.until("Put this back? 1 container restarts. [y/N]");
  await asked.press("yes\r");
  expect(await asked.exit()).toBe(0);
  expect(names().split("\n").toSorted()).toEqual(["typed-e", expect.stringMatching(/^typed-e-before-/), "typed-f"]);
  // One is left: it says what it does, and asks.
  const only = begin(80, 24, person, ["rollback"]);
  await only.until("put typed-e back as it was (it restarts)");
  await only.until("[y/N]");
  await only.press("y\r");
  expect(await only.exit()).toBe(0);
  expect(names().split("\n").toSorted()).toEqual(["typed-e", "typed-f"]);
});

it("render gives another application's secret only once that is typed, by name", async () => {
  container("typed-h", { DB_PASSWORD: secret() });
  expect(await begin(100, 40, person, ["migrate", "docker:typed-h", ...TO]).exit()).toBe(0);
  const all = dirname(home.cwd);
  const [entry = ""] = readdirSync(all, { recursive: true, encoding: "utf8" }).filter((one) =>
    one.endsWith("typed-h.sops.yaml"),
  );
  const [folder, at] = [join(home.cwd, "tenant"), "${UNSPRAWL_RUNTIME_DIR:-/run/unsprawl}/compose/tenant/app"];
  mkdirSync(folder);
  const reference = `ref+sops://${join(all, entry)}#/DB_PASSWORD`;
  writeFileSync(
    join(folder, "compose.yaml"),
    `name: tenant\nservices: { app: { image: x, secrets: [one] } }\nsecrets:\n  one:\n    file: ${at}/DB_PASSWORD\n    x-unsprawl: { ref: "${reference}", owner: "0:0" }\n`,
  );
  const asked = begin(120, 40, person, ["render", "compose:tenant/compose.yaml"]);
  await asked.until("Type other-secrets to continue:");
  expect(asked.raw()).toContain("typed-h.sops.yaml");
  await asked.press("y\r");
  expect(await asked.exit()).toBe(1);
  const given = begin(120, 40, person, ["render", "compose:tenant/compose.yaml"]);
  await given.until("Type other-secrets to continue:");
  await given.press("other-secrets\r");
  expect(await given.exit()).toBe(0);
});

it("init asks for a store, writes and trusts unsprawl.yaml, and checks the store", async () => {
  const left = begin(80, 24, person, ["init"]);
  await left.until("Store [");
  await left.press("\u0003");
  expect(await left.exit()).toBe(130);
  const file = join(home.cwd, "unsprawl.yaml");
  expect(existsSync(file)).toBe(false);

  // An address that does not answer is asked for again, and nothing is written.
  const wrong = begin(80, 24, person, ["init"]);
  await wrong.until("Store [");
  await wrong.press("vault\r");
  await wrong.until("Its name in --to [prod]:");
  await wrong.press("\r");
  await wrong.until("Address [https://127.0.0.1:8200]:");
  await wrong.press("vault.example:8200\r");
  await wrong.until("KV mount [secret]:");
  await wrong.press("\r");
  await wrong.until("This store does not work yet");
  await wrong.press("\r");
  await wrong.until("Address [vault.example:8200]:");
  await wrong.press("\r");
  await wrong.press("\r");
  await wrong.until(/does not work yet[^]*does not work yet/);
  await wrong.press("q\r");
  expect(await wrong.exit()).toBe(130);
  expect(wrong.raw()).toContain("nothing was written");
  expect(existsSync(file)).toBe(false);

  const terminal = begin(80, 24, person, ["init"]);
  await terminal.until("aws-kms: a SOPS file");
  await terminal.until("Store [");
  await terminal.press("local\r");
  await terminal.until("Its name in --to [prod]:");
  await terminal.press("vault\r");
  await terminal.press("\r");
  await terminal.until("SOPS file");
  await terminal.press("keys/{subject}.sops.yaml\r");
  expect(await terminal.exit()).toBe(0);
  expect(terminal.raw()).toContain("next: unsprawl plan --to prod");
  expect(readFileSync(file, "utf8")).toContain(
    'stores:\n  prod:\n    provider: local\n    file: "keys/{subject}.sops.yaml"\n',
  );
  expect(await begin(80, 24, person, ["config", "check"]).exit()).toBe(0);
  expect(await begin(80, 24, person, ["init"]).exit()).toBe(1);
});
