import type { SourceReading, Source } from "../../src/contract/source.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { nameSelector } from "../../src/engine/select.ts";
import {
  taskHasSpec,
  swarmOf,
  type ContainerSpec,
  type ObjectDoc,
  type ServiceDoc,
  type ServiceSpec,
  type TaskDoc,
} from "../../src/engine/swarm.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { locationAt, NO_FACTS, type Subject, type SubjectFacts, type Where } from "../../src/model/location.ts";
import type { FieldPlace, FieldRole } from "../../src/model/place.ts";
import { Secret } from "../../src/model/secret.ts";

/**
 * `swarm:[NAME or GLOB]`: the services of a swarm, each with its spec, the previous spec that the swarm keeps for a
 * rollback, and the specs of old tasks that it remembers; without a name also the text of Swarm configs. The values of
 * Swarm secrets cannot be read.
 */
export function swarmSource(open: () => Promise<Engine>): Source {
  return {
    kind: "swarm",
    async *read(what, signal, options) {
      const engine = await open();
      const swarm = await swarmOf(engine);
      const source = `swarm:${what}`;
      const matches = nameSelector(what);
      const [services, tasks] = await Promise.all([swarm.services(), swarm.tasks()]);
      const chosen = services.filter(({ ID, Spec }) => matches([Spec.Name], ID));
      const all = what === "" || what === "*";
      if (chosen.length === 0 && !all && !options?.mayBeEmpty)
        throw new UnsprawlError("absent", `no service matches ${JSON.stringify(what)}`, "docker service ls shows them");
      const configs = all ? await swarm.objects("config") : [];
      yield { kind: "total", subjects: chosen.length + configs.length };
      const exposure = [`anyone who can open ${engine.connection.address}, or another manager of the swarm`];
      for (const doc of chosen) {
        signal.throwIfAborted();
        const own = tasks.filter(({ ServiceID }) => ServiceID === doc.ID);
        yield serviceReading(source, doc, own, exposure);
      }
      for (const doc of configs) yield configReading(source, doc, exposure);
    },
  };
}

function serviceReading(
  source: string,
  doc: ServiceDoc,
  tasks: readonly TaskDoc[],
  exposure: readonly string[],
): SourceReading {
  const subject: Subject = { kind: "service", name: doc.Spec.Name, id: doc.ID };
  const candidates: Candidate[] = [];
  const told = new Set<string>();
  const take = (found: readonly SpecPlace[]): void => {
    for (const { where, name, value, at, place, lead } of found) {
      // The same value in the same place of an older spec adds nothing.
      const same = `${at}\0${name}\0${value}\0${lead ?? ""}`;
      if (value === "" || told.has(same)) continue;
      told.add(same);
      const location = locationAt(source, subject, where, place);
      candidates.push({ name, value: Secret.of(value), location, ...(lead === undefined ? {} : { lead }) });
    }
  };
  take(specPlaces(doc.Spec, "Spec"));
  if (doc.PreviousSpec) take(withRole("previous-spec", specPlaces(doc.PreviousSpec, "PreviousSpec")));
  for (const task of tasks) {
    if (!taskHasSpec(task, doc.Spec))
      take(withRole("old-task", containerPlaces(task.Spec.ContainerSpec, `Tasks.${task.ID}.Spec.ContainerSpec`)));
  }
  return { kind: "subject", subject, facts: factsOf(doc.Spec), candidates, exposure };
}

function factsOf({ Labels, TaskTemplate }: ServiceSpec): SubjectFacts {
  const labels = { ...TaskTemplate.ContainerSpec?.Labels, ...Labels };
  return { image: TaskTemplate.ContainerSpec?.Image ?? null, labels, ownLabels: labels };
}

function configReading(source: string, { ID, Spec }: ObjectDoc, exposure: readonly string[]): SourceReading {
  const subject: Subject = { kind: "file", name: `config ${Spec.Name}`, id: ID };
  const value = Secret.of(Buffer.from(Spec.Data ?? "", "base64"));
  // Not under the config's name, whose ending would be taken for the kind of the text.
  const candidates = [
    { name: "Data", value, location: locationAt(source, subject, "file", { kind: "field", field: "Spec.Data" }) },
  ];
  return { kind: "subject", subject, facts: NO_FACTS, candidates: value.length > 0 ? candidates : [], exposure };
}

/** `at` is the place within a container's or service's spec, independent of which spec it is. */
type SpecPlace = {
  readonly where: Where;
  readonly name: string;
  readonly value: string;
  readonly at: string;
  readonly place: FieldPlace;
  readonly lead?: string;
};

function withRole(role: FieldRole, places: readonly SpecPlace[]): SpecPlace[] {
  return places.map((one) => ({ ...one, place: { ...one.place, role } }));
}

function specPlaces(spec: ServiceSpec, root: string): SpecPlace[] {
  const log = (spec.TaskTemplate["LogDriver"] ?? {}) as { Options?: Texts };
  return [
    ...containerPlaces(spec.TaskTemplate.ContainerSpec, `${root}.TaskTemplate.ContainerSpec`),
    ...mapPlaces("label", spec.Labels, `${root}.Labels`, "Labels"),
    ...mapPlaces("log-opt", log.Options, `${root}.TaskTemplate.LogDriver.Options`, "LogDriver"),
  ];
}

type Texts = { readonly [key: string]: string } | null | undefined;

function containerPlaces(spec: ContainerSpec | undefined, path: string): SpecPlace[] {
  if (spec === undefined) return [];
  const places: SpecPlace[] = [];
  for (const [index, entry] of (spec.Env ?? []).entries()) {
    const cut = entry.indexOf("=");
    if (cut < 0) continue;
    const [name, value] = [entry.slice(0, cut), entry.slice(cut + 1)];
    places.push({ where: "env", name, value, at: "Env", place: { kind: "field", field: `${path}.Env`, index } });
  }
  type Words = readonly string[] | null | undefined;
  const command = (where: Where, name: string, field: string, argv: Words, before: Words = null): void => {
    const lead = before && before.length > 0 ? { lead: JSON.stringify(before) } : {};
    if (argv && argv.length > 0)
      places.push({
        ...lead,
        where,
        name,
        value: JSON.stringify(argv),
        at: field,
        place: { kind: "field", field: `${path}.${field}` },
      });
  };
  command("entrypoint", "Entrypoint", "Command", spec.Command);
  command("cmd", "Cmd", "Args", spec.Args, spec.Command);
  command("healthcheck", "Healthcheck", "Healthcheck.Test", spec.Healthcheck?.Test);
  places.push(...mapPlaces("label", spec.Labels, `${path}.Labels`, "ContainerLabels"));
  const mounts = (spec["Mounts"] ?? []) as readonly { VolumeOptions?: { DriverConfig?: { Options?: Texts } } }[];
  for (const [index, mount] of mounts.entries()) {
    const options = mount.VolumeOptions?.DriverConfig?.Options;
    places.push(
      ...mapPlaces("volume-opt", options, `${path}.Mounts[${index}].VolumeOptions.DriverConfig.Options`, "Mounts"),
    );
  }
  return places;
}

function mapPlaces(where: Where, from: Texts, path: string, at: string): SpecPlace[] {
  const shown = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);
  return Object.entries(from ?? {}).map(([name, value]) => ({
    where,
    name,
    value,
    at: `${at}${shown(name)}`,
    place: { kind: "field", field: path + shown(name) },
  }));
}
