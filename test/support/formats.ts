import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow } from "./canary.ts";
import { heldLocks } from "./locks.ts";
import type { World } from "./world.ts";

type Secrets = readonly (readonly [name: string, value: string])[];

/** A run configuration that stands in files: what the guards of the laws go through for each format alike. */
export type Format = {
  readonly name: string;
  /** DIR is the folder of its files. */
  readonly source: string;
  /** The store, and what else its plan needs. */
  readonly options: readonly string[];
  /** Whether a value can be moved from there. */
  takes(value: string): boolean;
  /** The files, with some of the secrets in each. */
  files(first: Secrets, more: Secrets): { readonly [file: string]: string };
};

const any = (): boolean => true;
const unit = (settings: string): string =>
  `[Unit]\nDescription=An application\n\n[Service]\n${settings}\nExecStart=/bin/true --port 80\n`;
/** systemd.syntax(7), and systemd.unit(5) for the percent sign. */
const settings = (secrets: Secrets): string =>
  secrets.map(([name, value]) => `Environment=${escaped(`${name}=${value}`).replaceAll("%", "%%")}`).join("\n");
/** A word becomes an argument of ExecStart: systemd.service(5) for the dollar sign. */
const quadlet = (secrets: Secrets): string => settings(secrets).replaceAll("$", "$$$$");
const escaped = (text: string): string => `"${text.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"`;

/** GitHub keeps names that begin as its own for itself. */
const ours = (name: string): string => name.replace(/^GITHUB_/, "GH_");

/** Each of an application of its own. */
export const FORMATS: readonly Format[] = [
  {
    name: "env file",
    source: "env:DIR/.env",
    options: ["--to", "local"],
    takes: any,
    files: (first, more) => ({
      ".env": `# the shop\n${[...first, ...more].map(([name, value]) => `${name}=${escaped(value).replaceAll("$", "\\$")} # rotate\r\n`).join("")}PORT=1`,
    }),
  },
  {
    name: "systemd unit",
    source: "systemd:DIR",
    options: ["--to", "local"],
    takes: any,
    files: (first, more) => ({
      "web.service": unit(`EnvironmentFile=DIR/web.env\nEnvironment=LOG=info\n${settings(first)}`),
      "web.env": more.map(([name, value]) => `${name}='${value.replaceAll("'", `'"'"'`)}'\n`).join(""),
    }),
  },
  {
    name: "systemd unit with credentials",
    source: "systemd:DIR",
    options: ["--to", "local", "--deliver", "file"],
    takes: any,
    files: (first, more) => ({
      "worker.service": unit(settings(first)),
      "worker.service.d/more.conf": `[Service]\n${settings(more)}\n`,
    }),
  },
  {
    name: "Quadlet container",
    source: "systemd:DIR",
    options: ["--to", "local"],
    takes: any,
    files: (first, more) => ({
      "db.container": `[Container]\nImage=docker.io/library/busybox:1\nEnvironmentFile=db.env\n${quadlet(first)} A=1\n${quadlet(more.filter(([, value]) => value.includes("\n")))}\n`,
      // Podman reads no quotes here, and one variable a line.
      "db.env": `# db\n${more
        .filter(([, value]) => !value.includes("\n"))
        .map(([name, value]) => `${name}=${value}\n`)
        .join("")}TZ=UTC`,
    }),
  },
  {
    name: "Kubernetes manifest",
    source: "kubernetes:DIR/api.yaml",
    options: ["--to", "vault"],
    takes: any,
    files: (first, more) => ({
      "api.yaml": `apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n    - name: app\n      image: example/app:1\n      env:\n${first.map(([name, value]) => `        - {name: ${name}, value: ${JSON.stringify(value)}} # rotate\n`).join("")}${more.map(([name, value]) => `        - name: ${name}\n          value: ${JSON.stringify(value)}\n`).join("")}`,
    }),
  },
  {
    name: "GitHub Actions workflow",
    source: "dir:DIR/.github/workflows/test.yml",
    options: ["--to", "local"],
    takes: (value) => !value.includes("\n"),
    files: (first, more) => ({
      ".github/workflows/test.yml": `on: push\nenv:\n${first.map(([name, value]) => `  ${ours(name)}: ${JSON.stringify(value)} # rotate\n`).join("")}jobs:\n  test:\n    runs-on: ubuntu-latest\n    steps:\n      - run: make\n        env:\n          LOG: info\n${more.map(([name, value]) => `          ${ours(name)}: ${JSON.stringify(value)}\n`).join("")}`,
    }),
  },
  {
    name: "Nomad job",
    source: "dir:DIR/shop.nomad.hcl",
    options: ["--to", "vault"],
    takes: (value) => !/[$%]\{/.test(value),
    files: (first, more) => ({
      "shop.nomad.hcl": `job "shop" {\n  group "web" {\n    task "api" {\n      env {\n${first.map(([name, value]) => `        ${name} = ${JSON.stringify(value)} # rotate\n`).join("")}        LOG = "info"\n      }\n    }\n    task "worker" {\n      env = {\n${more.map(([name, value]) => `        ${name} = ${JSON.stringify(value)},\n`).join("")}      }\n    }\n  }\n}\n`,
    }),
  },
];

/** Writes files into a folder, readable by a group, as somebody may have them. */
export function layFiles(dir: string, files: { readonly [file: string]: string }): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(dir, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text.replaceAll("DIR", dir));
    chmodSync(file, 0o640);
  }
}

/** Every file below a folder, each with its mode and its text. */
export function filesOf(dir: string): { readonly [file: string]: readonly [mode: string, text: string] } {
  return Object.fromEntries(
    filesBelow(dir)
      .sort()
      .map((file) => [
        relative(dir, file),
        [(statSync(file).mode & 0o777).toString(8), readFileSync(file, "utf8")] as const,
      ]),
  );
}

/** What a run keeps beside its journal, in the state folder and in memory: none once it has been taken back. */
export function leftovers(world: World): string[] {
  const state = join(world.dir, "state/unsprawl");
  const own = /\.jsonl$|\/fingerprint\.(?:key|cred)$|\/lock\/[^/]*$/;
  const files = [...filesBelow(state), ...filesBelow(world.memory)].filter(
    (file) => !own.test(file) && !(file === join(state, "consumers.json") && listsNobody(file)),
  );
  // The files of locks stay, empty; none may be held.
  return [...files, ...heldLocks(state)];
}

/** The agent's index stays when the last consumer is gone. */
function listsNobody(index: string): boolean {
  return (JSON.parse(readFileSync(index, "utf8")) as { readonly consumers: readonly object[] }).consumers.length === 0;
}
