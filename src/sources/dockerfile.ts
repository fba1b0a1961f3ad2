import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Reading, Source } from "../contract/source.ts";
import { placeText } from "../files/file-migration.ts";
import { readText } from "../files/read.ts";
import type { Candidate } from "../model/candidate.ts";
import { NO_FACTS, type Subject, type Where } from "../model/location.ts";
import { pairsOf, parseDockerfile, type Instruction } from "../text/dockerfile.ts";
import { candidateAt } from "./candidate.ts";

/**
 * `dockerfile:FILE`, `dockerfile:FOLDER` or `dockerfile:`: what a build would write into the image and its history, and the
 * files known to hold secrets that it copies in, read where they are.
 */
export function dockerfileSource(cwd: string): Source {
  return {
    kind: "dockerfile",
    async *read(what) {
      const at = resolve(cwd, what);
      const isFolder = statSync(at, { throwIfNoEntry: false })?.isDirectory() === true;
      const file = isFolder ? join(at, "Dockerfile") : at;
      const instructions = parseDockerfile(await readText(file));
      const source = `dockerfile:${what}`;
      const subject: Subject = { kind: "file", name: basename(file), id: file };
      const candidates = instructions.flatMap((one) => candidatesOf(source, subject, one));
      yield { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE };
      for (const one of instructions)
        for (const copied of copiedBy(one)) yield copiedReading(source, file, one, copied);
    },
  };
}

const EXPOSURE = ["anyone who can read the file, and whoever can pull the image"];

const PLACES: { readonly [instruction: string]: Where } = { ENV: "image-env", ARG: "build-arg", LABEL: "label" };

function candidatesOf(source: string, subject: Subject, one: Instruction): Candidate[] {
  const place = (name: string): string => placeText(subject.id, one.line, name);
  const where = PLACES[one.name];
  if (where !== undefined)
    return pairsOf(one)
      .filter(({ value }) => value !== null && value !== "")
      .map(({ name, value }) => candidateAt(source, subject, where, name, value ?? "", place(name)));
  if (one.name !== "RUN" || one.value === "") return [];
  return [candidateAt(source, subject, "history", "RUN", one.value, place("RUN"))];
}

/** Files that hold secrets by what they are. */
const SECRET_FILE =
  /^(?:\.env(?:\..+)?|.+\.env|\.npmrc|\.yarnrc(?:\.yml)?|\.pypirc|\.netrc|\.git-credentials|\.pgpass|\.my\.cnf|\.htpasswd|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|key|p12|pfx|jks)|credentials(?:\.json)?|kubeconfig)$/;

/** What an instruction copies from the build's own folder and is known to hold secrets. */
function copiedBy({ name, value }: Instruction): readonly string[] {
  if (!["COPY", "ADD"].includes(name) || /(?:^|\s)--from=/.test(value)) return [];
  const words = value.startsWith("[")
    ? [...value.matchAll(/"([^"]*)"/g)].map(([, word = ""]) => word)
    : value.split(/\s+/).filter((word) => !word.startsWith("--"));
  return words
    .slice(0, -1)
    .filter((word) => SECRET_FILE.test(basename(word)) && !/\.(?:example|sample|dist)$/.test(word));
}

function copiedReading(source: string, dockerfile: string, { line, name }: Instruction, copied: string): Reading {
  const file = join(dirname(dockerfile), copied);
  const subject: Subject = { kind: "file", name: `${copied} (${name}, ${basename(dockerfile)}:${line})`, id: file };
  if (existsSync(file) && statSync(file).isFile())
    return { kind: "file", source, subject, facts: NO_FACTS, file, exposure: EXPOSURE };
  return {
    kind: "error",
    subject: subject.name,
    message: "is copied into the image, and is not there to be read",
    hint: "scan in the folder that it is built in",
  };
}
