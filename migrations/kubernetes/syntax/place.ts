import type { Location } from "../../../src/model/location.ts";
import { serviceRefOf, serviceSubjectId } from "../../../src/model/service-ref.ts";
import { readText } from "../../../src/files/read.ts";
import { envPlaces, type EnvPlace } from "./environment.ts";
import { readManifests, type Manifests, type Resource } from "./manifest.ts";

/** What an object is called in a location: its file, then namespace, kind and name. */
export function resourceId({ file, label, kind, namespace, name }: Resource): string {
  const own = `${namespace ?? "default"}/${kind}/${name}`;
  // Two of one name are told apart by their labels.
  return serviceSubjectId({ file: file.file, service: label.startsWith(`${own}-`) ? label : own });
}

/** The file that a location is in. */
export function fileOf(location: Location): string {
  return serviceRefOf(location)?.file ?? location.subjectId;
}

/** The namespace of the object that a location is in; `default` where the manifest names none. */
export function namespaceOf(location: Location): string {
  return (serviceRefOf(location)?.service ?? location.subjectId).split("/")[0] ?? "";
}

/** The variable that a location names, in a file as it is now; null when it has gone. */
export function envPlaceAt(manifests: Manifests, { subjectName, path }: Location): EnvPlace | null {
  return (
    envPlaces(manifests).find(
      (place) => place.told === subjectName && path === `${place.resource.label} ${place.path}`,
    ) ?? null
  );
}

/** The file of a location as it is now; null when it holds no manifests. Throws as `readText` and `readManifests`. */
export async function manifestsOf(location: Location): Promise<Manifests | null> {
  const file = fileOf(location);
  return readManifests(file, await readText(file));
}
