import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, decideIn } from "../../src/detect/classify.ts";
import { inCommand } from "../../src/detect/commands/command.ts";
import { isSilent } from "../../src/detect/commands/lead.ts";
import { isEvidence, MEDIUM, type Judge } from "../../src/detect/evidence.ts";
import { kit as makeKit } from "../../src/detect/index.ts";
import { Secret } from "../../src/model/secret.ts";

// What an entrypoint is decides what the words of Cmd mean, except behind a script that starts whatever it is given.

const kit = makeKit(31);
const OFF: ReadonlySet<string> = new Set();
const STARTERS = [
  ["/docker-entrypoint.sh"],
  ["docker-entrypoint.sh"],
  ["/usr/local/bin/entrypoint"],
  ["/sbin/tini", "--"],
  ["/usr/bin/tini", "--", "/__cacert_entrypoint.sh"],
  ["dumb-init"],
  ["/bin/sh", "-c", "redis-server /etc/redis.conf"],
];
const WORDS = [
  ...["redis-cli", "redis-server", "mysql", "mysqld", "curl", "psql", "java", "/bin/sh", "bash", "sed", "wp", "vault"],
  ...[
    "-a",
    "-p",
    "-u",
    "-c",
    "-e",
    "--password",
    "--requirepass",
    "--token",
    "-H",
    "--",
    "-jar",
    "login",
    "run",
    "set",
  ],
  ...["admin", "user", "add", "passwd", "config", "app.jar", "postgres", "USER", "password", "setx", "/M", "digest"],
  ...[
    kit.password(),
    kit.base62(24),
    `admin:${kit.base62(12)}`,
    `-p${kit.base62(12)}`,
    `DB_PASSWORD=${kit.password()}`,
  ],
  ...[`--auth=${kit.base62(20)}`, `mysql -u root -p${kit.password()}`, `echo x && redis-cli -a ${kit.password()}`],
];

describe("what stands before a Cmd", () => {
  test("a script that starts what it is given is passed over, and no finding is lost by that", () => {
    expect(STARTERS.filter((lead) => !isSilent(lead))).toEqual([]);
    const judge: Judge = (name, value, step) => {
      const outcome = decideIn(name, value, OFF);
      return isEvidence(outcome) && outcome.score >= MEDIUM ? { ...outcome, via: [step] } : null;
    };
    const words = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(...STARTERS), words, (lead, given) => {
        const alone = decide({ name: "Cmd", where: "cmd", value: Secret.of(JSON.stringify(given)) }, OFF);
        const joined = inCommand(JSON.stringify([...lead, ...given]), "cmd", judge);
        expect(joined?.score ?? 0).toBeLessThanOrEqual(isEvidence(alone) ? alone.score : 0);
      }),
      { numRuns: 1500 },
    );
  });

  test.each([
    [["redis-cli"]],
    [["/bin/sh", "-c", "redis-cli"]],
    [["/bin/sh", "-c", 'exec redis-cli "$@"']],
    [["/entrypoint.sh", "-a"]],
    [["entrypoint.sh", "mysql"]],
  ])("%j decides", (lead) => expect(isSilent(lead)).toBe(false));
});
