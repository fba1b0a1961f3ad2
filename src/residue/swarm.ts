import type { ResidueMatch, Look, LookHost, UnreadablePlace } from "../contract/look.ts";
import type { Engine } from "../engine/engine.ts";
import { swarmOf, type ObjectDoc, type ServiceDoc, type TaskDoc } from "../engine/swarm.ts";
import { cmd } from "../kit/shell.ts";
import { firstHits, residueMatch, placeText, searchFor, type Search } from "./search.ts";
import { readPlace } from "./read-place.ts";

/** What a swarm's managers show: services with their previous spec, old tasks, configs. */
export function swarmLook(open: () => Promise<Engine>): Look {
  return {
    name: "swarm",
    async *look(marks, host) {
      const engine = await open();
      const read = await readPlace("the swarm's services, tasks and configs", async () => {
        const about = (await engine.info())["Swarm"] as
          | { LocalNodeState?: string; ControlAvailable?: boolean }
          | undefined;
        if (about?.ControlAvailable !== true) return about?.LocalNodeState === "active" ? "worker" : null;
        const swarm = await swarmOf(engine);
        const [services, tasks, configs] = await Promise.all([
          swarm.services(),
          swarm.tasks(),
          swarm.objects("config"),
        ]);
        return { services, tasks, configs };
      });
      if (!("got" in read)) {
        yield read.unread;
        return;
      }
      if (read.got === null) return;
      if (read.got === "worker") {
        const why = "this engine is a worker of it: look from a manager, with DOCKER_HOST";
        yield { place: "the swarm's services, tasks and configs", why } satisfies UnreadablePlace;
        return;
      }
      const search = searchFor(marks);
      const { services, tasks, configs } = read.got;
      for (const doc of services) yield* service(doc, search, host);
      const names = new Map(services.map(({ ID, Spec }) => [ID, Spec.Name]));
      for (const doc of tasks) yield* task(doc, names.get(doc.ServiceID) ?? doc.ServiceID, search, host);
      for (const doc of configs) yield* config(doc, search, host);
    },
  };
}

function* service({ PreviousSpec, ...doc }: ServiceDoc, search: Search, host: LookHost): Generator<ResidueMatch> {
  host.looked("service");
  const { Name } = doc.Spec;
  for (const { mark, paths } of search.places(doc))
    yield residueMatch("service", mark, placeText(Name, paths), cmd`unsprawl plan swarm:${Name} --to ${mark.store}`);
  // Kept for a rollback; only a scrub of the newest run can remove it.
  for (const { mark } of search.places(PreviousSpec ?? null))
    yield residueMatch("service", mark, `${Name}: PreviousSpec`, null, mark.runs.at(-1) ?? false);
}

function* task(doc: TaskDoc, name: string, search: Search, host: LookHost): Generator<ResidueMatch> {
  host.looked("task");
  for (const { mark, paths } of search.places(doc))
    yield residueMatch(
      "service",
      mark,
      placeText(`${name}, ${doc.Status.State} task ${doc.ID}`, paths),
      cmd`docker swarm update --task-history-limit 0, then docker service update --force ${name}`,
    );
}

function* config({ Spec }: ObjectDoc, search: Search, host: LookHost): Generator<ResidueMatch> {
  host.looked("config");
  const { Data, ...shown } = Spec;
  const inside = firstHits(search, search.matcher.find(Buffer.from(Data ?? "", "base64"))).map(({ mark }) => ({
    mark,
    paths: ["Data"],
  }));
  for (const { mark, paths } of [...search.places(shown), ...inside])
    yield residueMatch(
      "config",
      mark,
      placeText(Spec.Name, paths),
      cmd`rotate ${mark.name}, then: docker config rm ${Spec.Name}`,
    );
}
