import type { Location } from "./location.ts";
import { serviceRefOf } from "./service-ref.ts";

/** What an error is about. Decides which subjects it may concern; the error's text never does. */
export type SubjectRef =
  /** One subject or part of it, such as a layer. `id` is null if unknown. */
  | { readonly kind: "subject"; readonly name: string; readonly id: string | null }
  /** Everything a registry has under this name: a repository's tags, an index's platforms. */
  | { readonly kind: "images"; readonly name: string }
  /** A file, or all files in a folder. Absolute. */
  | { readonly kind: "file"; readonly path: string }
  /** Any subject of the source: the source itself failed, or the subject has no name. */
  | { readonly kind: "any" };

export const ANY_SUBJECT: SubjectRef = { kind: "any" };

/** Whether `ref` names this location's subject. False for `any`, which names none in particular. */
export function concerns(ref: SubjectRef, location: Location): boolean {
  const { subjectName, subjectId } = location;
  switch (ref.kind) {
    case "any":
      return false;
    case "subject":
      return ref.name === subjectName || (ref.id ?? ref.name) === subjectId;
    case "images":
      return (
        subjectName === ref.name ||
        (subjectName.startsWith(ref.name) && " :@".includes(subjectName.charAt(ref.name.length)))
      );
    case "file": {
      const file = serviceRefOf(location)?.file ?? subjectId;
      return file === ref.path || file.startsWith(ref.path.endsWith("/") ? ref.path : `${ref.path}/`);
    }
  }
}
