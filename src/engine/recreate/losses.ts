import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { Engine } from "../engine.ts";
import { containerHasFolder } from "../files.ts";
import { nameOf } from "../names.ts";
import { isByPodman } from "./body.ts";
import { isWrittenAt, rewrittenByCommand } from "./rewritten-at-start.ts";
import type { ContainerDoc } from "../types.ts";
import { trimEndOf } from "../../kit/text/trim.ts";

/** Something a container would lose by being recreated: a warning if the user accepts it, otherwise a refusal. */
export type Loss = { readonly accept: string; readonly text: string };

/** The warnings for accepted losses. Throws `refused` listing all losses that are not accepted. */
export function acceptedLosses(doc: ContainerDoc, losses: readonly Loss[], accept: ReadonlySet<string>): string[] {
  const open = losses.filter((loss) => !accept.has(loss.accept));
  if (open.length === 0) return losses.map((loss) => loss.text);
  throw new UnsprawlError(
    "refused",
    `recreating ${nameOf(doc)} would change more than its delivery: ${open.map((loss) => loss.text).join("; ")}`,
    cmd`${bare([...new Set(open.map(({ accept: word }) => `--accept ${word}`))].join(" "))} moves it anyway`,
  );
}

/** Host ports chosen by the engine at each start: clients of the present port would no longer find it. */
export function lostPorts({ State, HostConfig, NetworkSettings }: ContainerDoc): Loss[] {
  // A stopped container has no port now, and gets a new one at its next start anyway.
  if (!State.Running) return [];
  const asked = HostConfig.PortBindings ?? {};
  const chosen = Object.entries(asked).filter(([, bound]) =>
    bound?.some(({ HostPort }) => !/^0*[1-9]\d*$/.test(HostPort ?? "")),
  );
  const names = new Set(chosen.map(([port]) => port));
  if (HostConfig["PublishAllPorts"] === true)
    for (const port of Object.keys(NetworkSettings?.Ports ?? {})) if (!(port in asked)) names.add(port);
  if (names.size === 0) return [];
  return [
    {
      accept: "ports",
      text: `the host port of ${[...names].join(", ")} is chosen by the engine and will change`,
    },
  ];
}

/**
 * Where software writes data that it recreates or can do without: by the FHS, /run, /tmp and /var/cache; logs can be
 * read from the old container while it is kept. Refusing these would refuse every real container, and people would use
 * `--accept layer` without looking.
 */
const MADE_ANEW =
  /^(\/run|\/tmp|\/var\/(run|lock|tmp|cache|log))(\/|$)|\/(__pycache__|\.cache|\.npm)(\/|$)|^\/(root|home\/[^/]+)\/\.\w*(history|lesshst|viminfo|wget-hsts)$/;
/** What the engine itself writes into every container's layer; with `--init` it mounts its own binary. */
const ENGINES =
  /^\/(dev|proc|sys)(\/|$)|^\/etc\/(hosts|hostname|resolv\.conf|mtab)$|^\/\.dockerenv$|^\/sbin\/docker-init$/;
type ChangedPath = { readonly Path: string; readonly Kind: number };

/** How many files are named, and how many paths are checked to find them. */
const [NAMED, LOOKED_AT] = [3, 50];

/**
 * Files that changed in the container's own layer and that the new container will not have. `fate` is the end of the
 * sentence that says what happens to them; `made` are paths that the container's creator writes there each time, and
 * `rewritten` files that its image's entrypoint may write at each start.
 */
