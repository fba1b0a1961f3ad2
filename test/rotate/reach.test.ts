import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { ReferenceHolder } from "../../src/contract/reference-holder.ts";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { FOREIGN, FOREIGN_HERE } from "../../src/kit/net/outgoing.ts";
import { Secret } from "../../src/model/secret.ts";
import { administratorLogin, firstInitLogin, reachedFrom, reachedNow } from "../../src/rotate/reach.ts";
import type { StoredEntry } from "../../src/rotate/types.ts";
import { wireOf } from "../../src/rotate/wire.ts";
import { rotatorAbouts } from "../../src/rotators/index.ts";

// Which server a container's variables mean, and whose password is sent there: containers of others are on the same engine.

type Given = {
  readonly name: string;
  readonly ip?: string;
  readonly aliases?: readonly string[];
  readonly mode?: string;
  readonly running?: boolean;
  readonly labels?: { readonly [name: string]: string };
  readonly image?: string;
  readonly env?: readonly string[];
};

function doc({ name, ip = "172.30.0.9", aliases = [], mode = "net", running = true, labels = {}, image, env }: Given) {
  return {
    ...{ Id: `id-${name}`, Name: `/${name}`, State: { Running: running }, HostConfig: { NetworkMode: mode } },
    Config: { Labels: labels, Image: image ?? "app:1", Env: env ?? [] },
    NetworkSettings: {
      Networks: mode === "net" ? { net: { Aliases: aliases, IPAddress: ip } } : mode === "host" ? { host: {} } : {},
    },
  } as unknown as ContainerDoc;
}

const engineVia = (via: string): Engine => ({ connection: { via } }) as unknown as Engine;
const target = (host: string): RotationTarget => ({
  ...{ rotator: "postgres", at: { host, port: 5432, tls: "disable" }, login: "app", database: "" },
  ...{ pair: null, previous: null, details: {} },
});
const reached = (
  host: string,
  from: ContainerDoc,
  ...others: readonly ContainerDoc[]
): ReturnType<typeof reachedFrom> => reachedFrom(engineVia("unix"), target(host), from, [from, ...others]);

describe("the server that a container's variables name", () => {
  const web = doc({ name: "web", ip: "172.30.0.2" });

  it("is the running container of that name in its network, at its address", () => {
    const found = reached("db", web, doc({ name: "pg", aliases: ["db"] }));
    expect([found.target.at?.host, found.server?.Name]).toEqual(["172.30.0.9", "/pg"]);
  });

  it("is none of two that claim the name", () => {
    const both = [doc({ name: "pg", aliases: ["db"] }), doc({ name: "evil", aliases: ["db"], ip: "172.30.0.66" })];
    expect(() => reached("db", web, ...both)).toThrow("two containers are known as db");
  });

  it.each(["db", "localhost", "127.0.0.1", "0.0.0.0", "::1"])("is not what %s means on this host", (host) => {
    const away = doc({ name: "batch", mode: "none" });
    expect(() => reached(host, away, doc({ name: "db", running: false, aliases: ["db"] }))).toThrow(
      host === "0.0.0.0" || host === "db" ? "from here that name means another host" : "cannot be reached from here",
    );
  });

  it("is not this machine for a container of an engine elsewhere", () => {
    const from = doc({ name: "web", mode: "host" });
    expect(() => reachedFrom(engineVia("ssh"), target("127.0.0.1"), from, [from])).toThrow("means another host");
    expect(reached("127.0.0.1", from).target.at?.host).toBe("127.0.0.1");
  });

  it("is no container of the host's network by its name: on its address, the port may be anybody's", () => {
    const from = doc({ name: "web", mode: "host" });
    expect(reached("db", from, doc({ name: "db", mode: "host" })).server).toBeNull();
  });

  it("is connected to as a host that a stranger has named", () => {
    const { signal } = new AbortController();
    const reach = (server: string | null, usesHostNetwork: boolean): unknown =>
      wireOf({ env: {} }, { server, usesHostNetwork }, signal).reach;
    expect(reach(null, false)).toBe(FOREIGN);
    expect([reach("db", false), reach(null, true)]).toEqual([FOREIGN_HERE, FOREIGN_HERE]);
    expect(["link", "loopback", "host"].map((one) => FOREIGN(one as never))).toEqual([false, false, false]);
    expect(FOREIGN_HERE("link")).toBe(false);
  });
});

