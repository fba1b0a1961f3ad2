import { isAt, type Location } from "../../../src/model/location.ts";
import { serviceRefOf, serviceSubjectId } from "../../../src/model/service-ref.ts";
import { readText } from "../../../src/files/read.ts";
import { envPlaces, type EnvPlace } from "./environment.ts";
import { readManifests, type Manifests, type Resource } from "./manifest.ts";

/** An object's id in a location: its file, then namespace, kind and name. */
export function resourceId({ file, label, kind, namespace, name }: Resource): string {
  const own = `${namespace ?? "default"}/${kind}/${name}`;
  // Objects of one name are distinguished by their labels.
  return serviceSubjectId({ file: file.file, service: label.startsWith(`${own}-`) ? label : own });
}

/** The file that a location is in. */
export function fileOf(location: Location): string {
  return serviceRefOf(location)?.file ?? location.subjectId;
}

/** The namespace of the object that a location is in; `default` if the manifest names none. */
export function namespaceOf(location: Location): string {
  return (serviceRefOf(location)?.service ?? location.subjectId).split("/")[0] ?? "";
}

/** The object that a location is in, in a file as it is now; null if it is no longer there. */
export function resourceAt({ resources }: Manifests, { subjectId }: Location): Resource | null {
  return resources.find((resource) => resourceId(resource) === subjectId) ?? null;
}

/** The variable that a location names, in a file as it is now; null if it is no longer there. */
export function envPlaceAt(manifests: Manifests, location: Location): EnvPlace | null {
  return (
    envPlaces(manifests).find(
      ({ subjectName, resource, place }) =>
        subjectName === location.subjectName && isAt(location, { object: resource.label, ...place }),
    ) ?? null
  );
}

/** The current file of a location; null if it holds no manifests. Throws as `readText` and `readManifests`. */
export async function manifestsOf(location: Location): Promise<Manifests | null> {
  const file = fileOf(location);
  return readManifests(file, await readText(file));
}