export async function lostLayer(
  engine: Engine,
  doc: ContainerDoc,
  fate = doc.HostConfig.AutoRemove
    ? "go with the old container, which the engine deletes"
    : "stay with the old container, which is kept until scrub",
  { made = [], rewritten = [] }: { readonly made?: readonly string[]; readonly rewritten?: readonly string[] } = {},
): Promise<{ readonly losses: Loss[]; readonly notes: string[] }> {
  const places: ChangedPath[] = [];
  const byCommand = rewrittenByCommand(doc);
  // Podman enters the user that a container runs as, at its first start and never again.
  const byPodman = isByPodman(doc) ? ["/etc/passwd", "/etc/group"] : [];
  let questions = LOOKED_AT;
  for (const place of changedPlaces(doc, await changesOf(engine, doc))) {
    const { Path, Kind } = place;
    if (made.some((one) => Path === one || Path.startsWith(`${one}/`))) continue;
    const isPodmans = byPodman.includes(Path);
    const mayComeBack = Kind !== DELETED && (rewritten.includes(Path) || isPodmans || byCommand(Path));
    const moments = isPodmans ? [doc.Created, doc.State.StartedAt] : [doc.State.StartedAt];
    if (!mayComeBack || questions-- <= 0 || !(await isWrittenAt(engine, doc.Id, Path, moments))) places.push(place);
  }
  const own = places.filter(({ Path }) => !MADE_ANEW.test(Path));
  const { named, count } = await dataAmong(engine, doc, own);
  const more = count > named.length ? ` and ${count - named.length} more` : "";
  const text = `files changed in its own layer (${named.join(", ")}${more}) ${fate}`;
  const fresh = places.length - own.length;
  const notes =
    fresh > 0 ? [`changes below /run, /tmp, logs and caches (${fresh} ${fresh === 1 ? "file" : "files"}) ${fate}`] : [];
  return { losses: count > 0 ? [{ accept: "layer", text }] : [], notes };
}

/** How many of these places are data, and the names of some. */
async function dataAmong(
  engine: Engine,
  { Id }: ContainerDoc,
  places: readonly ChangedPath[],
): Promise<{ readonly named: readonly string[]; readonly count: number }> {
  const named: string[] = [];
  let count = places.length;
  for (const { Path, Kind } of places.slice(0, LOOKED_AT)) {
    if (named.length === NAMED) break;
    // A folder that is new and empty, or whose only file was removed again, is no data.
    if (Kind !== DELETED && (await containerHasFolder(engine, Id, Path))) count--;
    else named.push(Path);
  }
  return { named, count };
}

/** The paths of files and empty folders that were written into the container's own layer; empty if the container is gone. */
export async function writtenPaths(engine: Engine, doc: ContainerDoc): Promise<readonly string[]> {
  const changes = changedPlaces(doc, await changesOf(engine, doc));
  return changes.flatMap(({ Path, Kind }) => (Kind === DELETED ? [] : Path));
}

/** Source: Engine API, ContainerChanges; the engine answers null for none. */
async function changesOf(engine: Engine, { Id }: ContainerDoc): Promise<readonly ChangedPath[]> {
  const changes = await engine.call(
    "changes",
    async () => (await engine.docker()).getContainer(Id).changes() as Promise<ChangedPath[] | null>,
  );
  return Array.isArray(changes) ? changes : [];
}

const DELETED = 2;

/**
 * The deepest changed paths, since the engine also lists all parent folders; without paths that the engine created
 * itself.
 */
export function changedPlaces<T extends { readonly Path: string; readonly Kind: number }>(
  doc: ContainerDoc,
  changes: readonly T[],
): T[] {
  const { Mounts, Tmpfs } = doc.HostConfig as { Mounts?: { Target: string }[] | null; Tmpfs?: object | null };
  const made = [
    ...(doc.Mounts ?? []).map((mount) => mount.Destination),
    ...(Mounts ?? []).map((mount) => mount.Target),
    ...Object.keys(Tmpfs ?? {}),
    ...(doc.Config.WorkingDir ? [doc.Config.WorkingDir] : []),
  ].map((path) => trimEndOf(path, "/"));
  const folders = new Set<string>();
  for (const { Path } of changes)
    for (let at = Path.lastIndexOf("/"); at > 0; at = Path.lastIndexOf("/", at - 1)) folders.add(Path.slice(0, at));
  return changes.filter(({ Path }) => {
    if (folders.has(Path) || ENGINES.test(Path)) return false;
    return !made.some((place) => place === Path || place.startsWith(`${Path}/`));
  });
}
