import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import { linePlace } from "../../src/files/file-migration.ts";
import { copiedSecrets, type Copied } from "./build-context.ts";
import { readText } from "../../src/files/read.ts";
import type { Candidate } from "../../src/model/candidate.ts";
import { NO_FACTS, type Subject, type Where } from "../../src/model/location.ts";
import { postponedInstruction, pairsOf, parseDockerfile, type Instruction } from "../../src/images/dockerfile.ts";
import { candidateAt } from "../../src/files/candidate.ts";

/**
 * `dockerfile:FILE`, `dockerfile:FOLDER` or `dockerfile:`: what a build would write into the image and its history, and
 * the files known to hold secrets that it copies in (by name, or in a folder without a `.dockerignore` against it).
 */
export function dockerfileSource(cwd: string): Source {
  return {
    kind: "dockerfile",
    async *read(what) {
      const at = resolve(cwd, what);
      const isFolder = existsSync(at) && statSync(at).isDirectory();
      const file = isFolder ? join(at, "Dockerfile") : at;
      const instructions = parseDockerfile(await readText(file, { named: true }));
      const source = `dockerfile:${what}`;
      const subject: Subject = { kind: "file", name: basename(file), id: file };
      const candidates = instructions.flatMap((one) =>
        candidatesOf(source, subject, one, entrypointOf(one, instructions)),
      );
      yield { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE };
      const { copied, cut } = await copiedSecrets(file, instructions);
      for (const one of copied) yield copiedReading(source, file, one);
      if (cut)
        yield {
          kind: "error",
          subject: dirname(file),
          // The Dockerfile itself has been read.
          about: { kind: "subject", name: dirname(file), id: dirname(file) },
          message: "contains too many files for a build context: not all were scanned",
          hint: "add a .dockerignore, or scan the folder that you build in",
        };
    },
  };
}

const EXPOSURE = ["anyone who can read the file or pull the image"];

const PLACES: { readonly [instruction: string]: Where } = { ENV: "image-env", ARG: "build-arg", LABEL: "label" };

/** The last ENTRYPOINT of a CMD's stage, whose arguments the CMD is; empty for a stage without one. */
function entrypointOf(one: Instruction, all: readonly Instruction[]): string {
  if (one.name !== "CMD") return "";
  return all.findLast(({ name, stage }) => name === "ENTRYPOINT" && stage === one.stage)?.value ?? "";
}

function candidatesOf(source: string, subject: Subject, one: Instruction, lead = ""): Candidate[] {
  const place = (name: string) => linePlace(subject.id, one.line, name);
  const where = PLACES[one.name];
  if (where !== undefined)
    return pairsOf(one)
      .filter(({ value }) => value !== null && value !== "")
      .map(({ name, value }) => candidateAt(source, subject, where, name, value ?? "", place(name)));
  if (one.value === "") return [];
  if (one.name === "ONBUILD") {
    const later = postponedInstruction(one);
    return later === null ? [] : candidatesOf(source, subject, later);
  }
  const command = COMMANDS[one.name];
  // Files copied from the build context are read there; a heredoc and a URL are in the instruction.
  if (command === undefined || (/^(?:COPY|ADD)$/.test(one.name) && !/<<|:\/\//.test(one.value))) return [];
  return [candidateAt(source, subject, command, one.name, one.value, place(one.name), lead)];
}

const COMMANDS: { readonly [instruction: string]: Where } = {
  RUN: "history",
  COPY: "history",
  ADD: "history",
  CMD: "cmd",
  ENTRYPOINT: "entrypoint",
  HEALTHCHECK: "healthcheck",
};

function copiedReading(source: string, dockerfile: string, { instruction, path, file }: Copied): SourceReading {
  const by = `${instruction.name}, ${basename(dockerfile)}:${instruction.line}`;
  const subject: Subject = { kind: "file", name: `${path} (${by})`, id: file ?? join(dirname(dockerfile), path) };
  if (file !== null) return { kind: "file", source, subject, facts: NO_FACTS, file, exposure: EXPOSURE };
  return {
    kind: "error",
    subject: subject.name,
    about: { kind: "subject", name: subject.name, id: subject.id },
    message: "is copied into the image, but does not exist here",
    hint: "scan from the folder that you build in, or exclude it in .dockerignore",
  };
}
