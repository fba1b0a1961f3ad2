import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Variables of each container, by its name; changed while the double runs, the next scan sees it. */
export type Containers = { [name: string]: { [variable: string]: string } };

export type EngineDouble = {
  /** `unix://…`. */
  readonly host: string;
  readonly containers: Containers;
  /** How many questions it was asked. */
  readonly asked: number;
  /** How many connections to it are open. */
  connections(): Promise<number>;
  /** While true every question is refused. */
  broken: boolean;
  /** Tells those who follow the engine's events that this happened to a container. */
  event(action: string, name: string): void;
  /** Calls a container otherwise, and tells those who follow. */
  rename(from: string, to: string): void;
  /** Takes a container away, and tells those who follow. */
  remove(name: string): void;
  /** How many follow the events. */
  readonly followers: number;
  /** Ends every connection that follows the events. */
  cut(): void;
  stop(): Promise<void>;
};

const IMAGE = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

/**
 * A double of an engine, for fleets of more hosts than a machine can have: what `docker:` reads, in the form of
 * API 1.45, which the tests of the source hold against the real engine. All containers come from one image.
 */
export async function startEngineDouble(containers: Containers): Promise<EngineDouble> {
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-double-"));
  const socket = join(dir, "docker.sock");
  const state = { asked: 0, broken: false };
  const followers = new Set<ServerResponse>();
  /** Of containers that are called otherwise than when they were made. */
  const ids = new Map<string, string>();
  const idOf = (name: string): string => ids.get(name) ?? createHash("sha256").update(name).digest("hex");
  const server = createServer((request, response) => {
    state.asked++;
    if (!state.broken && /^(\/v1\.\d+)?\/events\?/.test(request.url ?? "")) {
      followers.add(response);
      response.on("close", () => followers.delete(response));
      response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      return;
    }
    const answer = state.broken ? null : answerTo((request.url ?? "").replace(/^\/v1\.\d+/, ""), containers, idOf);
    const status = state.broken ? 500 : answer === null ? 404 : 200;
    const body = Buffer.from(JSON.stringify(answer ?? { message: state.broken ? "broken" : "no such thing" }));
    response.writeHead(status, { "content-type": "application/json", "content-length": body.length }).end(body);
  });
  await new Promise<void>((ready) => server.listen(socket, ready));
  const double: EngineDouble = {
    host: `unix://${socket}`,
    containers,
    get asked() {
      return state.asked;
    },
    connections: () =>
      new Promise((done, fail) => server.getConnections((error, count) => (error ? fail(error) : done(count)))),
    get broken() {
      return state.broken;
    },
    set broken(to) {
      state.broken = to;
    },
    rename(from, to) {
      ids.set(to, idOf(from));
      containers[to] = containers[from] ?? {};
      delete containers[from];
      double.event("rename", to);
    },
    remove(name) {
      delete containers[name];
      double.event("destroy", name);
    },
    event(action, name) {
      const id = idOf(name);
      const told = { status: action, id, Type: "container", Action: action, Actor: { ID: id, Attributes: { name } } };
      for (const one of followers) one.write(`${JSON.stringify(told)}\n`);
    },
    get followers() {
      return followers.size;
    },
    cut() {
      for (const one of followers) one.destroy();
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      rmSync(dir, { recursive: true, force: true });
    },
  };
  return double;
}

function answerTo(path: string, containers: Containers, idOf: (name: string) => string): unknown {
  if (path === "/volumes") return { Volumes: [] };
  if (path === "/info") return { Name: "double", OperatingSystem: "none" };
  if (path === "/containers/json?all=true")
    return Object.keys(containers).map((name) => ({
      Id: idOf(name),
      Names: [`/${name}`],
      Image: "app:1",
      ImageID: IMAGE,
      Mounts: [],
      Labels: {},
    }));
  if (path.endsWith("/history")) return [];
  if (path.startsWith("/images/")) return { Id: IMAGE, RepoTags: ["app:1"], Config: { Env: ["PATH=/bin"] } };
  const id = /^\/containers\/([0-9a-f]{64})\/json$/.exec(path)?.[1];
  const found = Object.entries(containers).find(([name]) => idOf(name) === id);
  if (found === undefined) return null;
  const [name, variables] = found;
  return {
    Id: id,
    Name: `/${name}`,
    Image: IMAGE,
    State: { Status: "running", Running: true },
    HostConfig: { NetworkMode: "none", LogConfig: { Type: "json-file", Config: {} } },
    Config: {
      Image: "app:1",
      Env: ["PATH=/bin", ...Object.entries(variables).map(([key, value]) => `${key}=${value}`)],
      Labels: {},
    },
    Mounts: [],
    NetworkSettings: { Networks: {} },
  };
}
