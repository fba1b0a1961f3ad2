import type { MovingAlong, Selected } from "../../src/contract/migration.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { nameOf } from "../../src/engine/names.ts";
import type { Finding } from "../../src/model/finding.ts";
import { locationAt, type PlacedLocation } from "../../src/model/location.ts";
import { serviceRefOf, serviceSubjectId } from "../../src/model/service-ref.ts";
import type { ProjectCall } from "./engine/cli.ts";
import { containersOf } from "./find.ts";
import type { ComposeProject } from "./syntax/project.ts";
import { alongVariables, type LeaderVariable } from "./words/along.ts";
import type { ByService } from "./words/implied.ts";

/** The finding that a variable moves along with. `isPart`: its value is only a part of the variable's. */
export type AlongOf = { readonly name: string; readonly isPart: boolean };

/** The variables that move along with findings, where those were found: in containers, or in the project's files. */
export async function movingAlong(
  engine: Engine,
  call: ProjectCall,
  project: ComposeProject,
  findings: readonly Finding[],
  moved: readonly LeaderVariable[],
): Promise<readonly MovingAlong[]> {
  const found: MovingAlong[] = [];
  for (const { like, service, name, within } of alongVariables(project, moved)) {
    const finding = findings[like];
    const location = finding === undefined ? null : await locationOf(engine, call, finding, service, name);
    if (location !== null) found.push({ like, name, location, ...(within === null ? {} : { within }) });
  }
  return found;
}

/** Null for a service without a container, where containers are scanned. */
async function locationOf(
  engine: Engine,
  call: ProjectCall,
  { location }: Finding,
  service: string,
  name: string,
): Promise<PlacedLocation | null> {
  const { source } = location;
  const ref = serviceRefOf(location);
  if (ref !== null) {
    const subject = { kind: "service", name: service, id: serviceSubjectId({ ...ref, service }) } as const;
    return locationAt(source, subject, "env", { kind: "field", field: `services.${service}.environment.${name}` });
  }
  const [doc] = await containersOf(engine, call, service);
  const index = doc?.Config.Env?.findIndex((entry) => entry.startsWith(`${name}=`)) ?? -1;
  if (doc === undefined || index < 0) return null;
  const subject = { kind: "container", name: nameOf(doc), id: doc.Id } as const;
  return locationAt(source, subject, "env", { kind: "field", field: "Config.Env", index });
}

/** Those that have nothing left to move along with. */
export function leftBehind(going: ByService, isAlong: (one: Selected) => boolean): readonly Selected[] {
  const all = [...going.values()].flat();
  const leaders = all.filter((one) => !isAlong(one));
  return all.filter(
    (one) =>
      isAlong(one) &&
      // One that holds more than the value still has its leader's fingerprint.
      !leaders.some(({ value, finding }) => value.equals(one.value) || finding.fingerprint === one.finding.fingerprint),
  );
}

/** What moves without these; a service with nothing left is not in it. */
export function without(going: ByService, stays: readonly Selected[]): ByService {
  return new Map(
    [...going]
      .map(([service, own]) => [service, own.filter((one) => !stays.includes(one))] as const)
      .filter(([, own]) => own.length > 0),
  );
}
