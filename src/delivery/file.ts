import { join } from "node:path";
import { CONSUMER_FOLDERS } from "../model/consumer.ts";
import { noFit, type Delivery, type DeliveryFit, type DeliverySubject } from "../contract/delivery.ts";
import type { Move } from "../model/plan.ts";
import { rewrittenAtStart } from "./at-start.ts";
import { fileProgram, startsProgram } from "./documented.ts";
import {
  entrypointScripts,
  readsFileForm,
  readsPrefix,
  readsPrefixedFiles,
  type EntrypointScript,
} from "./entrypoint.ts";
import { consumerWith, suppliedBy } from "./extend.ts";
import { ownerOf, readingUser } from "./owner.ts";
import { readByHealthCheck } from "./reads.ts";
import { exportedFromFiles } from "./reach.ts";
import { discardUnit, memoryRoot, namesFault, unitFolder, valueFiles, writeFiles } from "./tmpfs.ts";

/**
 * `file`: each value is a file in a read-only folder mount on tmpfs, and NAME_FILE contains its path. Fits if the
 * image's entrypoint reads NAME_FILE, which is determined by reading its scripts.
 */
export function fileDelivery(env: NodeJS.ProcessEnv): Delivery {
  const folder = (id: string): string => join(unitFolder(env, id), CONSUMER_FOLDERS.file);
  return {
    name: "file",
    async fits(subject, moves) {
      const fault = subject.unreachableHost?.why ?? (await configFault(subject, moves));
      const fit = fault === null ? await readerFit(subject, moves) : noFit(fault);
      if (fit.fits) memoryRoot(env);
      return fit;
    },
    change(subject, moves) {
      const target = mountTarget(subject);
      const forms = moves.flatMap(({ name }) => {
        const form = formOf(subject)(name);
        return form === null ? [] : { name, form };
      });
      const kept = new Set(forms.flatMap(({ name, form }) => (name === form ? name : [])));
      return {
        unset: moves.flatMap(({ name }) => (kept.has(name) ? [] : name)),
        set: forms.map(({ name, form }) => ({ name: form, value: `${target}/${name}` })),
        mounts: [{ source: folder(subject.id), target }],
        ...(suppliedBy(subject, "file") === null ? {} : { unmount: [target] }),
        entrypointPrefix: null,
        healthcheckPrefix: null,
        runtime: null,
      };
    },
    options(subject) {
      const program = fileProgram(subject);
      if (program === null) return null;
      return { options: program.options, path: (name) => `${mountTarget(subject)}/${name}` };
    },
    starts: startsProgram,
    rewrites: rewrittenAtStart,
    consumer: (subject, owner, moves, store) =>
      consumerWith(subject, "file", { folder: folder(subject.id), owner, moves, store }),
    owner: async (subject) =>
      ownerOf({
        ...subject,
        user: isS6(subject) ? subject.user : readingUser(subject, await entrypointScripts(subject)),
      }),
    files: valueFiles,
    async allow() {
      // Access is limited by the mount: only the container has the files.
    },
    async prepare(id, owner, moves, values) {
      writeFiles(folder(id), owner, valueFiles(moves, values));
    },
    async discard(id) {
      discardUnit(env, id);
      return null;
    },
    environment: "by entrypoint",
    readsItself: (subject, name) => isOption(subject, name) || fileProgram(subject) !== null,
    async received({ wasRead }, { name }, subject) {
      return wasRead(`${mountTarget(subject)}/${name}`) === true ? "read" : null;
    },
  };
}

/** What in the subject's own configuration a file would not serve; null for nothing. */
async function configFault(subject: DeliverySubject, moves: readonly Move[]): Promise<string | null> {
  const odd = namesFault(moves, false);
  if (odd !== null) return odd;
  const padded = moves.find(({ name }) => subject.padded?.has(name) === true);
  if (padded) return `${padded.name} begins or ends with white space, which is lost where a file is read`;
  const both = moves.find(({ name }) => {
    const form = formOf(subject)(name);
    return form !== null && form !== name && subject.env.includes(form);
  });
  if (both) return `${formOf(subject)(both.name) ?? ""} is set already, and both forms are an error in most images`;
  const names = moves.map(({ name }) => name);
  const checked = await readByHealthCheck(subject, names);
  return checked === null ? null : `its health check reads ${checked}, which only the entrypoint would have`;
}

