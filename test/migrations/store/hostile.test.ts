import { createServer, type Server } from "node:http";
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { stringify } from "yaml";
import { startOpenBao, type OpenBao } from "../../services/openbao.ts";
import { makeWorld, type World } from "../../support/world.ts";
import { password } from "../files-world.ts";

// A store that lies, or whose login ends: nothing is lost, and nothing is said that was not seen.

type Seen = { readonly method: string; readonly url: string; readonly body: string };
type Answer = { readonly status: number; readonly body: unknown };

let bao: OpenBao;
let world: World;
let server: Server;
/** What the server between answers itself; null hands a request on. */
let tamper: (seen: Seen) => Answer | null = () => null;

const names = ["web0", "web1", "web2", "web3"];
let values: { [name: string]: string } = {};

beforeAll(async () => {
  bao = await startOpenBao();
  server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method = "GET", url = "/", headers } = incoming;
      const body = Buffer.concat(chunks).toString("utf8");
      const own = tamper({ method, url, body });
      if (own !== null)
        return void outgoing
          .writeHead(own.status, { "content-type": "application/json" })
          .end(JSON.stringify(own.body));
      const { "content-length": _, connection: __, host: ___, "transfer-encoding": ____, ...kept } = headers;
      void fetch(`${bao.address}${url}`, { method, headers: kept as never, ...(body !== "" && { body }) }).then(
        async (answer) =>
          outgoing
            .writeHead(answer.status, { "content-type": "application/json" })
            .end(Buffer.from(await answer.arrayBuffer())),
        () => outgoing.destroy(),
      );
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});

beforeEach(async () => {
  tamper = () => null;
  world?.remove();
  const { port } = server.address() as AddressInfo;
  world = makeWorld("unix:///nonexistent", { VAULT_ADDR: `http://127.0.0.1:${port}`, VAULT_TOKEN: bao.token });
  const store = (path: string): object => ({ provider: "vault", path });
  writeFileSync(
    join(world.dir, "unsprawl.yaml"),
    stringify({ stores: { old: store("old/{subject}"), new: store("new/{subject}") } }),
  );
  values = Object.fromEntries(names.map((name) => [name, password()]));
  world.plant(values);
  for (const name of names) {
    await bao.api("DELETE", `secret/metadata/new/${name}`);
    await bao.api("POST", `secret/data/old/${name}`, { data: { PASSWORD: values[name] } });
  }
});

afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await bao?.stop();
  world?.remove();
});

const MIGRATE = ["migrate", "old:old", "--to", "new", "--yes"];