describe("a server that was started since the plan", () => {
  const planned = target("172.30.0.9");
  const web = doc({ name: "web", ip: "172.30.0.2" });

  it("is connected to where it is now: its earlier address may be another container's", () => {
    const hostNow = (server: ContainerDoc): unknown => reachedNow(planned, "db", server, web).at?.host;
    expect(hostNow(doc({ name: "db" }))).toBe("172.30.0.9");
    expect(hostNow(doc({ name: "db", ip: "172.30.0.10" }))).toBe("172.30.0.10");
  });

  it("is not connected to while it is down", () => {
    for (const server of [null, doc({ name: "db", running: false })])
      expect(() => reachedNow(planned, "db", server, web)).toThrow("the container db, is not running");
  });
});

describe("an administrator's password", () => {
  const value = Secret.of(randomBytes(12).toString("hex"));
  const reference = "ref+vault://secret/apps/db#/POSTGRES_PASSWORD";
  const entry = (source: string): StoredEntry =>
    ({
      move: { name: "POSTGRES_PASSWORD", reference, location: { source, subjectName: "db" } },
      ...{ unit: "db", value, part: value },
    }) as unknown as StoredEntry;
  const login = (container: string) =>
    ({ kind: "first-init", container, variable: "POSTGRES_PASSWORD", user: "postgres" }) as const;
  const holder = (name: string): ReferenceHolder => ({
    name,
    project: "",
    references: [reference],
    mounted: [reference],
  });
  const evil = doc({ name: "evil", labels: { "com.docker.compose.service": "db" } });
  const db = doc({ name: "db", labels: { "com.docker.compose.service": "db" } });

  it("is that of the container itself", () => {
    for (const source of ["docker:db", "compose:compose.yaml"])
      expect(administratorLogin(login("db"), [db], [entry(source)], [holder("db")])).toEqual({
        user: "postgres",
        secret: value,
      });
  });

  it("is not got by a label, nor by a reference that somebody else has copied", () => {
    const asked = (source: string, ...held: readonly string[]): unknown =>
      administratorLogin(login("evil"), [evil], [entry(source)], held.map(holder));
    expect([asked("docker:db"), asked("docker:db", "evil"), asked("compose:compose.yaml", "db")]).toEqual([
      ...[null, null, null],
    ]);
  });

  it("is not got by both, once the container that they were copied from is gone: the value is not mounted", () => {
    const copied: ReferenceHolder = { name: "evil", project: "", references: [reference] };
    expect(administratorLogin(login("evil"), [evil], [entry("compose:compose.yaml")], [copied])).toBeNull();
  });

  it("is nobody's where a copied label and a copied reference make it two containers'", () => {
    const asked = (container: string): unknown =>
      administratorLogin(login(container), [evil, db], [entry("compose:compose.yaml")], ["evil", "db"].map(holder));
    expect([asked("evil"), asked("db")]).toEqual([null, null]);
  });

  it("is looked for by the image's name, whatever its registry, tag and digest are", () => {
    const about = rotatorAbouts.find(({ id }) => id === "postgres");
    if (about === undefined) throw new Error("no rotator of PostgreSQL");
    const of = (image: string): unknown =>
      firstInitLogin(doc({ name: "db", image, env: ["POSTGRES_USER=root"] }), about);
    for (const image of ["postgres", "postgres:17", "r.example:5000/library/postgres", "a/postgres:1@sha256:00"])
      expect(of(image)).toMatchObject({ kind: "first-init", container: "db", user: "root" });
    expect(of("notpostgres:1")).toBeNull();
    expect(firstInitLogin(doc({ name: "db", image: "postgres", mode: "host" }), about)).toBeNull();
  });
});