/** Whether what the subject starts reads the files: its program, an option, s6's `/init`, or the entrypoint's scripts. */
async function readerFit(subject: DeliverySubject, moves: readonly Move[]): Promise<DeliveryFit> {
  const program = fileProgram(subject);
  if (program !== null) {
    const unread = moves.find(({ name }) => !isOption(subject, name) && program.variables[name] === undefined);
    if (unread !== undefined) return noFit(`${program.program} does not read ${unread.name} from a file`);
    const since = program.since === null ? [] : [`${program.program} reads files from version ${program.since} on`];
    return reads(`${program.program} reads it from a file (${program.manual})`, since);
  }
  if (moves.every(({ name }) => isOption(subject, name))) return reads("its configuration can name the file");
  if (isS6(subject)) {
    const envfile = await readsPrefix(subject);
    if (envfile === null) return noFit("the image's /init does not read FILE__NAME");
    return reads(`the image's /init (${envfile}) reads FILE__NAME`);
  }
  const scripts = await entrypointScripts(subject);
  return (
    noFitOfScripts(subject, moves, scripts) ??
    reads(`the image's entrypoint (${scripts[0]?.path ?? ""}) reads NAME_FILE`)
  );
}

const reads = (why: string, since: readonly string[] = []): DeliveryFit => ({
  fits: true,
  why,
  warnings: [...since, NOT_FOR_EXEC],
});

/** Null if the scripts of the image's entrypoint read a file for each variable, as a user who can be determined. */
function noFitOfScripts(
  subject: DeliverySubject,
  moves: readonly Move[],
  scripts: readonly EntrypointScript[],
): DeliveryFit | null {
  if (scripts.length === 0) return noFit("the image's entrypoint is not a script that can be read");
  const isExported = exportedFromFiles(subject, scripts);
  const unread = moves.find(
    ({ name }) => !(isGrafana(subject, name) ? readsGrafanas(scripts, name) : isExported(name)),
  );
  if (unread !== undefined) {
    const form = formOf(subject)(unread.name) ?? unread.name;
    const isNamed = scripts.some(({ text }) => readsFileForm(text, unread.name));
    const like = isNamed ? " for certain when it is started like this" : "";
    return noFit(`the image's entrypoint does not read ${form}${like}`);
  }
  const again = moves.find((move) => subject.imageEnv.has(move.name));
  if (again)
    return noFit(
      `the image sets ${again.name} itself, and a variable beside ${again.name}_FILE is an error in most images`,
    );
  return readingUser(subject, scripts).startsWith("$")
    ? noFit("the image's entrypoint reads NAME_FILE as another user, which cannot be determined")
    : null;
}

/** Commands of people and scripts that had the variable, such as `mysqldump -p"$MYSQL_ROOT_PASSWORD"`. */
const NOT_FOR_EXEC = "`docker exec` in this container will not see the values (the application does)";

/** Images based on s6-overlay, such as linuxserver's, start with `/init`. */
const isS6 = ({ entrypoint }: DeliverySubject): boolean => entrypoint.length === 1 && entrypoint[0] === "/init";

/** Grafana's images start with `/run.sh`, which reads GF_…__FILE. */
const isGrafana = ({ entrypoint }: DeliverySubject, name: string): boolean =>
  entrypoint.length === 1 && entrypoint[0] === "/run.sh" && name.startsWith("GF_");

const isOption = ({ byOption }: DeliverySubject, name: string): boolean => byOption?.has(name) === true;

/**
 * The variable that holds the file's path: NAME_FILE, FILE__NAME in linuxserver's images, NAME__FILE in Grafana's, and what
 * a program's manual says; null where an option of the program names the file.
 */
const formOf =
  (subject: DeliverySubject) =>
  (name: string): string | null =>
    isOption(subject, name) ? null : (fileProgram(subject)?.variables[name] ?? formOfImage(subject, name));

const formOfImage = (subject: DeliverySubject, name: string): string =>
  isS6(subject) ? `FILE__${name}` : isGrafana(subject, name) ? `${name}__FILE` : `${name}_FILE`;

const readsGrafanas = (scripts: readonly EntrypointScript[], name: string): boolean =>
  scripts.some(({ text }) => readsPrefixedFiles(text, name));

/** Where Docker and Compose mount secrets, unless the container already has a mount there. */
function mountTarget(subject: DeliverySubject): string {
  const supplied = suppliedBy(subject, "file");
  if (supplied !== null) return supplied.target;
  return subject.mountTargets.some((target) => `${target}/`.startsWith("/run/secrets/"))
    ? "/run/unsprawl/secrets"
    : "/run/secrets";
}