async function valuesBelow(path: string): Promise<{ readonly [name: string]: string }> {
  const found = await Promise.all(
    names.map(async (name) => {
      const answer = await bao.api("GET", `secret/data/${path}/${name}`).catch(() => null);
      const value = (answer as { data: { data: { PASSWORD?: string } } } | null)?.data.data.PASSWORD;
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

async function moved(): Promise<string> {
  const ran = await world.unsprawl(MIGRATE);
  expect(ran.code, ran.stderr).toBe(0);
  return /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "";
}

const GONE: Answer = { status: 404, body: { errors: [] } };

const isWrite = ({ method, url }: Seen): boolean => (method === "PATCH" || method === "POST") && url.includes("/data/");

/** What a server says that writes nothing. */
function pretends(version: number): Answer {
  return { status: 200, body: { data: { version, created_time: "2026-01-01T00:00:00Z", deletion_time: "" } } };
}

it("a removal that is said and not done is no removal", { timeout: 60_000 }, async () => {
  const run = await moved();
  tamper = (seen) => (isWrite(seen) ? pretends(9) : null);
  const back = await world.unsprawl(["rollback", run]);
  expect({ code: back.code, stderr: back.stderr }).toEqual({
    code: 5,
    stderr: expect.stringContaining("was removed, and still has it"),
  });
  expect(back.stderr).toContain(`then: unsprawl rollback ${run}`);
  expect(back.stdout).not.toContain("as before");
  tamper = () => null;
  expect((await world.unsprawl(["rollback", run])).code).toBe(0);
  expect(await valuesBelow("new")).toEqual({});

  const next = await moved();
  tamper = (seen) => (isWrite(seen) ? pretends(9) : null);
  const scrubbed = await world.unsprawl(["scrub", next, "--yes"]);
  expect(scrubbed.code).toBe(1);
  expect(scrubbed.stdout).not.toContain("removed");
  expect(scrubbed.stderr).toContain("was removed, and still has it");
  expect(scrubbed.stderr).toContain(`then: unsprawl scrub ${next}`);
  tamper = () => null;
  const ended = await world.unsprawl(["scrub", next, "--yes"]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await valuesBelow("old")).toEqual({});
  expect(await valuesBelow("new")).toEqual(values);
});

it("what an overwrite replaces is kept before it goes, and given back before its copy goes", async () => {
  const before = password();
  world.plant({ before });
  await bao.api("POST", "secret/data/new/web1", { data: { PASSWORD: before } });
  const overwrite = [...MIGRATE, "--overwrite"];
  tamper = (seen) => (isWrite(seen) && seen.body.includes(".before-") ? pretends(2) : null);
  const ran = await world.unsprawl(overwrite);
  expect(ran.code).not.toBe(0);
  expect(ran.stderr).toContain("was written, and does not have it");
  expect(await valuesBelow("new")).toMatchObject({ web1: before });

  tamper = () => null;
  const again = await world.unsprawl(overwrite);
  expect(again.code, again.stderr).toBe(0);
  const run = /Plan (\S+):/.exec(again.stdout)?.[1] ?? "";
  tamper = (seen) => (isWrite(seen) && seen.body.includes(before) ? pretends(3) : null);
  const back = await world.unsprawl(["rollback", run]);
  expect(back.code).toBe(5);
  tamper = () => null;
  const ended = await world.unsprawl(["rollback", run]);
  expect(ended.code, ended.stderr).toBe(0);
  expect(await valuesBelow("new")).toEqual({ ...values, web1: before });
});

it("the copy of what an overwrite replaced is gone only when it is seen to be", { timeout: 60_000 }, async () => {
  const before = password();
  world.plant({ before });
  await bao.api("POST", "secret/data/new/web1", { data: { PASSWORD: before } });
  const ran = await world.unsprawl([...MIGRATE, "--overwrite"]);
  expect(ran.code, ran.stderr).toBe(0);
  const run = /Plan (\S+):/.exec(ran.stdout)?.[1] ?? "";
  tamper = (seen) => (isWrite(seen) && seen.url.includes("/new/") ? pretends(9) : null);
  const scrubbed = await world.unsprawl(["scrub", run]);
  expect(scrubbed.code).toBe(1);
  expect(scrubbed.stderr).toContain("was removed, and still has it");
  tamper = () => null;
  expect((await world.unsprawl(["scrub", run])).code).toBe(0);
  expect(JSON.stringify(await bao.api("GET", "secret/data/new/web1"))).not.toContain(".before-");
});

it("an entry that is listed and then has no value is named, and the rest moves", async () => {
  let reads = 0;
  tamper = ({ method, url }) => (method === "GET" && url.includes("/data/old/web2") && reads++ > 0 ? GONE : null);
  const ran = await world.unsprawl(MIGRATE);
  expect(ran.code).toBe(1);
  expect(ran.stdout + ran.stderr).toContain("listed, but without a value when read: old/web2 PASSWORD: not moved");
  expect(Object.keys(await valuesBelow("new"))).toEqual(["web0", "web1", "web3"]);
});

it("values that are not text are counted, not left out in silence", async () => {
  await bao.api("POST", "secret/data/old/web3", { data: { PASSWORD: values["web3"], PORT: 5432, MORE: { a: [1] } } });
  const ran = await world.unsprawl(MIGRATE);
  expect(ran.code).toBe(1);
  expect((ran.stdout + ran.stderr).replaceAll(/\s+/g, " ")).toContain("old/web3: 2 values are disabled, not text");
  expect(await valuesBelow("new")).toEqual(values);
});

it("a new entry that goes while scrub runs keeps its old one", async () => {
  const run = await moved();
  const seen = new Set<string>();
  tamper = ({ method, url }) => {
    if (method !== "GET" || !url.includes("/data/new/")) return null;
    if (seen.has(url)) return GONE;
    seen.add(url);
    return null;
  };
  const cut = await world.unsprawl(["scrub", run, "--yes", "--no-residue"]);
  expect(cut.code).toBe(1);
  expect(cut.stderr).toContain("what the run kept may be its last copy");
  expect(cut.stderr).toContain(`unsprawl scrub ${run}`);
  expect(await valuesBelow("old")).toEqual(values);
  tamper = () => null;
  expect((await world.unsprawl(["scrub", run, "--yes"])).code).toBe(0);
  expect(await valuesBelow("old")).toEqual({});
});

const DENIED: Answer = { status: 403, body: { errors: ["permission denied"] } };

/** A login that ends before the request of this number that fits. */
function endsAt(count: number, fits: RegExp): typeof tamper {
  let met = 0;
  return ({ method, url }) => {
    if (fits.test(`${method} ${url}`)) met++;
    return met > count ? DENIED : null;
  };
}

it("a login that ends in the middle: after a new one, the command that is named ends it", async () => {
  // In apply: after some are written. In the comparison: once all are verified.
  for (const ends of [endsAt(2, /^POST .*data\/new/), endsAt(2, /^GET .*metadata\/new/)]) {
    tamper = ends;
    const cut = await world.unsprawl(MIGRATE);
    expect(cut.code).toBe(5);
    const run = /Plan (\S+):/.exec(cut.stdout)?.[1] ?? "";
    expect(cut.stderr).toContain("vault login");
    expect(cut.stderr).toMatch(new RegExp(`unsprawl (?:rollback|resume) ${run}`));
    expect(cut.stdout).not.toContain("are equal");
    tamper = () => null;
    const resumed = await world.unsprawl(["resume", run]);
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(await valuesBelow("new")).toEqual(values);
    const back = await world.unsprawl(["rollback", run]);
    expect(back.code, back.stderr).toBe(0);
    expect(await valuesBelow("new")).toEqual({});
  }
  const run = await moved();
  tamper = endsAt(2, /^PATCH .*data\/old/);
  const cut = await world.unsprawl(["scrub", run, "--yes"]);
  expect(cut.code).toBe(4);
  expect(cut.stderr).toContain(`then: unsprawl scrub ${run}`);
  tamper = () => null;
  expect((await world.unsprawl(["scrub", run, "--yes"])).code).toBe(0);
  expect(await valuesBelow("new")).toEqual(values);
});

it("a login that ends before the comparison is the reason that is given", async () => {
  const [written, verified] = [new Set<string>(), new Set<string>()];
  tamper = ({ method, url }) => {
    if (verified.size === names.length) return DENIED;
    if (method === "POST" && url.includes("/data/new/")) written.add(url);
    if (method === "GET" && written.has(url)) verified.add(url);
    return null;
  };
  const cut = await world.unsprawl(MIGRATE);
  const run = /Plan (\S+):/.exec(cut.stdout)?.[1] ?? "";
  expect(cut.code).toBe(5);
  expect(cut.stderr).toContain("4 of 4 migrated, but not compared at the end: the Vault at");
  expect(cut.stderr).toContain("next: vault login");
  expect(cut.stderr).toContain(`then: unsprawl resume ${run} compares both stores`);
  expect(cut.stdout).not.toContain("are equal");
  tamper = () => null;
  const resumed = await world.unsprawl(["resume", run]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stdout.replaceAll(/\s+/g, " ")).toContain("4 of 4 values are equal");
});
