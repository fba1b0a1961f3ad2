import { pMapIterable } from "p-map";
import type { FastReading, FastSource } from "../../../src/fast/index.ts";
import { NO_FACTS, type Subject } from "../../../src/model/location.ts";
import type { Registry } from "../../../src/images/registry/client.ts";
import { artifactType } from "../../../src/images/registry/kinds.ts";
import { LayerCache } from "../../../src/images/layers/index.ts";
import { isFinal } from "../../../src/images/registry/listing.ts";
import { isGlob, repositoryText, parseReference } from "../../../src/images/registry/reference.ts";
import { walkRegistry, type RegistryManifest, type RegistryWalkEvent } from "../../../src/images/registry/walk.ts";
import { annotationsOf } from "./annotations.ts";
import { registryLayers, type ImageToRead } from "./layers.ts";
import { Configs, imageReadings, signedReadings, type RegistryScan } from "./image.ts";
import { provenanceReadings } from "./provenance.ts";
import { errorReading } from "../../../src/engine/reading.ts";

const AT_ONCE = 12;

/**
 * `registry:HOST/REPO[:TAG|@DIGEST]`, with globs over repositories and tags: manifests and configuration blobs; layers
 * only if `layers` asks for the files too. `open` returns a registry by its host; `note` is called at the end with
 * notes for people.
 */
export function registrySource(
  open: (host: string) => Promise<Registry>,
  note: (text: string) => void,
  shelf = new LayerCache(note),
): FastSource {
  return {
    kind: "registry",
    resumable: true,
    layers: true,
    async *read(what, signal, options) {
      const reference = parseReference(what);
      const registry = await open(reference.host);
      const configs = new Configs(registry, signal);
      const source = `registry:${what}`;
      const several = reference.repository === null || isGlob(reference.repository) || isGlob(reference.tag ?? "");
      const scan = { source, registry, configs, signal };
      const wanted: ImageToRead[] = [];
      const artifacts = new Map<string, number>();
      const read = (step: RegistryWalkEvent): Promise<readonly FastReading[]> => {
        if (step.kind === "found" && step.is === "artifact") {
          const type = artifactType(step.manifest);
          artifacts.set(type, (artifacts.get(type) ?? 0) + 1);
        }
        // With files, an image is not finished when its configuration is: such a scan starts over.
        return readingsOf(step, scan, several && options?.layers !== true, (one) => wanted.push(one));
      };
      const steps = walkRegistry(
        registry,
        reference,
        signal,
        options?.finished && { ...options, finished: options.finished },
      );
      try {
        for await (const readings of pMapIterable(steps, read, { concurrency: AT_ONCE })) yield* readings;
        if (options?.layers === true) yield* registryLayers(wanted, scan, shelf);
      } finally {
        registry.close();
        for (const text of registry.notes) note(text);
        for (const [type, count] of artifacts)
          note(
            `${source}: ${count} of its manifests ${count === 1 ? "is not an image" : "are not images"} but ${type}: annotations were read`,
          );
      }
    },
  };
}

async function readingsOf(
  step: RegistryWalkEvent,
  scan: RegistryScan,
  several: boolean,
  want: (image: ImageToRead) => void,
): Promise<readonly FastReading[]> {
  if (step.kind === "finished") {
    const { key, repository } = step;
    return [{ kind: "finished", key, as: { source: scan.source, exposure: [exposureOf(scan.registry, repository)] } }];
  }
  if (step.kind === "total") return [{ kind: "total", subjects: step.manifests }];
  if (step.kind === "error") return [errorReading(step.subject, { kind: "images", name: step.subject }, step.error)];
  try {
    const readings = await manifestReadings(step, scan);
    const [only] = readings;
    if (step.is === "image" && only?.kind === "subject")
      want({ found: step, subject: only.subject, facts: only.facts, exposure: only.exposure });
    // What could not be read completely is read again, and so is an index, because of what is in it.
    const isWhole = several && readings.length === 1 && only?.kind === "subject" && step.is !== "index";
    return isWhole ? [{ ...only, key: step.key }] : readings;
  } catch (error) {
    if (isFinal(error)) throw error;
    return [errorReading(step.name, { kind: "images", name: step.name }, error)];
  }
}

async function manifestReadings(found: RegistryManifest, scan: RegistryScan): Promise<readonly FastReading[]> {
  const { manifest, repository } = found;
  const subject: Subject = { kind: "image", name: calledBy(found), id: manifest.digest };
  const exposure = [exposureOf(scan.registry, repository)];
  const annotations = annotationsOf(scan.source, subject, manifest.document, found.is === "attestation");
  if (found.is === "image") return imageReadings(found, subject, annotations, exposure, scan);
  if (found.is === "signed") return signedReadings(found, subject, exposure, scan);
  if (found.is === "attestation") return provenanceReadings(found, subject, annotations, exposure, scan);
  return [{ kind: "subject", subject, facts: NO_FACTS, candidates: annotations, exposure }];
}

/** A manifest that is not an image is named as what it is. */
function calledBy({ is, name, manifest }: RegistryManifest): string {
  if (is === "index") return `${name} (index)`;
  if (is === "attestation") return `${name} (attestation)`;
  return is === "artifact" ? `${name} (artifact ${artifactType(manifest)})` : name;
}

function exposureOf(registry: Registry, repository: string): string {
  return registry.anonymous
    ? `anyone who can reach ${registry.host}, without a login`
    : `anyone who may pull from ${repositoryText(registry.host, repository)}`;
}
