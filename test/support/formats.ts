import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filesBelow } from "./canary.ts";
import type { World } from "./world.ts";

/** A run configuration that stands in files: what the guards of the laws go through for each format alike. */
export type Format = {
  readonly name: string;
  /** What stands before the folder, or the file in it, in a source. */
  readonly source: string;
  /** The store, and what else its plan needs. */
  readonly options: readonly string[];
  /** The files around secrets of letters and digits; DIR is their folder. */
  files(one: string, two: string): { readonly [file: string]: string };
};

const unit = (settings: string): string =>
  `[Unit]\nDescription=An application\n\n[Service]\n${settings}\nExecStart=/bin/true --port 80\n`;

/** Each with two secrets, in two files where the format has several. */
export const FORMATS: readonly Format[] = [
  {
    name: "env file",
    source: "env:DIR/.env",
    options: ["--to", "local"],
    files: (one, two) => ({ ".env": `# the shop\nDB_PASSWORD="${one}" # rotate\r\nAPI_TOKEN=${two}\nPORT=1` }),
  },
  {
    name: "systemd unit",
    source: "systemd:DIR",
    options: ["--to", "local"],
    files: (one, two) => ({
      "api.service": unit(`EnvironmentFile=DIR/api.env\nEnvironment=LOG=info DB_PASSWORD=${one}`),
      "api.env": `API_TOKEN='${two}'\n`,
    }),
  },
  {
    name: "systemd unit with credentials",
    source: "systemd:DIR",
    options: ["--to", "local", "--deliver", "file"],
    files: (one, two) => ({
      "api.service": unit(`Environment=DB_PASSWORD=${one}`),
      "api.service.d/token.conf": `[Service]\nEnvironment=API_TOKEN=${two}\n`,
    }),
  },
  {
    name: "Quadlet container",
    source: "systemd:DIR",
    options: ["--to", "local"],
    files: (one, two) => ({
      "api.container": `[Container]\nImage=docker.io/library/busybox:1\nEnvironment=DB_PASSWORD=${one} A=1\nEnvironment=API_TOKEN=${two}\n`,
    }),
  },
  {
    name: "Kubernetes manifest",
    source: "kubernetes:DIR/api.yaml",
    options: ["--to", "vault"],
    files: (one, two) => ({
      "api.yaml": `apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n    - name: app\n      image: example/app:1\n      env:\n        - {name: DB_PASSWORD, value: "${one}"} # rotate\n        - name: API_TOKEN\n          value: ${two}\n`,
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

export const sourceOf = ({ source }: Format, dir: string): string => source.replace("DIR", dir);

/** What a run may leave behind only while it can be taken back: names below the state folder and in memory. */
export function leftovers(world: World): string[] {
  const state = join(world.dir, "state/unsprawl");
  const own = [...filesBelow(state), ...filesBelow(world.memory)];
  return own.filter((file) => !/\.jsonl$|\/fingerprint\.key$/.test(file));
}
