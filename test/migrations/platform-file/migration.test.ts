import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startMoto, type Moto } from "../../services/moto.ts";
import type { NotMoved } from "../../../src/model/plan.ts";
import { filesOf, layFiles } from "../../support/formats.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

type TaskDefinition = { containerDefinitions: readonly object[] };

describe("an ECS task definition", () => {
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

  /** Three containers: a list of some lines with a secret at its end, one in one line, one of a secret alone. */
  const definition = (secrets: readonly string[], role: string): string => `{
\t"family": "shop",${role}
\t"containerDefinitions": [
\t\t{
\t\t\t"name": "api",
\t\t\t"environment": [
\t\t\t\t{ "name": "PORT",  "value": "80" },
\t\t\t\t{ "name": "DB_PASSWORD", "value": "${secrets[0]}" },
\t\t\t\t{ "value": "${secrets[1]}", "name": "API_TOKEN" }
\t\t\t],
\t\t\t"secrets": [
\t\t\t\t{ "name": "OTHER", "valueFrom": "/shop/other" }
\t\t\t]
\t\t},
\t\t{ "name": "worker", "environment": [{ "name": "SESSION_SECRET", "value": "${secrets[2]}" }, {"name":"LOG","value":"info"}], "essential": false },
\t\t{
\t\t\t"name": "db",
\t\t\t"environment": [
\t\t\t\t{ "name": "POSTGRES_PASSWORD", "value": "${secrets[0]}" }
\t\t\t]
\t\t}
\t]
}
`;

  it.each([
    ["aws-ssm", "", (at: string, name: string) => `/apps/shop/${at}/${name}`],
    [
      "aws-secrets-manager",
      '\n\t"executionRoleArn": "arn:aws:iam::123456789012:role/shop",',
      (at: string, name: string) => `arn:aws:secretsmanager:us-east-1:123456789012:secret:apps/shop/${at}:${name}::`,
    ],
  ])("names what %s holds, differs in nothing else, and comes back byte for byte", async (store, role, from) => {
    const secrets = [password(), password(), password()];
    world.plant(Object.fromEntries(secrets.map((secret, at) => [`SECRET_${at}`, secret])));
    const dir = join(world.dir, store);
    layFiles(world.dir, { [`${store}/task.json`]: definition(secrets, role) });
    const before = filesOf(dir);
    const moved = await world.unsprawl(["migrate", `dir:${store}`, "--to", store, "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    expect(moved.stdout + moved.stderr).toContain("execution role must be allowed to read");

    const text = readFileSync(join(dir, "task.json"), "utf8");
    expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    const { containerDefinitions: containers } = JSON.parse(text) as TaskDefinition;
    const secret = (at: string, name: string): object => ({ name, valueFrom: from(at, name) });
    expect(containers).toEqual([
      {
        name: "api",
        environment: [{ name: "PORT", value: "80" }],
        secrets: [
          { name: "OTHER", valueFrom: "/shop/other" },
          secret("api", "DB_PASSWORD"),
          secret("api", "API_TOKEN"),
        ],
      },
      {
        name: "worker",
        environment: [{ name: "LOG", value: "info" }],
        secrets: [secret("worker", "SESSION_SECRET")],
        essential: false,
      },
      { name: "db", environment: [], secrets: [secret("db", "POSTGRES_PASSWORD")] },
    ]);
    // Lines without a moved value stay as they are.
    const kept = definition(secrets, role)
      .split("\n")
      .filter(
        (line) => !secrets.some((one) => line.includes(one)) && !line.includes('"PORT"') && !line.includes("OTHER"),
      );
    expect(kept.filter((line) => !text.includes(line.replace(/,$/, "")))).toEqual([]);

    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(dir)).toEqual(before);
  });

  it.each([
    [
      "local",
      definition([password(), password(), password()], ""),
      /^ECS cannot read local$/,
      /Parameter Store or Secrets Manager/,
    ],
    [
      "aws-secrets-manager",
      definition([password(), password(), password()], ""),
      /names no executionRoleArn/,
      /by name/,
    ],
    [
      "aws-ssm",
      `{"containerDefinitions":[{"environment":[{"name":"DB_PASSWORD","value":"${password()}"}],"secrets":[{"name":"DB_PASSWORD","valueFrom":"/x"}]}]}`,
      /^is also in the container's secrets$/,
      /^remove it from environment/,
    ],
  ])("is refused for %s where ECS could not read it: %#", async (store, text, reason, hint) => {
    layFiles(world.dir, { "refused/task.json": text });
    const ran = await world.unsprawl(["plan", "dir:refused", "--to", store, "--json"]);
    const { notMoved, steps } = JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[]; steps: readonly object[] };
    expect(steps).toEqual([]);
    for (const one of notMoved)
      expect(one).toMatchObject({ reason: expect.stringMatching(reason), hint: expect.stringMatching(hint) });
    expect(notMoved.length).toBeGreaterThan(0);
  });
});

