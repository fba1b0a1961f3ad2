import type { FastReading } from "../../../src/fast/index.ts";
import { imageCandidates, imageFacts, type Odd } from "../../../src/engine/candidates.ts";
import { historyLines } from "../../../src/engine/history.ts";
import type { HistoryLine, ImageDoc } from "../../../src/engine/types.ts";
import type { Candidate } from "../../../src/model/candidate.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import type { Subject } from "../../../src/model/location.ts";
import { mapPlace, placeText } from "../../../src/model/place.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import type { Descriptor } from "../../../src/images/registry/digest.ts";
import { descriptorsIn, open } from "../../../src/images/registry/kinds.ts";
import type { RegistryManifest } from "../../../src/images/registry/walk.ts";
import type { JsonObject } from "../../../src/kit/json-object.ts";

export type RegistryScan = {
  readonly source: string;
  readonly registry: Registry;
  readonly configs: Configs;
  readonly signal: AbortSignal;
};

/** Bytes of configurations that are kept for other manifests with the same one. */
const KEPT = 16 * 1024 * 1024;

/** Configuration blobs, each fetched once as long as manifests with the same one are close together. */
export class Configs {
  readonly #registry: Registry;
  readonly #signal: AbortSignal;
  readonly #kept = new Map<string, { readonly size: number; readonly document: Promise<unknown> }>();
  #size = 0;

  constructor(registry: Registry, signal: AbortSignal) {
    this.#registry = registry;
    this.#signal = signal;
  }

  get(repository: string, descriptor: Descriptor): Promise<unknown> {
    const { digest, size } = descriptor;
    const kept = this.#kept.get(digest);
    if (kept) return kept.document;
    const document = this.#registry.json(repository, descriptor, this.#signal);
    this.#kept.set(digest, { size, document });
    this.#size += size;
    document.catch(() => this.#drop(digest)); // told to who asked
    for (const [oldest] of this.#kept) {
      if (this.#size <= KEPT || oldest === digest) break;
      this.#drop(oldest);
    }
    return document;
  }

  #drop(digest: string): void {
    this.#size -= this.#kept.get(digest)?.size ?? 0;
    this.#kept.delete(digest);
  }
}

/** An image: its configuration, history and annotations. */
export async function imageReadings(
  { manifest, repository, name }: RegistryManifest,
  subject: Subject,
  annotations: readonly Candidate[],
  exposure: readonly string[],
  scan: RegistryScan,
): Promise<readonly FastReading[]> {
  const [config] = descriptorsIn([manifest.document["config"]]);
  if (!config) throw new UnsprawlError("malformed", `${name} names no configuration that can be read`);
  const document = open(await scan.configs.get(repository, config));
  return readings(
    name,
    subject,
    document,
    historyLines(document["history"], () => undefined),
    annotations,
    exposure,
    scan.source,
  );
}

/**
 * An image of Docker's first schema: one JSON text per layer, the newest first, in the engine's form. Source:
 * distribution `docs/content/spec/deprecated-schema-v1.md`, `v1Compatibility`.
 */
export async function signedReadings(
  { manifest, name }: RegistryManifest,
  subject: Subject,
  exposure: readonly string[],
  scan: RegistryScan,
): Promise<readonly FastReading[]> {
  const layers = (Array.isArray(manifest.document["history"]) ? manifest.document["history"] : []).map(
    (one: unknown, at): JsonObject => {
      const text = open(one)["v1Compatibility"];
      try {
        return open(JSON.parse(typeof text === "string" ? text : ""));
      } catch {
        throw new UnsprawlError("malformed", `${name}: the history of layer ${at} is not JSON`);
      }
    },
  );
  const history = layers.map((layer): HistoryLine => {
    const command = open(layer["container_config"])["Cmd"];
    const words = Array.isArray(command) ? command.filter((word) => typeof word === "string") : [];
    return {
      CreatedBy: words.join(" "),
      ...(typeof layer["comment"] === "string" ? { Comment: layer["comment"] } : {}),
    };
  });
  return readings(name, subject, layers[0] ?? {}, history, [], exposure, scan.source);
}

function readings(
  name: string,
  subject: Subject,
  document: JsonObject,
  history: readonly HistoryLine[],
  more: readonly Candidate[],
  exposure: readonly string[],
  source: string,
): readonly FastReading[] {
  const odd = new Set<string>();
  const doc = docOf(subject.id, document["config"]);
  const candidates = imageCandidates(source, subject.name, doc, history, (path) => odd.add(path));
  const built = builtIn(source, subject, document["container_config"], candidates, (path) => odd.add(path));
  const facts = imageFacts(name, doc);
  const read: FastReading = {
    kind: "subject",
    subject,
    facts,
    candidates: [...candidates, ...built, ...more],
    exposure,
  };
  if (odd.size === 0) return [read];
  const message = `part of it does not have the form that builders write: ${[...odd].join(", ")}`;
  const about = { kind: "subject", name: subject.name, id: subject.id } as const;
  return [
    read,
    { kind: "error", subject: subject.name, about, message, hint: "docker manifest inspect shows what it is" },
  ];
}

/**
 * The container of the last build step, in configurations that older engines wrote, without values that the image has
 * too.
 */
function builtIn(source: string, subject: Subject, config: unknown, told: readonly Candidate[], odd: Odd): Candidate[] {
  if (config === undefined || config === null) return [];
  const asRead = (path: string): string => path.replace(/^Config\b/, "ContainerConfig");
  const all = imageCandidates(source, subject.name, docOf(subject.id, config), [], (path) => odd(asRead(path)));
  const isInImage = (one: Candidate): boolean =>
    told.some(({ name, value, location }) => {
      const alike = location.where === one.location.where && name === one.name;
      return alike && value.length === one.value.length && value.equals(one.value);
    });
  return all
    .filter((one) => !isInImage(one))
    .map((one) => {
      const place = { ...mapPlace(one.location.place, asRead), role: "builder" } as const;
      return { ...one, location: { ...one.location, place, path: placeText(place) } };
    });
}

function docOf(id: string, config: unknown): ImageDoc {
  return { Id: id, Config: (config ?? null) as ImageDoc["Config"] & object };
}
