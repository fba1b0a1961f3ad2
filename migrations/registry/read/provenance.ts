import type { SourceReading } from "../../../src/contract/source.ts";
import type { Candidate } from "../../../src/model/candidate.ts";
import { NO_FACTS, type Subject, type Where } from "../../../src/model/location.ts";
import type { Place } from "../../../src/model/place.ts";
import { descriptorsIn, IN_TOTO, open } from "../../../src/images/registry/kinds.ts";
import type { RegistryManifest } from "../../../src/images/registry/walk.ts";
import { pairsOf, parseDockerfile } from "../../../src/images/dockerfile.ts";
import { candidateAt } from "../../../src/files/candidate.ts";
import type { RegistryScan } from "./image.ts";

/** Provenance is small; anything larger is a bill of materials by another name. */
const LIMIT = 4 * 1024 * 1024;
const PREDICATE = "in-toto.io/predicate-type";
const MOST_PLACES = 200_000;

/**
 * An attestation that is stored beside an image: its annotations, and of each provenance statement the build arguments,
 * environments, commands and the Dockerfile. Bills of materials list packages, and are not read. Sources: in-toto
 * Statement v1; SLSA provenance v0.2, v1; BuildKit `docs/attestations/slsa-definitions.md`.
 */
export async function provenanceReadings(
  { manifest, repository }: RegistryManifest,
  subject: Subject,
  annotations: readonly Candidate[],
  exposure: readonly string[],
  { source, registry, signal }: RegistryScan,
): Promise<readonly SourceReading[]> {
  const candidates: Candidate[] = [...annotations];
  const errors: SourceReading[] = [];
  const about = { kind: "subject", name: subject.name, id: subject.id } as const;
  for (const [at, layer] of descriptorsIn(manifest.document["layers"]).entries()) {
    const type = layer?.annotations[PREDICATE];
    if (layer?.mediaType !== IN_TOTO || (typeof type === "string" && !/provenance/i.test(type))) continue;
    if (layer.size > LIMIT) {
      const message = `layers[${at}] is a provenance of ${layer.size} bytes, more than are read`;
      errors.push({ kind: "error", subject: subject.name, about, message, hint: "docker buildx imagetools inspect" });
      continue;
    }
    const statement = await registry.json(repository, layer, signal, LIMIT);
    candidates.push(...statementCandidates(source, subject, statement, `layers[${at}].predicate`));
  }
  return [{ kind: "subject", subject, facts: NO_FACTS, candidates, exposure }, ...errors];
}

/** Every place of a provenance statement that can hold a value. */
function statementCandidates(source: string, subject: Subject, statement: unknown, root: string): Candidate[] {
  const found: Candidate[] = [];
  const add: AddBuildValue = (where, name, value, place) => {
    const inAttestation = { ...place, role: "attestation" } as const;
    if (value !== "") found.push(candidateAt(source, subject, where, name, value, inAttestation));
  };
  const waiting: { readonly value: unknown; readonly path: string; readonly key: string }[] = [
    { value: open(statement)["predicate"], path: root, key: "" },
  ];
  for (let places = 0; waiting.length > 0 && places < MOST_PLACES; places++) {
    const { value, path, key } = waiting.pop() ?? { value: null, path: "", key: "" };
    if (typeof value === "string") {
      const [, kind = "", name = ""] = /^(build-arg|label|env):(.+)$/.exec(key) ?? [];
      if (name !== "") add(kind === "label" ? "label" : "build-arg", name, value, { kind: "field", field: path });
      else if (key === "data" && path.includes(".infos[")) dockerfile(value, path, add);
      continue;
    }
    if (Array.isArray(value)) {
      const texts = value.filter((one): one is string => typeof one === "string");
      if (texts.length > 0 && texts.length === value.length) listed(key, texts, path, add);
      else for (const [at, one] of value.entries()) waiting.push({ value: one, path: `${path}[${at}]`, key });
      continue;
    }
    for (const [name, one] of Object.entries(open(value))) {
      const below = /^[A-Za-z_]\w*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
      // SLSA calls the build's variables `environment`; BuildKit puts options of its frontend into `args`.
      if (/^(?:environment|env)$/.test(key) && typeof one === "string")
        add("build-arg", name, one, { kind: "field", field: below });
      else waiting.push({ value: one, path: below, key: name });
    }
  }
  return found;
}

type AddBuildValue = (where: Where, name: string, value: string, place: StatementPlace) => void;
type StatementPlace = Extract<Place, { readonly kind: "field" | "embedded" }>;

/** `env` of a build step is `NAME=value`, `args` its command line. */
function listed(key: string, texts: readonly string[], path: string, add: AddBuildValue): void {
  if (key === "args") add("cmd", "args", JSON.stringify(texts), { kind: "field", field: path });
  if (key !== "env") return;
  for (const [at, text] of texts.entries()) {
    const split = text.indexOf("=");
    if (split > 0)
      add("build-arg", text.slice(0, split), text.slice(split + 1), { kind: "field", field: path, index: at });
  }
}

/** The Dockerfile as BuildKit stores it with `mode=max`, in base64. */
function dockerfile(data: string, path: string, add: AddBuildValue): void {
  const text = Buffer.from(data, "base64").toString("utf8");
  for (const one of parseDockerfile(text)) {
    const at = { kind: "embedded", field: path, line: one.line } as const;
    if (["ENV", "ARG", "LABEL"].includes(one.name))
      for (const { name, value } of pairsOf(one))
        add(one.name === "LABEL" ? "label" : "build-arg", name, value ?? "", at);
    else if (one.name === "RUN") add("history", "RUN", one.value, at);
  }
}
