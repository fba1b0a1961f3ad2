import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { installProgram } from "../services/installed.ts";
import { makeHome, start, type Home, type Terminal } from "./driver.ts";
import { container, engine, secret, useStage } from "./stage.ts";

useStage();

// At the end of a migration that a reboot would break, a person is offered the remedy. The host's own units stay as they
// are: the program sees folders of its own in their places, and one by which it takes this host for one of systemd's.

const temporary = process.env["TMPDIR"];
let dir: string;
let host: Home;

beforeAll(() => {
  // A unit has a /tmp of its own, so that nothing of the service may lie there.
  dir = mkdtempSync("/var/lib/unsprawl-test-");
  process.env["TMPDIR"] = dir;
  const mounts = ["/run", "/etc/systemd/system"].map((at) => `mkdir -p ${at} && mount -t tmpfs tmpfs ${at}`);
  const script = [...mounts, "mkdir -p /run/systemd/system", '"$@"'].join(" && ");
  const kept = `${script}; code=$?; cp /etc/systemd/system/*.service ${dir}; exit $code`;
  host = makeHome(engine.host, ["unshare", "--mount", "sh", "-c", kept, "sh", ...installProgram()]);
});

afterAll(() => {
  host.remove();
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
  rmSync(dir, { recursive: true, force: true });
});

const migrate = (name: string, ...more: readonly string[]): Terminal => {
  container(name, { DB_PASSWORD: secret() });
  const env = { CI: "", UNSPRAWL_AGENT_HOME: join(dir, "agent") };
  const args = ["migrate", `docker:${name}`, "--to", "local", "--deliver", "file", "--grace", "100ms", ...more];
  return start(100, 50, host, env, args);
};
const unit = (): string => readFileSync(join(dir, "unsprawl-agent.service"), "utf8");
const OFFER = "Install the agent's systemd unit now? [y/N]";

it("the agent is offered where a reboot would break what was moved, and only to who can answer", async () => {
  const given = migrate("offer-a", "--yes");
  expect(await given.exit()).toBe(0);
  expect(given.raw()).toContain("this host has no agent");
  expect(given.raw()).not.toContain(OFFER);

  const left = migrate("offer-b");
  await left.until("1 container restarts. [y/N]");
  await left.press("y\r");
  await left.until(OFFER);
  await left.press("n\r");
  expect(await left.exit()).toBe(0);
  expect(left.screen()).toContain("next: unsprawl agent install systemd");
  expect(unit).toThrow("ENOENT");

  const taken = migrate("offer-c");
  await taken.until("1 container restarts. [y/N]");
  await taken.press("y\r");
  await taken.until(OFFER);
  await taken.press("y\r");
  expect(await taken.exit()).toBe(0);
  expect(taken.screen()).toContain("next: systemctl enable --now unsprawl-agent.service");
  expect(unit()).toContain("Before=docker.service");
  for (const terminal of [given, left, taken]) terminal.close();
});
