import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { composeChange, secretFileText, type BareService } from "../../migrations/compose/delivery/change.ts";
import { SCRIPT } from "../../migrations/compose/delivery/script.ts";
import { inText } from "../../src/detect/text/index.ts";
import { labelsFor } from "../../src/engine/consumer-labels.ts";
import type { Where } from "../../src/model/location.ts";
import type { Move } from "../../src/model/plan.ts";
import { ask } from "./ask.ts";

// What unsprawl writes itself holds the names of secrets, and no secret: it is found in none of it.

const part = fc.constantFrom(
  ...["S3", "N8N", "OAUTH2", "AUTH0", "AWS", "DB", "DATABASE", "SMTP", "APP", "LANGFUSE", "EVENT_UPLOAD", "K8S"],
  ...["PG16", "ROOT", "ADMIN", "DISCORD", "JWTBASE64HS256", "minio", "ENC_V2", "X509"],
);
const end = fc.constantFrom(
  ...["PASSWORD", "SECRET_KEY", "SECRET_ACCESS_KEY", "ACCESS_KEY_ID", "CLIENT_SECRET", "ENCRYPTION_KEY", "TOKEN"],
  ...["PASS", "PWD", "API_KEY", "secret", "password", "PRIVATE_KEY", "SALT", "JWT", "DSN", "URL"],
);
const name = fc.tuple(fc.array(part, { maxLength: 4 }), end).map(([parts, last]) => [...parts, last].join("_"));
const names = fc.uniqueArray(name, { minLength: 1, maxLength: 9 });

const bare: BareService = {
  subject: { mountTargets: [], entrypoint: [], cmd: [], health: [] } as unknown as BareService["subject"],
  ...{ earlier: [], earlierCheck: [], health: null, hasScript: false },
};

const reference = (one: string): string => `ref+vault://secret/apps/shop/web#/${one}`;

/** What a service gets by the start script. */
function changed(given: readonly string[]): ReturnType<typeof composeChange> {
  const prefix = ["/bin/sh", "/run/unsprawl/entrypoint"];
  return composeChange(
    {
      ...{ unset: given, set: [], runtime: null, mounts: [{ source: "/memory", target: "/run/unsprawl" }] },
      ...{ entrypointPrefix: prefix, healthcheckPrefix: prefix },
    },
    bare,
    given.map((one) => ({ name: one, reference: reference(one) }) as Move),
    {
      ...{ project: "shop", service: "web", folder: "/run/unsprawl/compose/shop/web", script: "/p/script" },
      ...{ owner: { uid: 0, gid: 0 }, shownReference: (one: string) => one },
    },
  );
}

const secretIn = (called: string, words: readonly string[], where: Where): unknown => {
  const verdict = ask(called, JSON.stringify(words), where);
  return verdict.secret ? [words, verdict.rule, verdict.why] : null;
};

test("the names that the start script is called with are no values, whatever they are", () => {
  fc.assert(
    fc.property(names, (given) => {
      const { entrypointPrefix, healthcheckPrefix } = changed(given);
      for (const own of [["/docker-entrypoint.sh"], ["node", "server.js", "--port", "80"], ["sh", "-c", "exec app"]]) {
        expect(secretIn("entrypoint", [...(entrypointPrefix ?? []), ...own], "entrypoint")).toBe(null);
        expect(secretIn("Cmd", [...(entrypointPrefix ?? []), ...own], "cmd")).toBe(null);
        expect(secretIn("test", ["CMD", ...(healthcheckPrefix ?? []), ...own], "healthcheck")).toBe(null);
      }
      const line = [...(entrypointPrefix ?? []), "serve"].join(" ");
      expect(ask("entrypoint", line, "entrypoint").secret, line).toBe(false);
    }),
    { numRuns: 300 },
  );
});

test("a secret in the command behind them is found as before", () => {
  const secret = randomBytes(9).toString("hex");
  fc.assert(
    fc.property(names, (given) => {
      const { entrypointPrefix } = changed(given);
      const words = [...(entrypointPrefix ?? []), "redis-server", "--requirepass", secret];
      expect(ask("entrypoint", JSON.stringify(words), "entrypoint").secret).toBe(true);
      // Words that are no names are a command: nothing hides behind the script.
      const odd = ["/bin/sh", "/run/unsprawl/entrypoint", "redis-server", "--requirepass", secret, "--", "x"];
      expect(ask("entrypoint", JSON.stringify(odd), "entrypoint").secret).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("labels of containers name references, and no secrets", () => {
  fc.assert(
    fc.property(names, (given) => {
      const moves = given.map((one) => ({ name: one, reference: reference(one) }));
      for (const label of labelsFor(moves, "shim", "prod", { uid: 999, gid: 998 })) {
        const verdict = ask(label.name, label.value, "label");
        expect(verdict.secret ? [label, verdict.why] : null).toBe(null);
      }
    }),
    { numRuns: 100 },
  );
});

test("in files: grants, references and the script", () => {
  fc.assert(
    fc.property(names, (given) => {
      const { secrets = [], entrypointPrefix } = changed(given);
      const file = [
        "services:",
        "  web:",
        `    entrypoint: ${JSON.stringify([...(entrypointPrefix ?? []), "serve"])}`,
        "    entrypoint2:",
        ...[...(entrypointPrefix ?? []), "serve"].map((word) => `      - ${word}`),
        "    environment:",
        ...given.map((one) => `      ${one}_FILE: /run/secrets/${one}`),
        "    secrets:",
        ...secrets.map(({ name: own, target }) => `      - { source: web_${own}, target: ${target} }`),
        "secrets:",
        ...secrets.flatMap((one) => [
          `  web_${one.name}:`,
          `    file: ${secretFileText("shop", "web", one.name)}`,
          `    x-unsprawl: ${one.reference}`,
        ]),
        "",
      ].join("\n");
      const texts = { "compose.yaml": file, "unsprawl-entrypoint.sh": SCRIPT };
      for (const [path, text] of Object.entries(texts)) {
        const hits = inText(Buffer.from(text), `/project/${path}`, new Set());
        expect(hits.map(({ name: own, found, value }) => [path, own, found.why, value])).toEqual([]);
      }
    }),
    { numRuns: 100 },
  );
});
