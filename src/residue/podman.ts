import { join } from "node:path";
import type { Look, LookHost, MovedValue, ResidueMatch, UnreadablePlace } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { keptByRun } from "../engine/names.ts";
import { podmanSecretsOf } from "../engine/podman.ts";
import { isPodman, type PodmanContainer } from "../engine/types.ts";
import { readChecked } from "../kit/io/read.ts";
import type { JsonObject } from "../kit/json-object.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import { fileMatches } from "./read.ts";
import { readPlace } from "./read-place.ts";
import { firstHits, residueMatch, searchFor, type Search } from "./search.ts";

const MOST_MIB = 16;

type Found = AsyncGenerator<ResidueMatch | UnreadablePlace>;

/**
 * Podman's own secrets, which inspect masks or does not show: in the file of its driver, and copied into the files of each
 * container that has one.
 */
export function podmanLook(open: () => Promise<Engine>): Look {
  return {
    name: "podman's secrets",
    async *look(marks, host) {
      const engine = await open();
      const place = "Podman's own secrets";
      const read = await readPlace(place, async () => {
        if (!isPodman(await engine.info())) return null;
        return { secrets: await fileSecrets(engine), containers: await containersOf(engine) };
      });
      if (!("got" in read)) {
        yield read.unread;
        return;
      }
      if (read.got === null) return;
      const { secrets, containers } = read.got;
      if (engine.connection.via !== "unix" && secrets.length > 0) {
        yield { place, why: "their files are on the engine's host: look there" };
        return;
      }
      const search = searchFor(marks);
      for (const [folder, those] of Map.groupBy(secrets, (one) => one.folder))
        yield* driversFile(join(folder, "secretsdata.json"), those, containers, search, host);
      for (const one of containers) yield* containersFiles(one, search, host);
    },
  };
}

type FileSecret = { readonly id: string; readonly name: string; readonly folder: string };

/** The secrets of the driver that keeps values in a file. Source: podman `pkg/secrets/filedriver`. */
async function fileSecrets(engine: Engine): Promise<readonly FileSecret[]> {
  const listed = await engine.call("list secrets", async () => (await engine.docker()).listSecrets());
  return (Array.isArray(listed) ? (listed as unknown[]) : []).flatMap((one) => {
    const { ID, Spec } = one as {
      ID?: unknown;
      Spec?: { Name?: unknown; Driver?: { Name?: unknown; Options?: unknown } };
    };
    const { path } = (Spec?.Driver?.Options ?? {}) as { path?: unknown };
    if (Spec?.Driver?.Name !== "file" || typeof path !== "string") return [];
    return typeof ID === "string" && typeof Spec.Name === "string" ? [{ id: ID, name: Spec.Name, folder: path }] : [];
  });
}

async function containersOf(engine: Engine): Promise<readonly PodmanContainer[]> {
  const docs = await Promise.all((await engine.containers()).map(async ({ Id }) => engine.podmanContainer(Id)));
  return docs.filter((doc) => doc !== null);
}

/** The driver's one file: base64 by the secret's id. */
async function* driversFile(
  file: string,
  secrets: readonly FileSecret[],
  containers: readonly PodmanContainer[],
  search: Search,
  host: LookHost,
): Found {
  const read = await readPlace(file, async () => parsed(file));
  if (!("got" in read)) {
    yield read.unread;
    return;
  }
  for (const { id, name } of secrets) {
    host.looked("secret");
    const value = read.got[id];
    for (const mark of typeof value === "string" ? marksIn(Buffer.from(value, "base64"), search) : []) {
      const users = containers.filter((one) => Object.values(podmanSecretsOf(one)).flat().includes(name));
      const rest = users.length === 0 ? "" : `, once ${users.map(nameOf).join(", ")} can do without it`;
      yield residueMatch("secret", mark, `${name}: ${file}`, cmd`podman secret rm ${name}` + rest);
    }
  }
}

/** What Podman writes of a container's secrets beside it: variables into the runtime's configuration, files as they are. */
async function* containersFiles(doc: PodmanContainer, search: Search, host: LookHost): Found {
  host.signal.throwIfAborted();
  const { variables, files } = podmanSecretsOf(doc);
  const name = nameOf(doc);
  const config = join(doc.StaticDir, "config.json");
  const folder = join(doc.StaticDir, "secrets");
  const paths = [...(variables.length === 0 ? [] : [config]), ...files.map((one) => join(folder, one))];
  const kept = keptByRun(name);
  for (const path of paths)
    for await (const one of fileMatches("file", path, MOST_MIB, search, host, (mark) =>
      path === config
        ? cmd`recreate ${name} with type=mount instead of type=env in its --secret`
        : cmd`rotate ${mark.name}; the file goes with its container: podman rm ${name} once it may go`,
    ))
      yield "mark" in one && kept !== null ? residueMatch("file", one.mark, one.place, null, kept) : one;
}

/** Throws the system's error, or `malformed`. */
function parsed(file: string): JsonObject {
  const bytes = readChecked(file, { limit: MOST_MIB * 1024 * 1024, link: false });
  try {
    return JSON.parse(bytes.toString("utf8")) as JsonObject;
  } catch {
    throw new UnsprawlError("malformed", "not JSON", "podman secret ls");
  }
}

const nameOf = ({ Name }: PodmanContainer): string => Name.replace(/^\//, "");

const marksIn = (bytes: Buffer, search: Search): readonly MovedValue[] =>
  firstHits(search, search.matcher.find(bytes)).map(({ mark }) => mark);
