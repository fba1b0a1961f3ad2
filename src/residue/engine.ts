import { existsSync } from "node:fs";
import { pMapIterable } from "p-map";
import type { ResidueMatch, Look, LookHost, UnreadablePlace } from "../contract/look.ts";
import type { Engine, ListedImage } from "../engine/engine.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import { cmd } from "../kit/shell.ts";
import { layerLook } from "./layers.ts";
import { logLook } from "./logs.ts";
import { podmanLook } from "./podman.ts";
import { residueMatch, placeText, searchFor, type Search } from "./search.ts";
import { swarmLook } from "./swarm.ts";
import { readPlace } from "./read-place.ts";

const AT_ONCE = 8;

/**
 * All places of one engine; an engine that does not answer is reported once. A host without an engine has none, unless
 * a run migrated something on one (`wanted`).
 */
export function engineLooks(open: () => Promise<Engine>, wanted: boolean): Look {
  const looks = [documentLook(open), swarmLook(open), logLook(open), layerLook(open), podmanLook(open)];
  return {
    name: "engine",
    async *look(marks, host) {
      const place = "containers, their logs and layers, images, volumes and services of the engine";
      const asked = await readPlace(place, async () => (await open()).info());
      if (!("got" in asked)) {
        if (wanted || (await isHere(open))) yield asked.unread;
      } else for (const one of looks) yield* one.look(marks, host);
    },
  };
}

/** False on a host where no engine was ever set up to listen. */
async function isHere(open: () => Promise<Engine>): Promise<boolean> {
  const { socketPath } = (await open()).connection; // opening sends nothing
  return socketPath === null || existsSync(socketPath);
}

/** What the engine shows to anyone with access: containers, stopped ones too, images with their history, volumes. */
function documentLook(open: () => Promise<Engine>): Look {
  return {
    name: "documents",
    async *look(marks, host) {
      const engine = await open();
      const search = searchFor(marks);
      const lists = await readPlace("the engine's containers, images and volumes", async () => {
        const [containers, images, volumes] = await Promise.all([
          engine.containers(),
          engine.images(),
          engine.volumes(),
        ]);
        return { containers, images, volumes };
      });
      if (!("got" in lists)) {
        yield lists.unread;
        return;
      }
      const { containers, images, volumes } = lists.got;
      const ids = containers.map(({ Id }) => Id);
      for await (const some of pMapIterable(ids, (id) => container(engine, id, search, host), { concurrency: AT_ONCE }))
        yield* some;
      for await (const some of pMapIterable(images, (one) => image(engine, one, search, host), {
        concurrency: AT_ONCE,
      }))
        yield* some;
      for (const volume of volumes) {
        host.looked("volume");
        for (const { mark, paths } of search.places(volume))
          yield residueMatch(
            "volume",
            mark,
            placeText(volume.Name, paths),
            cmd`rotate ${mark.name}, then recreate the volume: docker volume inspect ${volume.Name}`,
          );
      }
    },
  };
}

async function container(
  engine: Engine,
  id: string,
  search: Search,
  host: LookHost,
): Promise<(ResidueMatch | UnreadablePlace)[]> {
  host.signal.throwIfAborted();
  const asked = await readPlace(`container ${id.slice(0, 12)}`, async () => engine.container(id));
  if (!("got" in asked)) return [asked.unread];
  const doc = asked.got;
  if (doc === null) return [];
  host.looked("container");
  const name = nameOf(doc);
  const inVariables = new Set(search.places({ Env: doc.Config.Env }).map(({ mark }) => mark));
  return search.places(doc).map(({ mark, paths }) => {
    const next = inVariables.has(mark)
      ? cmd`unsprawl plan docker:${name} --to ${mark.store}`
      : cmd`unsprawl scan docker:${name}`;
    return residueMatch("container", mark, placeText(name, paths), next, keptByRun(name) ?? false);
  });
}

async function image(
  engine: Engine,
  { Id, RepoTags, RepoDigests }: ListedImage,
  search: Search,
  host: LookHost,
): Promise<(ResidueMatch | UnreadablePlace)[]> {
  host.signal.throwIfAborted();
  const names = [...(RepoTags ?? []), ...(RepoDigests ?? [])].filter((one) => !one.includes("<none>"));
  // An image that a run keeps under its tag has other tags only if somebody else added them.
  const name = names.find((one) => keptByRun(one) === null) ?? names[0] ?? Id.slice(0, 19);
  const asked = await readPlace(`image ${name}`, async () =>
    Promise.all([engine.image(Id), engine.history(Id)]).then(([doc, history]) => ({ doc, history })),
  );
  if (!("got" in asked)) return [asked.unread];
  const { doc, history } = asked.got;
  if (doc === null) return [];
  host.looked("image");
  return search.places({ ...doc, History: history }).map(({ mark, paths }) => {
    const next = cmd`unsprawl plan image:${name} --to ${mark.store}, and rotate ${mark.name}`;
    return residueMatch("image", mark, placeText(name, paths), next, keptByRun(name) ?? false);
  });
}
