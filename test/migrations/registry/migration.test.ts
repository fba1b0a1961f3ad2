import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Registry } from "../../../src/images/registry/client.ts";
import { startRegistry, type TestRegistry } from "../../services/registry.ts";
import { sample } from "../../support/deep.ts";
import { boundariesOf, killedAt, oneOfEachStep, recorded, sweep } from "../../support/kill.ts";
import { bytesOf, clientOf, forever, OCI, pushImage, put } from "../../support/pushed.ts";
import { stateOf } from "../../support/in-process.ts";
import { runIds } from "../../support/runs.ts";
import { twelveSecrets } from "../../support/secrets.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

const { DB_PASSWORD = "", GITHUB_TOKEN = "", SESSION_SECRET = "" } = twelveSecrets();
const VALUES = [DB_PASSWORD, GITHUB_TOKEN, SESSION_SECRET];

describe.each([["deletes", true] as const, ["keeps what it has", false] as const])(
  "a registry that %s",
  (_is, deletes) => {
    let server: TestRegistry;
    let registry: Registry;
    let world: World;
    let made = 0;

    beforeAll(async () => {
      server = await startRegistry({ deletes });
      registry = clientOf(server);
      world = makeWorld("unix:///nobody");
    });
    afterAll(async () => {
      registry?.close();
      await server?.stop();
      world?.remove();
    });

    const config = (architecture: string, ...env: string[]): object => ({
      architecture,
      os: "linux",
      config: {
        Env: ["PATH=/bin", ...env],
        Labels: { "api.token": SESSION_SECRET, vendor: `v${made}` },
        Cmd: ["serve"],
      },
      history: [
        { created_by: `ENV ${env.join(" ")}`, empty_layer: true },
        { created_by: `RUN |1 GITHUB_TOKEN=${GITHUB_TOKEN} /bin/sh -c make # buildkit` },
      ],
    });

    /** Two platforms and what BuildKit says of one of them, under one tag. */
    async function index(): Promise<{ name: string; digest: string }> {
      const repository = `team/app-${made++}`;
      const env = `DB_PASSWORD=${DB_PASSWORD}`;
      const platforms = [];
      for (const architecture of ["amd64", "arm64"]) {
        const { digest, size } = await pushImage(registry, repository, [], config(architecture, env), {
          annotations: { "org.example.made": "by hand" },
        });
        platforms.push({ mediaType: OCI.manifest, digest, size, platform: { os: "linux", architecture } });
      }
      const about = await pushImage(registry, repository, [], { architecture: "unknown" }, {});
      const attestation = {
        mediaType: OCI.manifest,
        digest: about.digest,
        size: about.size,
        annotations: {
          "vnd.docker.reference.type": "attestation-manifest",
          "vnd.docker.reference.digest": platforms[0]?.digest,
        },
      };
      const document = { schemaVersion: 2, mediaType: OCI.index, manifests: [...platforms, attestation] };
      const { digest } = await put(registry, repository, ["1"], bytesOf(document));
      return { name: repository, digest };
    }

    /** Everything that a tag leads to, as text. */
    async function shown(repository: string, tag = "1"): Promise<string> {
      const top = await registry.manifest(repository, tag, forever);
      const parts = [top.bytes.toString("utf8")];
      const entries = (top.document["manifests"] ?? []) as { digest: string }[];
      for (const { digest } of entries) {
        const { bytes, document } = await registry.manifest(repository, digest, forever);
        parts.push(
          bytes.toString("utf8"),
          JSON.stringify(await registry.json(repository, document["config"] as never, forever)),
        );
      }
      return parts.join("\n");
    }

    const has = (text: string): string[] => VALUES.filter((value) => text.includes(value));
    const layersOf = async (repository: string): Promise<unknown[]> => {
      const top = await registry.manifest(repository, "1", forever);
      const entries = (top.document["manifests"] as { digest: string; platform?: object }[]).filter(
        (one) => one.platform,
      );
      const all = entries.map(async ({ digest }) => (await registry.manifest(repository, digest, forever)).document);
      return (await Promise.all(all)).map(({ layers }) => layers);
    };
    const tags = async (repository: string): Promise<string[]> => {
      const all: string[] = [];
      for await (const tag of registry.tags(repository, forever)) all.push(tag);
      return all.sort();
    };
    const runOf = ({ stdout }: Ran): string => /Plan (\S+):/.exec(stdout)?.[1] ?? "";
    const told = (ran: Ran): Ran => {
      for (const value of VALUES) expect(ran.stdout + ran.stderr).not.toContain(value);
      return ran;
    };
    const migrate = async (name: string, ...more: string[]): Promise<Ran> =>
      told(await world.unsprawl(["migrate", `registry:${server.host}/${name}:1`, "--to", "local", "--yes", ...more]));

    it(
      "every platform loses its values, layers and the rest stay, and the tag comes back",
      { timeout: 300_000 },
      async () => {
        const { name, digest } = await index();
        expect(has(await shown(name))).toEqual(VALUES);
        const layers = await layersOf(name);
        const ran = await migrate(name);
        expect(ran.code, ran.stderr).toBe(0);
        expect(ran.stdout).toMatch(
          /note {2}5 documents of \d{3,4} bytes are uploaded, no layer; 2 platforms are cleaned/,
        );
        expect(ran.stdout).toContain("attestation");
        const after = await shown(name);
        expect(has(after)).toEqual([]);
        expect(await layersOf(name)).toEqual(layers);
        expect(after).toContain('"org.example.made":"by hand"');
        expect(after).not.toContain("attestation-manifest");
        const scanned = await world.unsprawl(["scan", `registry:${server.host}/${name}:1`]);
        expect(scanned.stdout).toContain("no secrets found");

        const back = told(await world.unsprawl(["rollback", runOf(ran)]));
        expect(back.code, back.stderr).toBe(0);
        expect((await registry.manifest(name, "1", forever)).digest).toBe(digest);
        // The tag that kept it names nothing that holds a value.
        for (const tag of await tags(name)) if (tag !== "1") expect(has(await shown(name, tag))).toEqual([]);
        if (deletes) expect(await tags(name)).toEqual(["1"]);
      },
    );

    it(
      "what the tag named is kept until scrub, and goes unless another tag names it",
      { timeout: 300_000 },
      async () => {
        const { name, digest } = await index();
        const run = runOf(await migrate(name));
        expect((await registry.manifest(name, `1-before-${run}`, forever)).digest).toBe(digest);
        const scrubbed = told(await world.unsprawl(["scrub", run, "--accept", "key-backup"]));
        if (deletes) {
          expect([scrubbed.code, scrubbed.stdout]).toEqual([5, expect.stringContaining("garbage collection")]);
          await expect(registry.manifest(name, digest, forever)).rejects.toMatchObject({ code: "absent" });
        } else expect([scrubbed.code, scrubbed.stdout]).toEqual([5, expect.stringContaining("deletes nothing")]);

        const other = await index();
        const { bytes, mediaType } = await registry.manifest(other.name, "1", forever);
        await registry.putManifest(other.name, "stable", mediaType, bytes, forever);
        const second = runOf(await migrate(other.name));
        const left = told(await world.unsprawl(["scrub", second, "--accept", "key-backup"]));
        expect([left.code, left.stdout]).toEqual([5, expect.stringContaining("stable still names the old image")]);
        expect((await registry.manifest(other.name, "stable", forever)).digest).toBe(other.digest);
      },
    );

    it("a tag that is moved meanwhile stays where it is", async () => {
      const { name } = await index();
      const source = `registry:${server.host}/${name}:1`;
      await world.unsprawl(["plan", source, "--to", "local", "-o", `${made}.json`]);
      const { digest } = await pushImage(registry, name, ["1"], { config: { Env: ["A=b"] } }, {});
      const ran = told(await world.unsprawl(["apply", `${made}.json`]));
      expect([ran.code, ran.stderr]).toEqual([1, expect.stringContaining("is not the image that the plan saw")]);
      expect((await registry.manifest(name, "1", forever)).digest).toBe(digest);
    });

    it("several images at once are left, with what to type", async () => {
      const { name } = await index();
      const plan = await world.unsprawl(["plan", `registry:${server.host}/${name}:*`, "--to", "local"]);
      expect(plan.stdout).toContain(`next: unsprawl plan registry:${server.host}/${name}:1 --to STORE`);
    });

    it("killed at step boundaries, then resumed or rolled back", async () => {
      const args = (name: string): string[] => [
        "migrate",
        `registry:${server.host}/${name}:1`,
        "--to",
        "local",
        "--yes",
      ];
      const lanes = [world, makeWorld("unix:///nobody")];
      onTestFinished(() => lanes[1]?.remove());
      const undisturbed = (await index()).name;
      // The worlds' keys are made by now.
      for (const lane of lanes) expect((await lane.unsprawl(["plan", ...args(undisturbed).slice(1, -1)])).code).toBe(0);
      const { ran, kinds } = await recorded(world, args(undisturbed));
      expect(told(ran).code, ran.stderr).toBe(0);
      // What comes before the image is written is what every run does; the rest has the same order in both registries.
      const boundaries = sample(oneOfEachStep(boundariesOf(kinds, "after intent clean")), deletes ? 3 : 1);
      await sweep(boundaries, lanes, async (at, turn, lane) => {
        const { name, digest } = await index();
        const before = runIds(lane);
        const killed = told(await killedAt(lane, args(name), at));
        expect(killed.signal, `${at.kind}: ${killed.stderr}`).toBe("SIGKILL");
        const run = runIds(lane).find((id) => !before.includes(id));
        const current = async (): Promise<string> => (await registry.manifest(name, "1", forever)).digest;
        if (run === undefined || stateOf(lane, run) === null) return expect(await current()).toBe(digest);
        const verb = turn % 2 === 0 ? "resume" : "rollback";
        const ended = told(await lane.unsprawl([verb, run]));
        expect(ended.code, `${verb}, ${at.kind}: ${ended.stderr}`).toBe(0);
        if (verb === "rollback") return expect(await current()).toBe(digest);
        expect(has(await shown(name))).toEqual([]);
        expect((await registry.manifest(name, `1-before-${run}`, forever)).digest).toBe(digest);
      });
    });
  },
);
