import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Copied, Project } from "./find.ts";
import { matching, quicker, yamlFiles } from "./quicker.ts";
import { compose, type Config } from "./tools.ts";

const MOST_SERVICES = 12;
/** Each takes a process of the engine: a range of thousands ends it. */
const MOST_PORTS = 300;
const SECRET = /PASS|PWD|SECRET|TOKEN|_KEY|APIKEY|SALT|CREDENTIAL/i;
const EXAMPLES = (name: string): string[] => {
  const bare = name.replace(/^\./, "");
  const ends = ["example", "sample", "template", "dist", "default", "tmpl", "tpl", "defaults", "local"];
  const behind = ends.flatMap((end) => [
    `${name}.${end}`,
    `${name}-${end}`,
    `${bare}.${end}`,
    `${name}_${end}`,
    `.${bare}.${end}`,
  ]);
  const before = ends.flatMap((end) => [
    `${end}.${bare}`,
    `${end}${name}`,
    `.${end}.${bare}`,
    `${end}-${bare}`,
    `.env-${end}`,
  ]);
  return [...behind, ...before, "stack.env"];
};

/** What `htpasswd` prints. */
const HTPASSWD = /HTPASSWD|BASIC_?AUTH(?!.*PASSWORD)|DASHBOARD_(?:AUTH|CREDENTIALS)/i;

/** Why a project is not measured. */
export class Unfit extends Error {}

/** Copies a project and does what a person does before the first `up`; gives back what Compose then makes of it. */
export function fillIn(
  project: Project,
  { from: source, to: base, folder: copy }: Copied,
  env: NodeJS.ProcessEnv,
): Config {
  cpSync(realpathSync(source), base, {
    recursive: true,
    filter: (from) =>
      !/(^|\/)(\.git|node_modules)$/.test(from) && (statSync(from).isDirectory() || statSync(from).size < 1_000_000),
  });
  fromExample(join(copy, ".env"));
  for (const file of yamlFiles(copy)) writeFileSync(file, quicker(readFileSync(file, "utf8")));
  for (let tries = 0; tries < 40; tries++) {
    const { config, said } = compose(copy, project.file, env);
    const isFixed = fixed(said, copy, base, config !== null);
    if (config !== null && !isFixed) {
      // The folder that holds the copy is the project's alone.
      const isMoved = hostFolders(config, copy, [dirname(base), env["HOME"] ?? base]);
      if (!isMoved && !ofProfiles(project, copy, base, env)) return fitting(config);
    } else if (!isFixed) throw new Unfit(`compose: ${said.trim().split("\n").at(-1)?.slice(0, 200) ?? ""}`);
  }
  throw new Unfit("compose: never valid");
}

/** The same for the services that a profile leaves out, as far as Compose takes all profiles together. */
function ofProfiles({ file }: Project, copy: string, base: string, env: NodeJS.ProcessEnv): boolean {
  const { config, said } = compose(copy, file, env, ["--profile", "*"]);
  return fixed(said, copy, base, config !== null);
}

