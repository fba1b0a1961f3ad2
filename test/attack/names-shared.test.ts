import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { serviceFolder } from "../../migrations/compose/delivery/change.ts";
import { subjectOf } from "../../migrations/compose/delivery/wish.ts";
import { kubernetesMigration } from "../../migrations/kubernetes/index.ts";
import { createObjects, plannedObjects } from "../../migrations/swarm/objects.ts";
import { secretKey } from "../../providers/aws-secrets-manager/names.ts";
import { parameterKey } from "../../providers/aws-ssm/names.ts";
import { mappedName, nameMap, type Names } from "../../providers/azure-key-vault/names.ts";
import { keyMaker } from "../../providers/keywhiz/names.ts";
import { vaultKey } from "../../providers/vault/names.ts";
import type { DeliverySubject, RunChange } from "../../src/contract/delivery.ts";
import { containerUnit } from "../../src/engine/names.ts";
import { belowFolder, distinctName, isOwnName } from "../../src/kit/io/name.ts";
import type { Swarm } from "../../src/engine/swarm.ts";
import { envPlaces } from "../../migrations/kubernetes/syntax/environment.ts";
import { manifestsOf } from "../../migrations/kubernetes/syntax/place.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Location } from "../../src/model/location.ts";
import { Secret } from "../../src/model/secret.ts";
import { sopsKey } from "../../src/stores-kit/sops/names.ts";
import type { KubernetesTools } from "../../migrations/kubernetes/plan.ts";

const RUN = "20261125-143007-3fa9";

describe("two subjects share nothing", () => {
  const compose = (project: string, service: string): string =>
    subjectOf({} as DeliverySubject, project, service, RUN).id;

  test("no folder of values", () => {
    const ids = [
      compose("a_b", "c"),
      compose("a", "b_c"),
      compose("a", "b/c"),
      compose("a/b", "c"),
      containerUnit("a_b_c", RUN),
      containerUnit(compose("a_b", "c").slice(0, -RUN.length - 1), RUN),
      containerUnit("a-before-b", RUN),
      containerUnit("a", RUN),
      containerUnit("../a", RUN),
      containerUnit(".._a", RUN),
      containerUnit("", RUN),
      containerUnit("a".repeat(64 * 1024), RUN),
      containerUnit("a".repeat(64 * 1024 - 1), RUN),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(belowFolder("/u", id)).toBe(join("/u", id));
    // A container keeps its folder while it is kept for rollback, and a plain name stays readable.
    expect(containerUnit(`web-before-${RUN}`, RUN)).toBe(containerUnit("web", RUN));
    expect(containerUnit("my_web.1", RUN)).toBe(`my_web.1-${RUN}`);
  });

  test("no folder of a Compose service, wherever it is committed", () => {
    const pairs = [
      ["a_b", "c"],
      ["a", "b_c"],
      ["a", "b/c"],
      ["a/b", "c"],
      ["..", "c"],
      ["a", ".."],
      ["a", "."],
      ["a", "x".repeat(400)],
      ["a", `x-${"0".repeat(16)}`],
    ] as const;
    const folders = pairs.map(([project, service]) => serviceFolder(project, service));
    expect(new Set(folders).size).toBe(pairs.length);
    for (const folder of folders)
      expect(folder).toMatch(/^compose\/[A-Za-z0-9][\w.-]{0,254}\/[A-Za-z0-9][\w.-]{0,254}$/);
    // The plain ones stay readable in a file that people review.
    expect(serviceFolder("shop", "db")).toBe("compose/shop/db");
  });

  test("no Swarm secret", () => {
    const change = { mounts: [{ source: "", target: "/run/secrets" }] } as unknown as RunChange;
    const nameOf = (service: string, name: string): string =>
      plannedObjects(service, RUN, change, [{ name, mode: 0o400, holdsValue: true }])[0]?.name ?? "";
    const pairs = [
      ["web", "DB_PASSWORD"],
      ["web_DB", "PASSWORD"],
      ["web_DB_PASSWORD", "_"],
      ["stack_web", "B".repeat(200)],
      ["stack_web", "B".repeat(199)],
      ["w".repeat(60), "DB_PASSWORD"],
    ] as const;
    const names = pairs.map(([service, name]) => nameOf(service, name));
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[A-Za-z0-9][\w.-]{0,62}[A-Za-z0-9]$/);
    expect(names[0]).toBe(`web_DB_PASSWORD_${RUN}`);
  });

  test("and a Swarm secret that somebody else made is not taken for the run's own", async () => {
    const change = { mounts: [{ source: "", target: "/run/secrets" }] } as unknown as RunChange;
    const content = Secret.of("x");
    const files = [{ name: "DB_PASSWORD", mode: 0o400, holdsValue: true, content }];
    const objects = plannedObjects("web", RUN, change, files);
    const made: string[] = [];
    const swarm = (labels: { readonly [name: string]: string }): Swarm =>
      ({
        objects: async () => [{ ID: "1", Spec: { Name: objects[0]?.name ?? "", Labels: labels } }],
        create: async (_kind: string, name: string) => void made.push(name),
      }) as unknown as Swarm;
    const own = { "managed-by": "unsprawl", "unsprawl.run": RUN, "unsprawl.service": "web" };
    await createObjects(swarm(own), objects, files, "web", RUN);
    for (const labels of [{}, { ...own, "unsprawl.service": "other" }])
      await expect(createObjects(swarm(labels), objects, files, "web", RUN)).rejects.toMatchObject({
        code: "conflict",
      });
    expect(made).toEqual([]);
  });

  test("no key of a cluster's Secret, and none that a cluster does not take", async () => {
    const dir = mkdtempSync(join(tmpdir(), "unsprawl-keys-"));
    const file = join(dir, "web.yaml");
    const env = (...pairs: [string, string][]): string =>
      pairs
        .map(([name, value]) => `            - { name: ${JSON.stringify(name)}, value: ${JSON.stringify(value)} }\n`)
        .join("");
    writeFileSync(
      file,
      `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      containers:
        - name: app
          env:
${env(["..x_TOKEN", "a"], [".", "b"], ["a/b", "c"], ["B", "d"], ["a.B", "e"], ["DB_PASSWORD", "f"])}        - name: a
          env:
${env(["B", "g"])}`,
    );
    const location = {
      source: `kubernetes:${file}`,
      subject: "service",
      subjectId: `${file}#default/web`,
      where: "env",
    };
    const manifests = await manifestsOf(location as Location);
    const migration = kubernetesMigration({} as KubernetesTools);
    const moved: string[] = [];
    for (const { name, resource, path, subjectName, value } of envPlaces(manifests ?? { resources: [] })) {
      const at = { ...location, subjectName: subjectName, path: `${resource.label} ${path}` };
      const finding = { name, location: at, part: { in: "value", path: "" }, masked: "" } as unknown as Finding;
      if ((await migration.refuses(finding, new Set())) === null) moved.push(value);
    }
    rmSync(dir, { recursive: true });
    // The second B would be a.B in the Secret.
    expect(moved).toEqual(["d", "f"]);
  });

  test("whatever they are called", () => {
    const part = fc.string({ unit: fc.constantFrom("a", "b", "_", "-", ".", "/", "\n", "é", "0") });
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        const [one, other] = [distinctName(`${a}_${b}`, [a, b]), distinctName(`${c}_${d}`, [c, d])];
        expect(one === other).toBe(a === c && b === d);
        expect(isOwnName(one)).toBe(false);
        expect(one).toMatch(/^[A-Za-z0-9][\w.-]*$/);
      }),
    );
  });
});

