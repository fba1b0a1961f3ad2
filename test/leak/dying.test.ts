import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { variableCanaries, Watch } from "../support/canary.ts";
import { sample } from "../support/deep.ts";
import { APP, makeStage, runIdOf } from "./stage.ts";

// The guard of Law 1 for containers that die with their secrets on their lips, and for unsprawl itself killed.

const stage = makeStage();
const { runContainer, idOf, quiet, expectQuietEngine } = stage;

describe("what fails", () => {
  const b64 = (name: string): string => `printf %s "$${name}" | busybox base64 -w 0; echo`;
  const logs: readonly (readonly [what: string, log: string])[] = [
    [
      "raw, as base64 and as hex",
      `echo "password is $DB_PASSWORD"; ${b64("DB_PASSWORD")}; ${b64("GITHUB_TOKEN")}; printf %s "$ROOT_PASSWORD" | busybox hexdump -v -e '/1 "%02x"'; echo`,
    ],
    ["more of one than is quoted", 'echo "bad license $LICENSE_SECRET"'],
    ["one of many lines", 'echo "bad key $TLS_PRIVATE_KEY"'],
    [
      "the password out of a URL",
      'rest=${DATABASE_URL#postgres://app:}; echo "password authentication failed for app with ${rest%%@*}"',
    ],
    ["a token out of JSON", `rest=\${SERVICE_ACCOUNT_CREDENTIALS##*'"token":"'}; echo "401 for token \${rest%%'"'*}"`],
    [
      "the key out of JSON",
      `rest=\${SERVICE_ACCOUNT_CREDENTIALS##*'"private_key":"'}; printf '%b' "\${rest%%'"'*}" | busybox head -n 20 | busybox tail -n 4`,
    ],
    ["cut short", 'echo "${STRIPE_SECRET_KEY%????????????}... is not a key"'],
    ["all of them", "env"],
  ];
  // What is hidden of a text is for the tests of redaction: some of these, of which the first has the most forms.
  it.each([...logs.slice(0, 1), ...sample(logs.slice(1), 1)])(
    "a container that dies at its start and logs its secrets: %s",
    async (what, log) => {
      const canaries = variableCanaries();
      const watch = new Watch(canaries);
      const name = `dies-${what.replace(/\W/g, "-")}`;
      const counter = join(stage.world.memory, name);
      mkdirSync(counter);
      // The second start is the migration's.
      const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then ${log}; exit 3; fi; ${APP}`;
      runContainer(name, canaries, ["-v", `${counter}:/starts`], script);
      const old = idOf(name);
      const json = what.length % 2 === 0 ? ["--json"] : [];
      const migrate = [
        "migrate",
        `docker:${name}`,
        "--to",
        "local",
        "--deliver",
        "shim",
        "--grace",
        "1s",
        "--yes",
        ...json,
      ];
      const ran = await quiet(watch, migrate);
      expect(ran.code).toBe(1);
      expect(ran.stderr).toContain("its last words");
      expect(idOf(name)).toBe(old);
      await quiet(watch, ["runs", runIdOf(ran.stdout), ...json]);
      const journal = await quiet(watch, ["runs", runIdOf(ran.stdout), "--log", ...json]);
      expect(journal.stdout).toContain("its last words");
    },
  );

  it("a container that logs what does not move, and a key of no variable, while a saved plan is applied", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    const name = "dies-of-a-plan";
    const [counter, plan] = [join(stage.world.memory, name), join(stage.world.dir, "one.json")];
    mkdirSync(counter);
    const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs8", format: "pem" });
    writeFileSync(join(counter, "key.pem"), key);
    const log = "env; busybox cat /starts/key.pem";
    const script = `n=x$(cat /starts/n 2>/dev/null); printf %s "$n" >/starts/n; if [ "$n" = xx ]; then ${log}; exit 3; fi; ${APP}`;
    runContainer(name, canaries, ["-v", `${counter}:/starts`], script);
    const only = ["--only", "DB_PASSWORD", "--deliver", "shim", "--grace", "1s"];
    const planned = await quiet(watch, ["plan", `docker:${name}`, "--to", "local", ...only, "-o", plan]);
    expect(planned.code, planned.stderr).toBe(0);
    const ran = await quiet(watch, ["apply", plan]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/its last words: .*\\n\[secret\]\n/);
    const journal = await quiet(watch, ["runs", "last", "--log"]);
    for (const line of String(key).trim().split("\n").slice(1, -1))
      expect(ran.stderr + journal.stdout).not.toContain(line);
  });

  // The first two are one way to end.
  it.each([...sample(["SIGINT", "SIGTERM"] as const, 1), "SIGKILL"] as const)(
    "%s in the middle of apply, then resume",
    async (signal) => {
      const canaries = variableCanaries();
      const watch = new Watch(canaries);
      const name = `signal-${signal.toLowerCase()}`;
      runContainer(name, canaries);
      let sent = false;
      const onStderr = (said: string, pid: number): void => {
        if (sent || !said.includes("✓")) return;
        sent = true;
        process.kill(pid, signal);
      };
      const target = ["migrate", `docker:${name}`, "--to", "vault", "--deliver", "shim", "--grace", "300ms", "--yes"];
      const ran = await quiet(watch, target, { onStderr });
      expect(ran.code ?? ran.signal).toBe(signal === "SIGKILL" ? "SIGKILL" : 130);
      if (signal === "SIGKILL") {
        const resumed = await quiet(watch, ["resume", runIdOf(ran.stdout)]);
        expect(resumed.code, resumed.stderr).toBe(0);
        expectQuietEngine(watch, idOf(name));
      }
    },
  );

  it("a crash in the middle of apply: Node's own words and its diagnostic report", async () => {
    const canaries = variableCanaries();
    const watch = new Watch(canaries);
    runContainer("crashed", canaries);
    const flag = join(stage.world.memory, "crash-now");
    const crash = `import { existsSync } from "node:fs"; setInterval(() => { if (existsSync(${JSON.stringify(flag)})) throw new Error("made to fail"); }, 2).unref();`;
    const nodeArgs = [
      "--report-uncaught-exception",
      "--report-on-fatalerror",
      `--report-directory=${join(stage.world.dir, "tmp")}`,
      "--import",
      `data:text/javascript,${encodeURIComponent(crash)}`,
    ];
    const ran = await quiet(
      watch,
      ["migrate", "docker:crashed", "--to", "local", "--deliver", "shim", "--grace", "300ms", "--yes"],
      {
        nodeArgs,
        onStderr: (said) => {
          if (said.includes("✓")) writeFileSync(flag, "");
        },
      },
    );
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).toContain("made to fail");
    expect(readdirSync(join(stage.world.dir, "tmp")).some((file) => file.startsWith("report."))).toBe(true);
    const back = await quiet(watch, ["rollback", runIdOf(ran.stdout)]);
    expect(back.code).toBe(0);
  });
});