describe("a GitHub Actions workflow", () => {
  let world: World;
  beforeAll(() => void (world = makeWorld("unix:///nowhere")));
  afterAll(() => world?.remove());

  const workflow = (on: string, secrets: readonly string[]): string =>
    `# of the shop\r\non: ${on}\r\nenv:\r\n  NPM_TOKEN: \${{ secrets.NPM_TOKEN }}\r\n  SIGNING_SECRET:   '${secrets[0]}' # rotate\r\n  API_TOKEN: >-\r\n    ${secrets[2]}\r\n\r\njobs:\r\n  test:\r\n    services:\r\n      db: {image: postgres, env: {POSTGRES_PASSWORD: ${secrets[1]}, POSTGRES_DB: app}}\r\n    steps:\r\n      - run: npm test\r\n        env:\r\n          POSTGRES_PASSWORD: "${secrets[1]}"\r\n`;

  it("reads the secrets of its repository, and says how they get there", async () => {
    const secrets = [password(), password(), password()];
    world.plant({ SIGNING_SECRET: secrets[0] ?? "", POSTGRES_PASSWORD: secrets[1] ?? "", API_TOKEN: secrets[2] ?? "" });
    const text = workflow("push", secrets);
    layFiles(world.dir, { "shop/.github/workflows/test.yml": text });
    const before = filesOf(join(world.dir, "shop"));
    const moved = await world.unsprawl(["migrate", "dir:shop", "--to", "local", "--yes"]);
    expect(moved.code, moved.stderr).toBe(0);
    const after = readFileSync(join(world.dir, "shop/.github/workflows/test.yml"), "utf8");
    expect(after).toBe(
      text
        .replace(secrets[0] ?? "", "${{ secrets.SIGNING_SECRET }}")
        .replace(`>-\r\n    ${secrets[2]}`, "${{ secrets.API_TOKEN }}")
        .replace(`${secrets[1]},`, '"${{ secrets.POSTGRES_PASSWORD }}",')
        .replace(secrets[1] ?? "", "${{ secrets.POSTGRES_PASSWORD }}"),
    );
    // The command that it prints gives each secret to whatever stands in the place of `gh`.
    const [command = ""] =
      /UNSPRAWL_VALUE='ref\+[^']+' unsprawl run[^;]*SIGNING_SECRET'/.exec(moved.stdout + moved.stderr) ?? [];
    const reference = /='(ref\+[^']+)'/.exec(command)?.[1] ?? "";
    expect(command).toContain("| gh secret set SIGNING_SECRET");
    const run = ["run", "--only", "UNSPRAWL_VALUE", "--", "sh", "-c", 'printf %s "$UNSPRAWL_VALUE"'];
    const ran = await world.unsprawl(run, { env: { UNSPRAWL_VALUE: reference }, mayShow: true });
    expect(ran.stdout).toBe(secrets[0]);
    expect((await world.unsprawl(["rollback"])).code).toBe(0);
    expect(filesOf(join(world.dir, "shop"))).toEqual(before);
  });

  it.each([
    ["[push, pull_request]", /those from forks get no secrets/, /--accept forks/],
    ["{workflow_call: {}}", /a workflow that others call/, /on\.workflow_call\.secrets/],
  ])("of on: %s is refused", async (on, reason, hint) => {
    const secrets = [password(), password(), password()];
    layFiles(world.dir, { "other/.github/workflows/test.yml": workflow(on, secrets) });
    const plan = async (more: readonly string[]): Promise<{ notMoved: readonly NotMoved[] }> => {
      const ran = await world.unsprawl(["plan", "dir:other", "--to", "local", "--json", ...more]);
      return JSON.parse(ran.stdout) as { notMoved: readonly NotMoved[] };
    };
    const { notMoved } = await plan([]);
    expect(notMoved).toHaveLength(4);
    for (const one of notMoved)
      expect(one).toMatchObject({ reason: expect.stringMatching(reason), hint: expect.stringMatching(hint) });
    const accepted = await plan(["--accept", "forks"]);
    expect(accepted.notMoved).toHaveLength(on.includes("pull_request") ? 0 : 4);
  });
});