/** Repairs one thing that Compose complains about; false if it complains about nothing that can be filled in. */
function fixed(said: string, copy: string, base: string, isValid: boolean): boolean {
  const unset = [...said.matchAll(/The \\?"(\w+)\\?" variable is not set/g)].map(([, name = ""]) => name);
  const required = /required variable (\w+) is missing/.exec(said)?.[1];
  const names = new Set([...unset, ...(required === undefined ? [] : [required])]);
  if (names.size > 0) {
    const file = join(copy, ".env");
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    // Set already, and yet unset: what a person would write is not to be guessed.
    const fresh = [...names].filter((name) => !new RegExp(`^(export )?${name}=`, "m").test(text));
    if (fresh.length > 0) {
      const literals = yamlFiles(copy)
        .map((one) => readFileSync(one, "utf8"))
        .join("\n");
      const lines = fresh.map((name) => `${name}=${literalOf(name, literals) ?? valueFor(name)}\n`);
      // Before the lines that may be filled in from them.
      writeFileSync(file, lines.join("") + text);
      return true;
    }
    const filled = text.replace(
      /^(export )?(\w+)=(?:\$\{\2\})?\s*$/gm,
      (line, lead: string | undefined, name: string) =>
        names.has(name) ? `${lead ?? ""}${name}=${valueFor(name)}` : line,
    );
    if (filled === text) return false;
    writeFileSync(file, filled);
    return true;
  }
  // Of a program that adds it to each project: Runtipi.
  const network = /refers to undefined network ([\w.-]+)/.exec(said)?.[1];
  if (network !== undefined) {
    const bare = yamlFiles(copy).find((file) => !/^networks:/m.test(readFileSync(file, "utf8")));
    if (bare === undefined) return false;
    appendFileSync(bare, `\nnetworks:\n  ${network}:\n    external: true\n`);
    return true;
  }
  const folder = /undefined volume ([\w.-]+)\//.exec(said)?.[1];
  const written = join(copy, ".env");
  if (folder !== undefined && existsSync(written)) {
    const text = readFileSync(written, "utf8");
    const after = text.replaceAll(`=${folder}\n`, `=./host/${folder}\n`);
    if (after !== text) writeFileSync(written, after);
    return after !== text;
  }
  const missing = !isValid && /(?:env file|open|stat) (\/\S+?):? (?:not found|no such file)/.exec(said)?.[1];
  if (!missing || !resolve(missing).startsWith(base) || existsSync(missing)) return false;
  mkdirSync(dirname(missing), { recursive: true });
  if (!fromExample(missing)) {
    if (/\.ya?ml$/.test(missing)) return false;
    writeFileSync(missing, "");
  }
  return true;
}

