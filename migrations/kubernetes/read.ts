import { opendir, stat as statOf } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { readText } from "../../src/files/read.ts";
import { cmd } from "../../src/kit/shell.ts";
import { countText } from "../../src/kit/text/count.ts";
import { envPlaces } from "./syntax/environment.ts";
import { chartOf, helmValues, isValuesFile } from "./syntax/helm.ts";
import { helmRelease } from "./syntax/helm-release.ts";
import { podSpec, readManifests, templateError, type Resource } from "./syntax/manifest.ts";
import { resourceId } from "./syntax/place.ts";
import { manifestTexts, type ManifestText } from "./manifest-texts.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { locationAt, NO_FACTS, type Subject, type SubjectFacts } from "../../src/model/location.ts";
import { placeText } from "../../src/model/place.ts";
import { Secret } from "../../src/model/secret.ts";
import { entriesOf, entry, scalarText } from "../../src/kit/text/yaml-nodes.ts";
import { errorReading } from "../../src/engine/reading.ts";

/**
 * `kubernetes:FILE` or `kubernetes:FOLDER`: manifest files and Helm values, with the variables of every container, its
 * command lines, ConfigMaps, Secrets and annotations. Needs neither a cluster nor kubectl. In a folder, files that are
 * not manifests are skipped.
 */
export function kubernetesSource(cwd: string): Source {
  return {
    kind: "kubernetes",
    async *read(what, signal) {
      if (what === "")
        throw new UnsprawlError("usage", "kubernetes: needs a file or a folder", "unsprawl scan kubernetes:.");
      const root = resolve(cwd, what);
      const source = `kubernetes:${what}`;
      const stat = await statOf(root).catch(() => null);
      if (stat === null)
        throw new UnsprawlError("absent", `no file or folder ${what}`, "name a manifest or a folder of them");
      if (!stat.isDirectory()) {
        const found = await readFile(source, root, basename(root));
        if (found === null)
          throw new UnsprawlError(
            "malformed",
            `${what} is not a Kubernetes manifest: it has no apiVersion and kind`,
            cmd`unsprawl scan dir:${what} reads any file`,
          );
        yield* found;
        return;
      }
      const charts = new Map<string, number>();
      for (const file of await manifestFiles(root)) {
        signal.throwIfAborted();
        const chart = chartOf(file);
        if (chart !== null) charts.set(chart, (charts.get(chart) ?? 0) + 1);
        else yield* await fileInFolder(source, root, file);
      }
      for (const [chart, count] of charts) yield templates(relative(root, chart) || ".", count);
    },
  };
}

/** The files that kubectl picks from a folder. */
async function manifestFiles(folder: string): Promise<string[]> {
  let found: string[] = [];
  for await (const entry of await opendir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== ".git" && entry.name !== "node_modules")
      found = [...found, ...(await manifestFiles(path))];
    else if (entry.isFile() && /\.(?:ya?ml|json)$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}

/** A file that is not a manifest is skipped; a broken one that looks like a manifest is reported. */
async function fileInFolder(source: string, root: string, file: string): Promise<SourceReading[]> {
  const name = relative(root, file);
  try {
    return (await readFile(source, file, name)) ?? [];
  } catch (error) {
    const text = await readText(file).catch(() => "apiVersion: kind:");
    if (!isValuesFile(file) && !/apiVersion["']?\s*:/.test(text)) return [];
    return [errorReading(name, { kind: "file", path: file }, error)];
  }
}

function templates(chart: string, count: number): SourceReading {
  return {
    kind: "error",
    subject: join(chart, "templates"),
    about: { kind: "file", path: join(chart, "templates") },
    message: `${countText(count, "Helm template")}, not read: only Helm turns ${count === 1 ? "it into a manifest" : "them into manifests"}`,
    hint: cmd`helm template ${chart} > rendered.yaml, then: unsprawl scan kubernetes:rendered.yaml`,
  };
}

async function readFile(source: string, file: string, name: string): Promise<SourceReading[] | null> {
  if (chartOf(file) !== null) throw templateError(file);
  const text = await readText(file, { named: true });
  if (isValuesFile(file)) {
    const subject: Subject = { kind: "file", name, id: file };
    const found = await helmValues(file, text);
    const candidates = found.map((text) => candidate(source, subject, text));
    return [{ kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE }];
  }
  const manifests = await readManifests(file, text);
  if (manifests === null) return null;
  const places = Map.groupBy(envPlaces(manifests), ({ resource }) => resource);
  const readings: SourceReading[] = [];
  for (const resource of manifests.resources) {
    const subject: Subject = { kind: "service", name: resource.label, id: resourceId(resource) };
    const variables = (places.get(resource) ?? []).map((place) => {
      const own = {
        ...subject,
        name: place.subjectName,
        id: `${subject.id}${place.subjectName.slice(resource.label.length)}`,
      };
      return candidate(source, own, { where: "env", ...place, place: { object: resource.label, ...place.place } });
    });
    const release = await helmRelease(resource);
    const own = (await manifestTexts(resource)).filter(
      ({ place }) => release?.fault !== null || placeText(place) !== release.path,
    );
    const rest = [...own, ...(release?.texts ?? [])].map((text) =>
      candidate(source, subject, { ...text, place: { object: resource.label, ...text.place } }),
    );
    const candidates = [...variables, ...rest];
    readings.push({ kind: "subject", subject, facts: factsOf(resource), candidates, exposure: EXPOSURE });
    const about = { kind: "subject", name: subject.name, id: subject.id } as const;
    if (release !== null && release.fault !== null)
      readings.push(errorReading(`${name} ${resource.label}`, about, release.fault));
  }
  return readings;
}

const EXPOSURE = ["anyone who can read the manifests, their repository, or the object in its cluster"];

function candidate(source: string, subject: Subject, { where, name, value, place, lead }: ManifestText): Candidate {
  const location = locationAt(source, subject, where, place);
  return { name, value: Secret.of(value), location, ...(lead === undefined ? {} : { lead }) };
}

function factsOf(resource: Resource): SubjectFacts {
  const { file, node } = resource;
  const metadata = entry(node, "metadata", file)?.value ?? null;
  const labels = ["labels", "annotations"].flatMap((key) =>
    entriesOf(entry(metadata, key, file)?.value, file).map((one) => [one.key, scalarText(one.value) ?? ""] as const),
  );
  const containers = podSpec(resource);
  const [first] = containers === null ? [] : imagesOf(resource, containers.spec);
  const own = Object.fromEntries(labels);
  return { image: first ?? null, labels: own, ownLabels: own };
}

function imagesOf({ file }: Resource, spec: unknown): string[] {
  const list = entry(spec, "containers", file)?.value as { readonly items?: readonly unknown[] } | null;
  return (list?.items ?? []).flatMap((item) => {
    const image = scalarText(entry(item, "image", file)?.value ?? null);
    return image === null ? [] : [image];
  });
}
