import { join } from "node:path";
import type { Delivery, DeliverySubject, Owner } from "../../../src/contract/delivery.ts";
import type { Facts } from "../../../src/engine/facts.ts";
import { distinctName } from "../../../src/kit/io/name.ts";
import type { Move } from "../../../src/model/plan.ts";
import type { ServiceChange } from "../rewrite/change.ts";
import { home } from "../syntax/home.ts";
import { variablesOf } from "../syntax/environment.ts";
import { keptLines } from "../syntax/kept-lines.ts";
import type { ComposeProject, ComposeService } from "../syntax/project.ts";
import {
  bareService,
  composeChange,
  serviceFolder,
  type BareService,
  type ComposeChange,
  type ComposeSite,
} from "./change.ts";
import { relativeReference } from "./reference.ts";
import { SCRIPT_NAME } from "./script.ts";

/** The subject of a service's delivery, the same for all its replicas and before and after recreation. */
export function subjectOf(subject: DeliverySubject, project: string, service: string, runId: string): DeliverySubject {
  const called = distinctName(`${project}_${service}`, ["compose", project, service]);
  return { ...subject, id: `${called}-${runId}`, consumer: `compose:${project}/${service}` };
}

/** A service as deliveries see it, without what earlier runs brought. */
export function bareSubject(
  { memory }: { readonly memory: string },
  known: Facts,
  { project, service, runId }: { readonly project: string; readonly service: string; readonly runId: string },
  moves: readonly Pick<Move, "name">[],
  byOption: Iterable<string> = [],
): BareService {
  const subject = { ...subjectOf(known.subject, project, service, runId), byOption: new Set(byOption) };
  return bareService(subject, known.doc, join(memory, serviceFolder(project, service)), moves);
}

/** What the delivery of a service depends on besides its container. */
export function composeSite(
  { memory }: { readonly memory: string },
  project: ComposeProject,
  service: string,
  owner: Owner,
  moved: MovedNames,
): ComposeSite {
  const described = project.services.get(service);
  const own = movedOf(service, moved);
  const dir = (described === undefined ? null : home(described, own)?.dir) ?? project.dir;
  return {
    ...{ project: project.name, service, owner, script: join(dir, SCRIPT_NAME) },
    folder: join(memory, serviceFolder(project.name, service)),
    shownReference: (reference) => relativeReference(reference, project.dir),
    ...(described === undefined ? {} : { shadowed: shadowedNames(project, described, moved) }),
  };
}

/** The variables that a plan moves, by service. */
export type MovedNames = readonly (readonly [service: string, names: readonly string[]])[];

const movedOf = (service: string, moved: MovedNames): readonly string[] =>
  moved.flatMap(([name, names]) => (name === service ? names : []));

/** The variables of a service that its files set to other values too, with those values, once a plan's have moved. */
export function shadowedNames(
  project: ComposeProject,
  service: ComposeService,
  moved: MovedNames,
): ReadonlyMap<string, readonly string[]> {
  const kept = keptLines(project, service.name, movedOf(service.name, moved));
  return shadowedIn(service, goneWith(project, moved), new Set(kept.keys()));
}

/** The places that are taken out since the services that get a value from there move it. */
export function goneWith(project: ComposeProject, moved: MovedNames): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const [name, names] of moved) {
    const service = project.services.get(name);
    const own = service === undefined ? null : variablesOf(service);
    for (const one of names) gone.add(own?.get(one)?.at(-1)?.id ?? "");
  }
  return gone;
}

/**
 * The variables that the project sets to other values too, which the one in effect hides, with those values; not where the
 * other value goes as well. One whose line stays (`kept`) counts as set to nothing: the service has it empty over that line.
 */
function shadowedIn(
  service: ComposeService,
  gone: ReadonlySet<string>,
  kept: ReadonlySet<string>,
): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [name, places] of variablesOf(service)) {
    const last = places.at(-1)?.value;
    const others = places.flatMap(({ id, value }) => {
      if (kept.has(id)) return "";
      return value === null || value === last || gone.has(id) ? [] : value;
    });
    if (others.length > 0) found.set(name, others);
  }
  return found;
}

/** Of files that are never made. */
export const NOBODY: Owner = { uid: 0, gid: 0 };

export function wishOf(
  site: ComposeSite,
  bare: BareService,
  delivery: Delivery,
  moves: readonly Move[],
  secrets: ServiceChange["moves"],
  words: ServiceChange["words"],
): ServiceChange {
  // New words of its health check are those that use a value.
  const subject = { ...bare.subject, health: words?.health ?? bare.subject.health };
  const change = composeChange(delivery.change(subject, moves, site.owner), bare, moves, site);
  return {
    service: site.service,
    change: words === null ? withoutKnown(change, bare) : change,
    moves: secrets,
    entrypoint: bare.subject.entrypoint,
    cmd: bare.subject.cmd,
    health: bare.health,
    words,
  };
}

/** A change without the prefixes that the file has already. */
function withoutKnown(change: ComposeChange, { earlier, earlierCheck }: BareService): ComposeChange {
  const unlessKnown = (prefix: readonly string[] | null, known: readonly string[]): readonly string[] | null =>
    prefix?.join("\0") === known.join("\0") ? null : prefix;
  return {
    ...change,
    entrypointPrefix: unlessKnown(change.entrypointPrefix, earlier),
    healthcheckPrefix: unlessKnown(change.healthcheckPrefix, earlierCheck),
  };
}
