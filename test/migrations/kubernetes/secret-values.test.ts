import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { password } from "../files-world.ts";
import { makeWorld } from "../../support/world.ts";

/** Whoever writes a value into a Secret says that it is one, whatever it is called (Kubernetes' documentation, "Secrets"). */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const base64 = (of: string): string => Buffer.from(of).toString("base64");
const secret = password();
const manifest = `apiVersion: v1
kind: Secret
metadata: { name: db }
data:
  user: ${base64("reporting")}
  password: ${base64(secret)}
  tls.crt: ${base64("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")}
  empty: ""
stringData:
  answer: fortytwo
  pointer: \${DB_POINTER}
  filled-in: <your-value>
  app.conf: |
    listen = 8080
    password = ${secret}
---
apiVersion: v1
kind: ConfigMap
metadata: { name: db }
data:
  user: reporting
  answer: fortytwo
`;

test("every value of a Secret is a secret, but references, placeholders and certificates", async () => {
  writeFileSync(join(world.dir, "secret.yaml"), manifest);
  const { stdout } = await world.unsprawl(["scan", "kubernetes:secret.yaml", "--json"]);
  expect(stdout).not.toContain(secret);
  const { findings } = JSON.parse(stdout) as {
    readonly findings: readonly { readonly location: { readonly path: string }; readonly confidence: string }[];
  };
  const found = findings.map(({ location, confidence }) => `${location.path} ${confidence}`).toSorted();
  expect(found.map((one) => one.replace(/ high$/, " medium"))).toEqual([
    "Secret/db data.password medium",
    "Secret/db data.user medium",
    "Secret/db stringData.answer medium",
    "Secret/db stringData.app.conf:2 medium",
  ]);
});
