import { createServer, type Server } from "node:http";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEngine } from "../../src/engine/engine.ts";
import { random } from "../support/canary.ts";
import { startEngineDouble, type EngineDouble } from "../support/engine-double.ts";
import { makeWorld, type World } from "../support/world.ts";

// One host answers what no engine does: the others are scanned anyway, and it is an error of its own.

const ODD: readonly unknown[] = [
  ...[null, 1, "text", [], {}, [null], [[]], [{}], [{ Id: 1 }], { Volumes: 1 }, { Volumes: [null] }],
  ...[[{ Id: "a", Names: null }], [{ Id: "a", Names: [1], Image: "x", ImageID: "y" }]],
  { Id: "a", Name: 1 },
  { Id: "a", Name: "/a", Image: "x", State: {}, Config: null, HostConfig: {} },
  { Id: "a", Name: "/a", Image: "x", State: {}, Config: {}, HostConfig: {}, Mounts: [1] },
];

const dir = mkdtempSync(join(tmpdir(), "hosts-"));
const socket = join(dir, "bad.sock");
let answer: (path: string) => unknown = () => null;
let bad: Server;
let good: EngineDouble;
let world: World;

beforeAll(async () => {
  bad = createServer((request, response) => {
    const body = Buffer.from(JSON.stringify(answer((request.url ?? "").replace(/^\/v1\.\d+/, ""))));
    response.setHeader("content-type", "application/json").setHeader("content-length", body.length).end(body);
  });
  await new Promise<void>((done) => bad.listen(socket, done));
  good = await startEngineDouble({ api: { ADMIN_PASSWORD: random(20) } });
  world = makeWorld(good.host);
  mkdirSync(join(world.dir, "config/unsprawl"), { recursive: true });
  writeFileSync(
    join(world.dir, "config/unsprawl/config.yaml"),
    `hosts:\n  bad: { address: "unix://${socket}" }\n  good: { address: "${good.host}" }\n`,
  );
});

afterAll(async () => {
  bad.close();
  await good.stop();
  world.remove();
  rmSync(dir, { recursive: true, force: true });
});

type Report = {
  readonly sources: readonly { readonly host: string; readonly errors: readonly { readonly message: string }[] }[];
  readonly findings: readonly { readonly location: { readonly host: string } }[];
};

it.each([[{ Id: 1 }], [{ Id: "x", Names: ["/x"], Image: "x", ImageID: "x", Mounts: [1] }], { message: 1 }])(
  "a list of containers such as %j ends no scan of the others",
  async (listed) => {
    answer = (path) => (path.startsWith("/containers/json") ? listed : { Volumes: [] });
    const { stdout, stderr } = await world.unsprawl(["scan", "--hosts", "--json"]);
    const report = JSON.parse(stdout) as Report;
    expect(
      report.findings.map(({ location }) => location.host),
      stderr,
    ).toEqual(["good"]);
    const errors = report.sources.flatMap(({ host, errors: all }) => all.map(({ message }) => `${host}: ${message}`));
    expect(errors).toEqual([expect.stringMatching(/^bad: list containers: .* does not answer like an engine/)]);
  },
);

it("every read of the engine refuses what is in no form of an engine's", async () => {
  const engine = await openEngine({ DOCKER_HOST: `unix://${socket}` });
  const reads = ["containers", "images", "volumes", "info", "apiVersion"] as const;
  for (const odd of ODD) {
    answer = () => odd;
    const asked = [
      ...reads.map((read) => engine[read]()),
      engine.container("a"),
      engine.image("a"),
      engine.history("a"),
    ];
    for (const [index, one] of (await Promise.allSettled(asked)).entries())
      if (one.status === "rejected")
        expect(one.reason, `${index}: ${JSON.stringify(odd)}`).toMatchObject({ code: "malformed" });
  }
  answer = () => ({ Id: "a", Name: "/a", Image: "x", State: {}, Config: { Env: [1] }, HostConfig: {} });
  await expect(engine.container("a")).resolves.toMatchObject({ Id: "a" });
  answer = () => [];
  await expect(Promise.all([engine.containers(), engine.images(), engine.history("a")])).resolves.toEqual([[], [], []]);
  engine.close();
});
