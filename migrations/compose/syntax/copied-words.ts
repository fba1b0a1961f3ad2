import { escapeDollar } from "../../../src/files/interpolate.ts";
import { entry } from "../../../src/kit/text/yaml-nodes.ts";
import type { ServiceChange } from "../rewrite/change.ts";
import { fileWords, isInFile } from "../words/written.ts";
import type { ComposeProject, ComposeService } from "./project.ts";

/** The words that a container runs, by their place in inspect. */
export type ServiceWords = { readonly [place in "Entrypoint" | "Cmd" | "Healthcheck"]: readonly string[] };

/** The words that the delivery copies into the file: the container's, possibly inherited from its image. */
function copiedWords(
  project: ComposeProject,
  { service, change, entrypoint, cmd, health, words }: ServiceChange,
): ServiceWords {
  const runs = change.entrypointPrefix !== null;
  const check = words?.health ?? health;
  return {
    Entrypoint: words?.entrypoint ?? (runs ? entrypoint : []),
    // Compose drops the image's command if the entrypoint is set.
    Cmd: words?.command ?? (runs && !inProject(project, service, "command") ? cmd : []),
    Healthcheck: change.healthcheckPrefix !== null && check !== null ? inShell(check) : (words?.health ?? []),
  };
}

/**
 * What the file has from now on and no file of the project had: words of the image, or of a container that differs from
 * the files.
 */
export function newToFile(project: ComposeProject, wish: ServiceChange): ServiceWords {
  const { service, change, words, entrypoint, cmd, health } = wish;
  const isMain = words !== null && (words.entrypoint !== null || words.command !== null);
  const runs = change.entrypointPrefix !== null || isMain;
  const checks = change.healthcheckPrefix !== null && (words?.health ?? null) === null;
  const isOld = (place: "entrypoint" | "health", its: readonly string[]): boolean =>
    isInFile(project, service, place, its);
  return {
    Entrypoint: runs && !isOld("entrypoint", entrypoint) ? (words?.entrypoint ?? entrypoint) : [],
    Cmd: runs && !inProject(project, service, "command") ? cmd : [],
    Healthcheck: checks && health !== null && !isOld("health", health) ? inShell(health) : [],
  };
}

/** The same as the file has them. */
export function writtenWords(project: ComposeProject, wish: ServiceChange): ServiceWords {
  const { words, cmd, change } = wish;
  const isCopied = {
    entrypoint: change.entrypointPrefix !== null && (words?.entrypoint ?? null) === null,
    health: change.healthcheckPrefix !== null && (words?.health ?? null) === null,
  };
  const own = fileWords(project, wish, isCopied);
  const made = words === null ? null : { ...words, ...words.written };
  return copiedWords(project, { ...wish, ...own, cmd: cmd.map(escapeDollar), words: made });
}

/** What the file repeats of the image from now on, as a Dockerfile calls it: the image's own is not used any more. */
export function repeatedOfImage(project: ComposeProject, wish: ServiceChange): readonly string[] {
  const { Entrypoint, Cmd, Healthcheck } = copiedWords(project, wish);
  const isImages = (words: readonly string[], key: string): boolean =>
    words.length > 0 && !inProject(project, wish.service, key);
  return [
    ...(isImages(Entrypoint, "entrypoint") ? ["ENTRYPOINT"] : []),
    // An entrypoint of the file drops the image's command.
    ...(isImages(Cmd, "command") && !inProject(project, wish.service, "entrypoint") ? ["CMD"] : []),
    ...(isImages(Healthcheck, "healthcheck") ? ["HEALTHCHECK"] : []),
  ];
}

/** `CMD-SHELL text` runs in the image's shell, so it becomes a CMD with that shell. */
export function inShell(test: readonly string[]): readonly string[] {
  const [kind, ...own] = test;
  return kind === "CMD-SHELL" ? ["CMD", "/bin/sh", "-c", ...own] : test;
}

function inProject(project: ComposeProject, name: string, key: string): boolean {
  const layers = (project.services.get(name) as ComposeService).layers;
  return layers.some(({ service, file }) => (entry(service, key, file)?.value ?? null) !== null);
}
