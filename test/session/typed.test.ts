import { expect, it } from "vitest";
import { begin, container, engine, secret, useStage } from "./stage.ts";

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
  const refused = begin(100, 40, person, ["scrub"]);
  await refused.until("Is there a backup of");
  await refused.until("Type key-backup to continue:");
  await refused.press("yes\r");
  expect(await refused.exit()).toBe(1);
  expect(names().split("\n")).toHaveLength(2);
  const scrubbed = begin(100, 40, person, ["scrub", "--no-residue"]);
  await scrubbed.until("Type key-backup to continue:");
  await scrubbed.press("key-backup\r");
  expect(await scrubbed.exit()).toBe(0);
  expect(names()).toBe("typed-d");
});
