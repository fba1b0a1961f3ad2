import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { parse } from "yaml";

/**
 * A Compose project of somebody else: its folder, and the file to name where Compose would not find it by itself; two, with a
 * colon between them, where the second only adds to the services of the first.
 */
export type Project = { readonly name: string; readonly folder: string; readonly file: string | null };

const DEFAULTS = ["compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml"];
/** What others are added to, where no file has a default name. */
const COMMON = /compose[.-](base|common)\.ya?ml$/;
const ALSO = /^(docker-)?compose[^/]*\.ya?ml$|^[\w.-]+\.compose\.ya?ml$/;

/** All Compose projects below a folder, or all stack files (with `deploy:`), in the order of a digest of their names, so that each part is a fair sample. */
export function projectsBelow(top: string, isStack = false): Project[] {
  const found: Project[] = [];
  const visit = (folder: string, below: string): void => {
    const names = readdirSync(folder).toSorted();
    const [byItself] = DEFAULTS.filter((name) => names.includes(name));
    for (const name of names.filter((one) => (isStack ? /\.ya?ml$/ : ALSO).test(one) && !one.includes("override"))) {
      if (!isStack && DEFAULTS.includes(name) && name !== byItself) continue;
      const text = readFileSync(join(folder, name), "utf8");
      if (!/^services:/m.test(text) || (isStack && !/^ {4,}deploy:/m.test(text))) continue;
      const label = !isStack && name === byItself ? below : join(below, name);
      const bases = isStack
        ? []
        : [...(byItself === undefined ? [] : [byItself]), ...names.filter((one) => COMMON.test(one))];
      const base = bases.find((one) => {
        const other = readFileSync(join(folder, one), "utf8");
        return one !== name && !mentions(text, one) && !mentions(other, name) && addsTo(text, other);
      });
      const file = base === undefined ? name : `${base}:${name}`;
      found.push({ name: label, folder, file: !isStack && name === byItself ? null : file });
    }
    for (const name of names)
      if (
        !/^(node_modules|\.git)$/.test(name) &&
        statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory()
      )
        visit(join(folder, name), join(below, name));
  };
  visit(top, "");
  return found.toSorted((a, b) => digest(a.name) - digest(b.name));
}

/** Whether a file names another one, as for `include` and `extends`. */
const mentions = (text: string, file: string): boolean => text.replace(/#.*$/gm, "").includes(file);

/** Whether a file has services without an image, or that name services and networks, which only another file gives them. */
function addsTo(text: string, other: string): boolean {
  const [own, base] = [membersOf(text), membersOf(other)];
  return Object.entries(own.services).some(([name, service]) => {
    if (typeof service !== "object" || service === null) return false;
    const isWhole = ["image", "build", "extends"].some((key) => key in service);
    const { depends_on, networks } = service as { readonly depends_on?: unknown; readonly networks?: unknown };
    return (
      (name in base.services && !isWhole) ||
      namesIn(depends_on).some((one) => one in base.services && !(one in own.services)) ||
      namesIn(networks).some((one) => one in base.networks && !(one in own.networks))
    );
  });
}

const namesIn = (all: unknown): string[] => (Array.isArray(all) ? all : Object.keys(all ?? {})).map(String);

type Members = { readonly services: object; readonly networks: object };

function membersOf(text: string): Members {
  try {
    const all = parse(text, { logLevel: "silent", merge: true }) as { readonly [key in keyof Members]?: object | null };
    return { services: { ...all.services }, networks: { ...all.networks } };
  } catch {
    return { services: {}, networks: {} };
  }
}

function digest(text: string): number {
  let sum = 2166136261;
  for (const letter of text) sum = Math.imul(sum ^ (letter.codePointAt(0) ?? 0), 16777619) >>> 0;
  return sum;
}

/** What is copied of a repository for one project, and where its folder is in that. */
export type Copied = { readonly from: string; readonly to: string; readonly folder: string };

/** The project's folder; of one whose files lead out of it (`env_file: ../.env`) the folder above that has them. */
export function copiedBelow(top: string, project: Project): Copied {
  const { folder } = project;
  const inRepository = project.name.split("/").slice(1, project.file === null ? undefined : -1);
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name) && statSync(join(folder, name)).isFile());
  const ups = names.flatMap(
    (name) => readFileSync(join(folder, name), "utf8").match(/(?<![\w./])(?:\.\/)?(?:\.\.\/?)+/g) ?? [],
  );
  const levels = Math.min(inRepository.length, Math.max(0, ...ups.map((up) => up.split("..").length - 1)));
  if (levels === 0) {
    const to = join(top, projectFolder(project));
    return { from: folder, to, folder: to };
  }
  const from = resolve(folder, "../".repeat(levels));
  const to = join(top, "repository");
  return { from, to, folder: join(to, relative(from, folder)) };
}

/** The folder's name as a project's: what Compose itself makes of it. */
const projectFolder = (project: Project): string =>
  basename(project.folder)
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, "") || "project";