/** From the file that the project ships as an example, with values of one's own in place of its secrets. */
function fromExample(file: string): boolean {
  if (existsSync(file)) return false;
  const example = EXAMPLES(basename(file))
    .map((name) => join(dirname(file), name))
    .find((one) => existsSync(one));
  if (example === undefined) return false;
  copyFileSync(example, file);
  const own = new Map<string, string>();
  const text = readFileSync(file, "utf8").replace(
    /^(\s*(?:export )?)(\w+)=(.*)$/gm,
    (line, lead: string, name: string, old: string) => {
      if (/USER(NAME)?$/.test(name) && old.trim() === "") return `${lead}${name}=admin`;
      if (!SECRET.test(name) || /[$/]/.test(old) || /FILE|PATH|_ID$|KEY_?NAME|EXPIR|TTL|LENGTH|_ENABLED/.test(name))
        return line;
      const known = old
        .trim()
        .replace(/^(["'])(.*)\1.*$/, "$2")
        .replace(/\s+#.*$/, "");
      if (/^(true|false|\d{1,5}|null|none)$/i.test(known)) return line;
      const value =
        (known === "" ? undefined : own.get(known)) ??
        (HTPASSWD.test(name) ? valueFor(name) : randomBytes(16).toString("hex"));
      own.set(known, value);
      return `${lead}${name}=${value}`;
    },
  );
  writeFileSync(file, text);
  return true;
}

/** The value that a file gives a service in plain text, where another place has `$NAME` with one dollar by mistake. */
const literalOf = (name: string, files: string): string | undefined =>
  new RegExp(`^\\s*(?:-\\s+)?["']?${name}["']?(?:=|:\\s+)["']?([^\\s$"']+)["']?\\s*$`, "m").exec(files)?.[1];

let port = 20_000;

function valueFor(name: string): string {
  if (/PORT/.test(name)) return String(port++);
  if (HTPASSWD.test(name))
    return `'admin:$2y$05$${randomBytes(60).toString("base64").replaceAll(/\W/g, "").slice(0, 53)}'`;
  if (SECRET.test(name) && !/FILE|PATH|_DIR/.test(name)) return randomBytes(16).toString("hex");
  if (/DIR|PATH|LOCATION|VOLUME|STORAGE|ROOT|FOLDER|MOUNT|LOCAL$/.test(name) && !/USER/.test(name))
    return `./host/${name.toLowerCase()}`;
  if (/IMAGE/.test(name)) return "app";
  if (/TAG|VERSION/.test(name)) return "latest";
  if (/UID|GID|_ID$/.test(name)) return "1000";
  if (/IP$|ADDRESS|BIND/.test(name)) return "127.0.0.1";
  if (/MEM/.test(name)) return "256m";
  if (/TZ|TIMEZONE/.test(name)) return "Europe/Berlin";
  if (/DOMAIN|HOST|URL/.test(name)) return `${name.toLowerCase().replace(/_/g, "-")}.example.org`;
  return name.toLowerCase().replace(/_/g, "-");
}

/** Folders of the host become folders of the project: an engine creates what is missing. True if a file was changed. */
function hostFolders(config: Config, copy: string, allowed: readonly string[]): boolean {
  const isAllowed = (folder: string): boolean => allowed.some((one) => folder === one || folder.startsWith(`${one}/`));
  const outside = new Set<string>();
  for (const service of Object.values(config.services ?? {}))
    for (const { type, source = "" } of service.volumes ?? [])
      if (type === "bind" && !isAllowed(source)) outside.add(source);
  for (const volume of Object.values(config.volumes ?? {})) {
    const device = volume?.driver_opts?.["device"] ?? "";
    if (volume?.driver_opts?.["o"] !== undefined && device.startsWith("/") && !isAllowed(device)) outside.add(device);
  }
  let isChanged = false;
  for (const file of [...yamlFiles(copy), ...envFiles(copy)]) {
    const before = readFileSync(file, "utf8");
    let after = before;
    for (const source of [...outside].toSorted((a, b) => b.length - a.length)) {
      const at = source.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
      // As it stands, or as a default or the beginning of a variable.
      after = after.replace(new RegExp(`(^|[\\s"'=]|:-)${at}(?=/?[:"'}\\s]|$)`, "gm"), `$1./host${source}`);
      if (after === before)
        after = after.replace(/(:-)(\/(?:mnt|opt|srv|data|home|var|media|volume\d?|docker|config)\b)/g, "$1./host$2");
      if (after === before) after = after.replace(/(-\s+["']?)(~\/|\$\{?HOME\}?\/|\.\.\/)/g, "$1./host/");
      // A variable stands in the middle of it: `/DATA/AppData/$AppID/config`.
      const [, top = ""] = /^(\/[\w.-]+\/[\w.-]+)\//.exec(source) ?? [];
      if (after === before && top !== "")
        after = after.replace(new RegExp(`(^|[\\s"'=])${top}(?=/\\$)`, "gm"), `$1./host${top}`);
      if (after === before && file.endsWith(".env")) after = after.replace(/^(\w+=["']?)(\/[\w/-]+)/gm, "$1./host$2");
    }
    if (after === before) continue;
    writeFileSync(file, after);
    isChanged = true;
  }
  if (outside.size > 0 && !isChanged) throw new Unfit(`host folders: ${[...outside].join(" ").slice(0, 120)}`);
  return isChanged;
}

function fitting(config: Config): Config {
  const services = Object.values(config.services ?? {});
  if (services.length === 0) throw new Unfit("no services");
  if (services.length > MOST_SERVICES) throw new Unfit("too many services");
  const ports = services.reduce((sum, one) => sum + (Array.isArray(one["ports"]) ? one["ports"].length : 0), 0);
  if (ports > MOST_PORTS) throw new Unfit("too many ports");
  if (services.some((one) => one.privileged === true || one.pid === "host" || (one.devices ?? []).length > 0))
    throw new Unfit("needs devices or the host");
  return config;
}

const envFiles = (copy: string): string[] => matching(copy, /(^|\/)[^/]*\.env$/);
