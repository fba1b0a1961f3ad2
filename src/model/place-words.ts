import { earlierPlace } from "./earlier-place.ts";
import type { Location, Where } from "./location.ts";
import type { Place } from "./place.ts";
import { serviceRefOf } from "./service-ref.ts";

/**
 * Where in its subject a value is, for people: `compose.yaml:8`, `own variable`, `from image`. A path inside a file
 * or in any other document stays as it is.
 */
export function placeWords(location: Location): string {
  const place = location.place ?? earlierPlace(location.path);
  const written = place === null ? null : fileLine(location, place);
  if (written !== null) return written;
  if (!ENGINES.includes(location.subject)) return location.path;
  const words = location.origin === "image" ? "from image" : ownWords(location);
  if (words === null) return location.path;
  if (place?.kind !== "field") return words;
  const line = place.line === undefined ? "" : `, line ${place.line}`;
  return `${words}${line}${place.role === undefined ? "" : `, ${place.role.replaceAll("-", " ")}`}`;
}

/** What the engine describes: its documents name fields that say nothing to people. */
const ENGINES: readonly Location["subject"][] = ["container", "image", "service"];

const WORDS: { readonly [where in Where]: string | null } = {
  env: "variable",
  "image-env": "variable",
  cmd: "command",
  entrypoint: "entrypoint",
  label: "label",
  history: "history",
  "build-arg": "build argument",
  healthcheck: "health check",
  onbuild: "ONBUILD",
  "log-opt": "log option",
  "volume-opt": "volume option",
  annotation: "annotation",
  file: null,
  store: null,
};

function ownWords({ subject, where }: Location): string | null {
  const word = WORDS[where];
  return subject === "container" && where === "env" ? `own ${word}` : word;
}

/** A field of the engine's documents for people, as in a diff: `variable` for `Config.Env`; any other path as it is. */
export function fieldWords(path: string): string {
  const [, name = ""] = /^(?:Config|HostConfig|Spec)\.(?:[\w.]+\.)?(\w+)(?:\[\d+\])?$/.exec(path) ?? [];
  return Object.hasOwn(FIELDS, name) ? (FIELDS[name] ?? path) : path;
}

const FIELDS: { readonly [field: string]: string } = {
  Cmd: "command",
  Command: "entrypoint",
  Configs: "config",
  Entrypoint: "entrypoint",
  Env: "variable",
  Healthcheck: "health check",
  Labels: "label",
  Mounts: "mount",
  Runtime: "runtime",
  Secrets: "secret",
};

/** `compose.yaml:8`, for a value on a line of a file; null for any other. */
function fileLine({ subject, subjectId }: Location, place: Place): string | null {
  const own = serviceRefOf({ subject, subjectId })?.file ?? subjectId;
  if (place.kind === "line") return `${baseName(place.file)}:${place.line}`;
  if (place.kind === "field" && place.fileLine !== undefined) return `${baseName(place.file ?? own)}:${place.fileLine}`;
  if (place.kind === "text" && place.file === null && place.line !== null) return `${baseName(own)}:${place.line}`;
  return null;
}

const baseName = (file: string): string => file.slice(file.lastIndexOf("/") + 1);
