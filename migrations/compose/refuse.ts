import { cmd } from "../../src/kit/shell.ts";
import { lineOf } from "../../src/kit/text/lines.ts";
import type { Location } from "../../src/model/location.ts";
import { placeWords } from "../../src/model/place-words.ts";
import { allTexts, textAmong, textAt } from "./command-texts.ts";
import { usedBeside } from "./syntax/beside.ts";
import { envFiles, type ProjectText } from "./syntax/environment.ts";
import { labelAt, labelsFilledFrom, usersFileKey, whatToWrite } from "./labels/index.ts";
import { servicesAt } from "./words/defined.ts";
import { wordSources } from "./words/uses.ts";
import { isReached } from "./syntax/reached.ts";
import { sharing } from "./syntax/kept-lines.ts";
import { mountReaders } from "./syntax/mounted.ts";
import type { ComposeProject } from "./syntax/project.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a text of the project's files that is no variable of a service cannot be moved: what it is, and what to write. */
export function textRefusal(location: Location, project: ComposeProject): Refusal {
  const texts = allTexts(project);
  const text = textAmong(location, texts);
  if (text === null)
    return {
      reason: `is in ${location.path}, not in a variable of a service`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  if (!envFiles(project).some(({ file }) => file === text.file.file)) return ofText(text, project);
  const use = reachedUse(project, texts, text.key);
  if (use !== null) {
    const { hint } = ofText(use, project);
    return { reason: `is filled into ${placeOf(use)}`, hint };
  }
  const [reader] = mountReaders(project, text.file.file, () => false);
  if (reader !== undefined)
    return {
      reason: `is set in ${text.file.file}, which ${reader} mounts and may read itself`,
      hint: cmd`give ${reader} the variable under environment, docker compose up -d, then plan again`,
      elsewhere: true,
    };
  const other = usedBeside(project, text.key);
  const shared = other === null ? sharing(project, text.file.file, text.key) : null;
  if (shared !== null)
    return { reason: `is set in ${text.file.file}, ${shared.with}`, hint: shared.next, elsewhere: true };
  return {
    reason: `is set in ${text.file.file}, from which no service reads it`,
    hint:
      other === null
        ? cmd`unsprawl plan env:${text.file.file} --to STORE moves it, if a program reads it there; otherwise remove its line`
        : cmd`unsprawl plan compose:${other} --to STORE, whose services read it`,
    elsewhere: true,
  };
}

/** What is filled from a variable in the end, maybe by way of other lines of `.env`; null if nothing that counts is. */
function reachedUse(
  project: ComposeProject,
  texts: readonly ProjectText[],
  variable: string,
  seen = new Set([variable]),
): ProjectText | null {
  for (const one of texts.filter(({ uses }) => uses.includes(variable))) {
    if (!isReached(project, one)) continue;
    if (project.yaml.has(one.file.file)) return one;
    if (seen.has(one.key)) continue;
    seen.add(one.key);
    const found = reachedUse(project, texts, one.key, seen);
    if (found !== null) return found;
  }
  return null;
}

/** The service that a text is a command, a health check or a movable label of, or a line of `.env` for; null for others. */
export function serviceOfText(location: Location, project: ComposeProject): string | null {
  const text = textAt(location, project);
  if (text === null) return null;
  const { file, start, key } = text;
  if (project.yaml.has(file.file))
    return servicesAt(project, file.file, start)[0] ?? labelAt(project, file.file, start)?.service ?? null;
  const ofWords = [...wordSources(project)].find(([, sources]) => sources.has(key))?.[0];
  return ofWords ?? labelsFilledFrom(project, key)[0]?.service ?? null;
}

/** What to write in place of a text that a moved variable is filled into too. */
export function hintFor(text: ProjectText, project: ComposeProject): string | null {
  const [top, , member] = text.keys;
  return top === "services" && member === "environment"
    ? "if that variable stays for a reason given beside its name, fix that first; if it was not classified as a secret, give it a recognisable name (…_PASSWORD)"
    : ofText(text, project).hint;
}

function ofText(text: ProjectText, project: ComposeProject): Refusal {
  const { keys, file, start } = text;
  const [top, name = ""] = keys;
  const at = placeOf(text);
  if (typeof top === "string" && top.startsWith("x-") && !isReached(project, text))
    return {
      reason: `is in ${at}, a base from which no service reads it`,
      hint: cmd`take line ${lineOf(file.text, start)} out of ${file.file}`,
    };
  if (top === "secrets" || top === "configs")
    return {
      reason: `is in ${at}, which Compose copies into containers as a file; inspect does not show it`,
      hint: cmd`write it into a file that is not committed, and file: in its place in ${top}.${String(name)}`,
    };
  const below = (...names: readonly string[]): boolean => keys.slice(1).some((one) => names.includes(String(one)));
  if (below("labels"))
    return {
      reason: `is in the label ${at}, and nothing can deliver a label`,
      hint: forLabel(ownName(text)),
    };
  if (below("args") && below("build"))
    return {
      reason: `is in the build argument ${at}, which the image's history keeps`,
      hint: cmd`write build.secrets in its place, and RUN --mount=type=secret,id=${ownName(text)} in the Dockerfile; then rotate it`,
    };
  if (below("healthcheck"))
    return {
      reason: `is in the health check ${at}, not in a variable`,
      hint: TO_FILL_IN,
    };
  if (below("command", "entrypoint"))
    return {
      reason: `is in the command ${at}, not in a variable`,
      hint: TO_FILL_IN,
    };
  if (top === "volumes" && below("driver_opts") && text.key === "o")
    return { reason: `is in ${at}, which docker volume inspect shows`, hint: FOR_SHARES };
  return {
    reason: `is in ${at}, which Compose hands to the engine as it is`,
    hint: "put it into a file that the driver or the program reads, and name that file in its place",
  };
}

/** In a list, what stands before the equals sign. */
const ownName = ({ index, key, value }: ProjectText): string =>
  index === undefined ? key : (value.split("=", 1)[0] ?? "");

/** The same for what inspect shows of a container. */
export function fieldRefusal(location: Location, name: string): Refusal {
  const { where } = location;
  const reason = `is in its ${placeWords(location)}, not in a variable`;
  if (where === "label")
    return { reason: `is in the label ${name}, and nothing can deliver a label`, hint: forLabel(name) };
  if (where === "healthcheck") return { reason, hint: TO_FILL_IN };
  if (where === "cmd" || where === "entrypoint") return { reason, hint: TO_FILL_IN };
  return { reason, hint: "give the application a variable or a file for it, then scan again" };
}

function forLabel(key: string): string {
  const fileKey = usersFileKey(key);
  if (fileKey !== null) return `${whatToWrite(key, fileKey)}; then rotate it`;
  if (/^traefik\./i.test(key)) return FOR_TRAEFIK;
  if (key.startsWith("homepage.")) return FOR_HOMEPAGE;
  return "let the program that reads the label take it from a file or a variable; then remove the label and rotate it";
}

/** Source: Traefik 2 and 3, "File", "Go Templating", which has sprig's functions. */
const FOR_TRAEFIK =
  'write this router or middleware into a file of Traefik\'s file provider, with {{ env "NAME" }} in its place, and give Traefik that variable; then remove the label and rotate it';

/** Source: Homepage, src/utils/config/service-helpers.js, which fills this into labels as into its files. */
const FOR_HOMEPAGE =
  "write {{HOMEPAGE_FILE_NAME}} in its place, and give the service that runs Homepage HOMEPAGE_FILE_NAME=/run/secrets/NAME and that file; then rotate it";

/** The engine mounts a share without mount.cifs, which alone reads a file of credentials (mount.cifs(8)). */
const FOR_SHARES =
  "let this host mount the share, with credentials=FILE in /etc/fstab, and give the services its folder in place of the volume; then rotate it";

/** For a secret written into words: what is filled into them can be moved. */
const TO_FILL_IN = "write ${NAME} in its place, and NAME=value into .env; docker compose up -d, then plan again";

const placeOf = ({ path, file, start }: ProjectText): string => `${path} (${file.file}:${lineOf(file.text, start)})`;
