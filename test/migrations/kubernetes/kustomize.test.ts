import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { startMoto, type Moto } from "../../services/moto.ts";
import type { NotMoved } from "../../../src/model/plan.ts";
import { filesOf, layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

describe("a kustomization", () => {
  let moto: Moto;
  let world: World;
  beforeAll(async () => {
    moto = await startMoto();
    world = makeWorld("unix:///nowhere", moto.env);
  });
  afterAll(async () => {
    world?.remove();
    await moto?.stop();
  });

  const plan = async (dir: string, text: string): Promise<readonly NotMoved[]> => {
    layFiles(world.dir, { [`${dir}/kustomization.yaml`]: text });
    const ran = await world.unsprawl(["plan", `kubernetes:${dir}`, "--to", "aws-ssm", "--json"]);
    return (JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[] }).notMoved;
  };

  it.each([
    ["one of two generators", "\nresources:\n  - ../base # all of it\n", true],
    ["the only generator, without resources", "\n", false],
  ])("has an ExternalSecret in the place of %s, and comes back byte for byte", async (_what, more, two) => {
    const [own, other] = [password(), password()];
    world.plant({ POSTGRES_PASSWORD: own, API_TOKEN: other });
    const dir = two ? "two" : "one";
    const kept = `  - name: files # stays\n    files: [tls.key]\n`;
    const text = `# the shop\nnamespace: shop${more}secretGenerator:\n${two ? kept : ""}  - name: db\n    literals:\n      - POSTGRES_USER=app\n      - POSTGRES_PASSWORD="${own}" # rotate\n      - 'API_TOKEN=${other}'\nimages: [{name: a, newTag: "1"}]\n`;
    layFiles(world.dir, { [`${dir}/kustomization.yaml`]: text });
    const before = filesOf(join(world.dir, dir));
    const moved = await world.unsprawl(["migrate", `kubernetes:${dir}`, "--to", "aws-ssm", "--yes"]);
    expect(moved.code, moved.stderr + moved.stdout).toBe(0);
    expect(moved.stdout + moved.stderr).toContain(`kubectl apply -k ${dir}`);

    const added = "  - kustomization-secrets.yaml\n";
    const resources = two ? `\nresources:\n  - ../base # all of it\n${added}` : "\n";
    const end = two ? "" : `resources:\n${added}`;
    expect(readFileSync(join(world.dir, dir, "kustomization.yaml"), "utf8")).toBe(
      `# the shop\nnamespace: shop${resources}${two ? `secretGenerator:\n${kept}` : ""}images: [{name: a, newTag: "1"}]\n${end}`,
    );
    const made = readFileSync(join(world.dir, dir, "kustomization-secrets.yaml"), "utf8");
    const [, external] = parseAllDocuments(made).map((one) => one.toJS() as { spec: object });
    const remote = (name: string): object => ({ secretKey: name, remoteRef: { key: `/apps/db/${name}` } });
    expect(external).toMatchObject({
      kind: "ExternalSecret",
      spec: {
        target: { name: "db" },
        data: ["POSTGRES_USER", "POSTGRES_PASSWORD", "API_TOKEN"].map(remote),
      },
    });
    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(join(world.dir, dir))).toEqual(before);
  });

  it.each([
    ["also made from files", "  - name: db\n    envs: [db.env]\n", /is a literal of a generator with envs/],
    ["that merges into another", "  - name: db\n    behavior: merge\n", /with behavior/],
    ["of another type", "  - name: db\n    type: kubernetes.io/basic-auth\n", /with type/],
    ["whose names get a prefix", "  - name: db\n", /with namePrefix/],
  ])("a generator %s stays, and the refusal says what to write", async (what, generator, reason) => {
    const prefix = what.includes("prefix") ? "namePrefix: a-\n" : "";
    const text = `${prefix}secretGenerator:\n${generator}    literals: [DB_PASSWORD=${password()}]\n`;
    const notMoved = await plan(`refused-${what.length}`, text);
    expect(notMoved).toMatchObject([
      {
        reason: expect.stringMatching(reason),
        hint: expect.stringMatching(/^write an ExternalSecret .* remove DB_PASSWORD from literals$/),
      },
    ]);
  });

  it("a generator that would keep a literal stays whole", async () => {
    const text = `secretGenerator:\n  - name: db\n    literals: [DB_PASSWORD=${password()}, EMPTY=]\n`;
    expect(await plan("kept", text)).toMatchObject([
      {
        reason: expect.stringMatching(/^EMPTY of the generator db would stay/),
        hint: expect.stringMatching(/configMapGenerator/),
      },
    ]);
  });
});