describe("a place in a store", () => {
  // Of one opened store: it takes no name that it could not keep apart from another.
  let azure: Names;
  beforeEach(() => (azure = nameMap("{subject}-{name}")));
  const parts = ["..", ".", "../../../etc", "a/../../b", "/etc/passwd", "a\nb", "a\u0000b", "%2e%2e", "{name}", " .. "];
  const folder = "/srv/secrets";
  const places: readonly [string, (subject: string, project: string, name: string) => string][] = [
    ["vault", (subject, project, name) => `/${vaultKey("apps/{project}/{subject}", { subject, project, name }).path}`],
    [
      "SOPS file",
      (subject, project, name) => {
        const { path } = sopsKey(`${folder}/{project}/{subject}.sops.yaml`, { subject, project, name });
        return path
          .slice(folder.length)
          .replace(/\.sops\.yaml$/, "")
          .replace("/", "/apps/");
      },
    ],
    [
      "AWS Secrets Manager",
      (subject, project, name) => `/${secretKey("apps/{project}/{subject}", { subject, project, name }).path}`,
    ],
    ["AWS SSM", (subject, project, name) => parameterKey("/apps/{project}/{subject}", { subject, project, name }).path],
    [
      "Azure Key Vault",
      (subject, project, name) =>
        `/apps/${mappedName("{project}", { subject, project, name })}/${azure.key({ subject, project, name }).path}`,
    ],
    [
      "Keywhiz",
      (subject, project, name) => `/apps/p/${keyMaker("{project}.{subject}.{name}")({ subject, project, name }).path}`,
    ],
  ];

  test.each(places)("of %s is never outside its template", (_store, place) => {
    for (const subject of [...parts, "web"])
      for (const project of [...parts, "shop"]) {
        let path: string;
        try {
          path = place(subject, project, "DB_PASSWORD");
        } catch (error) {
          expect((error as UnsprawlError).code).toBe("refused");
          expect([...parts]).toContain(subject === "web" ? project : subject);
          continue;
        }
        const [root, top, first, second, ...more] = path.split("/");
        expect([root, top, more.length], path).toEqual(["", "apps", 0]);
        for (const one of [first ?? "", second ?? ""]) expect(one).toMatch(/^(?!\.{1,2}$)[^\p{Cc}]+$/u);
      }
    expect(() => place("", "shop", "DB_PASSWORD")).toThrow(UnsprawlError);
  });

  test.each(places)("of %s is the subject's own", (_store, place) => {
    const subjects = ["a/b", "a_b", "a%2Fb", "a_x2f_b", "a.b", "a-x2f-b"];
    const made = subjects.flatMap((subject) => {
      try {
        return [place(subject, "shop", "DB_PASSWORD")];
      } catch (error) {
        expect((error as UnsprawlError).code).toBe("refused");
        return [];
      }
    });
    expect(made.length).toBeGreaterThan(2);
    expect(new Set(made).size).toBe(made.length);
  });
});
