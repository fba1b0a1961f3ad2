/*
 * The volume driver: the program that runs in the managed plugin, on the engine's side. The engine asks it over a socket; it
 * asks the stores, and writes into memory. Only what its questions, sealed with its key, have allowed is ever served.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { lookAtProcessesIn } from "../../../engine/process.ts";
import { ASK } from "../../../engine/plugin/questions.ts";
import { makeFolders } from "../../../kit/io/folders.ts";
import { loadOnlyRoots } from "../../../kit/root-loads.ts";
import { printable } from "../../../kit/text/escape.ts";
import { UnsprawlError } from "../../../model/error.ts";
import type { OpenStore } from "../../runtime/resolve.ts";
import { DriverAnswers } from "./answers.ts";
import { DriverHome, HOME } from "./home.ts";
import { Mounts } from "./mounts.ts";
import { PLUGIN_SOCKET, SOCKET_FOLDER } from "./socket.ts";
import { mustBeSeen, settled } from "./propagates.ts";
import { PROCESSES } from "./users.ts";
import { Volumes } from "./volumes.ts";

const SOCKET = join(SOCKET_FOLDER, PLUGIN_SOCKET);

type EngineCall = { readonly Name?: unknown; readonly ID?: unknown; readonly Opts?: unknown };
type DriverCall = (asked: EngineCall) => Promise<object> | object;

/** Serves until it is ended. Source: Docker Engine, "Volume plugins", the protocol `docker.volumedriver/1.0`. */
export async function serveVolumes(open: OpenStore): Promise<void> {
  loadOnlyRoots(process.env);
  lookAtProcessesIn(PROCESSES);
  const home = new DriverHome(HOME);
  const volumes = new Volumes(HOME);
  const mounts = new Mounts(home, volumes, open);
  const answers = new DriverAnswers(home, { volumes, mounts }, open);
  const isSettled = settled(say);
  const calls: { readonly [path: string]: DriverCall } = {
    "/Plugin.Activate": () => ({ Implements: ["VolumeDriver"] }),
    "/VolumeDriver.Capabilities": () => ({ Capabilities: { Scope: "local" } }),
    "/VolumeDriver.Create": async ({ Name, Opts }) => {
      if (text(Name).startsWith(ASK)) await answers.take(text(Name), options(Opts)["ask"] ?? "");
      else await volumes.create(text(Name), options(Opts));
      return {};
    },
    "/VolumeDriver.Get": ({ Name }) => {
      const answered = answers.of(text(Name));
      if (answered !== null) return { Volume: { Name, Mountpoint: "", Status: answered } };
      volumes.mustHave(text(Name));
      return { Volume: { Name, Mountpoint: mounts.pathOf(text(Name)), Status: {} } };
    },
    "/VolumeDriver.List": () => ({ Volumes: volumes.names().map((Name) => ({ Name })) }),
    "/VolumeDriver.Path": ({ Name }) => ({ Mountpoint: mounts.pathOf(text(Name)) }),
    "/VolumeDriver.Mount": async ({ Name, ID }) => {
      await isSettled;
      mustBeSeen(say);
      return { Mountpoint: await mounts.mount(text(Name), text(ID)) };
    },
    "/VolumeDriver.Unmount": ({ Name, ID }) => (mounts.unmount(text(Name), text(ID)), {}),
    "/VolumeDriver.Remove": async ({ Name }) => {
      if (!answers.drop(text(Name))) await volumes.remove(text(Name));
      return {};
    },
  };
  const server = createServer((request, response) => void answer(calls, request, response));
  makeFolders(SOCKET_FOLDER, 0o755);
  rmSync(SOCKET, { force: true });
  server.listen(SOCKET, () => say("ready"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => process.exit(0));
  await isSettled;
}

async function answer(
  calls: { readonly [path: string]: DriverCall },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const path = request.url ?? "";
  const said = await called(Object.hasOwn(calls, path) ? calls[path] : undefined, path, request);
  response.setHeader("content-type", "application/vnd.docker.plugins.v1.1+json");
  response.end(JSON.stringify(said));
}

async function called(call: DriverCall | undefined, path: string, request: IncomingMessage): Promise<object> {
  try {
    if (call === undefined) return { Err: `not a call of a volume driver: ${path}` };
    return await call(JSON.parse((await bodyOf(request)) || "{}") as EngineCall);
  } catch (error) {
    const message = error instanceof UnsprawlError ? [error.message, error.hint].filter(Boolean).join("; ") : "failed";
    say(`${path.split(".").at(-1) ?? ""}: ${message}`);
    return { Err: `unsprawl: ${message}` };
  }
}

const MOST_BYTES = 4 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MOST_BYTES) throw new UnsprawlError("refused", "the engine asked too much at once");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

const text = (from: unknown): string => (typeof from === "string" ? from : "");

function options(from: unknown): { readonly [name: string]: string } {
  if (typeof from !== "object" || from === null) return {};
  return Object.fromEntries(
    Object.entries(from).filter((pair): pair is [string, string] => typeof pair[1] === "string"),
  );
}

/** The engine writes this into its own log. */
const say = (line: string): void => void process.stdout.write(`${printable(line)}\n`);
