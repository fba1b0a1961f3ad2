import { gzipSync } from "node:zlib";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { password } from "../files-world.ts";
import { makeWorld } from "../../support/world.ts";

/** Releases as Helm keeps them in a cluster (helm pkg/storage/driver/util.go, `encodeRelease`), saved to a file. */

const world = makeWorld("unix:///nowhere");
afterAll(() => world.remove());

const base64 = (of: string | Buffer): string => Buffer.from(of).toString("base64");
const [config, values, rendered, hook, template] = Array.from({ length: 5 }, password);
const release = {
  name: "web",
  config: { db: { password: config } },
  chart: {
    values: { admin: { password: values, user: "admin" } },
    templates: [{ name: "templates/a.yaml", data: base64(`kind: {{ .Values.kind }}\napiPassword: ${template}\n`) }],
  },
  manifest: `---\napiVersion: v1\nkind: Service\nmetadata: { name: web }\n---\napiVersion: v1\nkind: Secret\nmetadata: { name: web }\nstringData:\n  DB_PASSWORD: ${rendered}\n`,
  hooks: [
    {
      manifest: `apiVersion: v1\nkind: Pod\nmetadata: { name: job }\nspec:\n  containers:\n    - { name: a, env: [{ name: HOOK_PASSWORD, value: ${hook} }] }\n`,
    },
  ],
};
const packed = base64(gzipSync(JSON.stringify(release)));

type Report = {
  readonly sources: readonly { readonly errors: readonly { readonly subject: string; readonly message: string }[] }[];
  readonly findings: readonly { readonly location: { readonly path: string } }[];
};

async function scan(object: string): Promise<{ readonly code: number | null; readonly report: Report }> {
  writeFileSync(join(world.dir, "release.yaml"), object);
  const { code, stdout } = await world.unsprawl(["scan", "kubernetes:release.yaml", "--json"]);
  for (const value of [config, values, rendered, hook, template]) expect(stdout).not.toContain(value);
  return { code, report: JSON.parse(stdout) as Report };
}

const kept = (kind: string, body: string): string =>
  `apiVersion: v1\nkind: ${kind}\nmetadata:\n  name: sh.helm.release.v1.web.v1\n  labels: { owner: helm, name: web }\n${body}\n`;
const secret = (text: string): string =>
  kept("Secret", `type: helm.sh/release.v1\ndata:\n  release: "${base64(text)}"`);

describe("every secret of a release is found at its place", () => {
  test.each([
    ["a Secret", secret(packed), "Secret", "data"],
    [
      "a Secret in plain",
      kept("Secret", `type: helm.sh/release.v1\nstringData:\n  release: ${packed}`),
      "Secret",
      "stringData",
    ],
    ["a ConfigMap", kept("ConfigMap", `data:\n  release: ${packed}`), "ConfigMap", "data"],
    ["not compressed", secret(base64(JSON.stringify(release))), "Secret", "data"],
    [
      "larger than what is judged in one piece",
      secret(base64(gzipSync(JSON.stringify({ ...release, info: { notes: "all is well\n".repeat(100_000) } })))),
      "Secret",
      "data",
    ],
  ])("%s", async (_what, object, kind, key) => {
    const { code, report } = await scan(object);
    expect(code).toBe(3);
    expect(report.sources[0]?.errors).toEqual([]);
    expect(report.findings.map(({ location }) => location.path).sort()).toEqual(
      [
        "chart.templates.templates/a.yaml:2",
        "chart.values.admin.password",
        "config.db.password",
        "hooks[0] Pod/job containers[a].env.HOOK_PASSWORD",
        "manifest Secret/web stringData.DB_PASSWORD",
      ].map((place) => `${kind}/sh.helm.release.v1.web.v1 ${key}.release ${place}`),
    );
  });
});

describe("one that cannot be read is told", () => {
  const why = "its Helm release cannot be read: it is not what Helm writes, or was cut short";
  test.each([
    ["cut short", secret(packed.slice(0, 200)), why],
    ["no base64", secret("%%%"), why],
    ["no JSON", secret(base64(gzipSync("release"))), why],
    ["a list", secret(base64(gzipSync("[]"))), why],
    [
      "without end",
      secret(base64(gzipSync(Buffer.alloc(65 * 1_048_576, " ")))),
      "its Helm release cannot be read: it is larger than 64 MiB",
    ],
  ])("%s", async (what, object, message) => {
    const { code, report } = await scan(object);
    expect(code).toBe(1);
    const asValue = expect.objectContaining({
      message: expect.stringContaining("release holds something packed") as string,
    });
    expect(report.sources[0]?.errors).toEqual([
      ...(what === "without end" ? [asValue as object] : []),
      {
        subject: "release.yaml Secret/sh.helm.release.v1.web.v1",
        about: { kind: "subject", name: "Secret/sh.helm.release.v1.web.v1", id: expect.any(String) as string },
        message,
        hint: "helm history web shows whether Helm can read it",
      },
    ]);
  });

  test("no other object is taken for one", async () => {
    const { code } = await scan(
      "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: web }\ndata: { release: stable }\n",
    );
    expect(code).toBe(0);
  });
});
