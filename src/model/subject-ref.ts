import type { Location } from "./location.ts";
import { serviceRefOf } from "./service-ref.ts";

/** What an error is about: which subjects it may concern is decided by this, never by what the error is called. */
export type SubjectRef =
  /** One subject, or a part of it such as a layer. `id` is null where it is not known. */
  | { readonly kind: "subject"; readonly name: string; readonly id: string | null }
  /** All that a registry has under this name: a repository's tags, the platforms of an index. */
  | { readonly kind: "images"; readonly name: string }
  /** A file, or all files of a folder. Absolute. */
  | { readonly kind: "file"; readonly path: string }
  /** Any subject of the source: a document without a name, the source itself. */
  | { readonly kind: "any" };

/** Any subject of the source. */
export const ANY_SUBJECT: SubjectRef = { kind: "any" };

/** Whether what is told of `ref` is told of this very subject; of one that may be any, it is not. */
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
