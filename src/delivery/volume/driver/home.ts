import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { mustBeKnownForm } from "../../../kit/io/form.ts";
import { causeOf, UnsprawlError } from "../../../model/error.ts";
import type { PluginKey } from "../../../engine/plugin/seal.ts";
import type { RuntimeStore } from "../../runtime/settings.ts";

/** The folder in the plugin for its settings, credentials, bindings and volumes. */
export const HOME = "/etc/unsprawl/plugin";
/** Its settings, there. */
export const SETTINGS = "settings.json";

/** Who resolves references here, for messages. */
export const RESOLVER = { name: "the volume plugin", advice: "unsprawl plugin upgrade --to STORE" } as const;

/** Everything that the driver needs at a start of a container; written when the plugin is installed. */
export type DriverSettings = {
  readonly version: 1;
  /** Of the program that was installed. */
  readonly program: string;
  /** Base64. */
  readonly key: string;
  readonly stores: readonly RuntimeStore[];
  /** How long a start waits for a store that cannot be reached, in milliseconds. */
  readonly waitMs: number;
  /** Whether the last values are kept in memory for a store that cannot be reached. */
  readonly keepLast: boolean;
};

/** The driver's own files. */
export class DriverHome {
  readonly dir: string;
  readonly settings: DriverSettings;

  /** Throws `malformed`. */
  constructor(dir: string) {
    this.dir = dir;
    const file = join(dir, SETTINGS);
    try {
      const settings = JSON.parse(readFileSync(file, "utf8")) as DriverSettings;
      mustBeKnownForm(settings.version, 1, file);
      this.settings = settings;
    } catch (error) {
      if (error instanceof UnsprawlError) throw error;
      throw new UnsprawlError("malformed", `${file} cannot be understood`, "unsprawl plugin upgrade", causeOf(error));
    }
  }

  get key(): PluginKey {
    return Buffer.from(this.settings.key, "base64");
  }

  /** All files by path below the folder, base64: what the plugin that takes this one's place begins with. */
  files(): { [path: string]: string } {
    const found: { [path: string]: string } = {};
    for (const name of readdirSync(this.dir, { recursive: true, encoding: "utf8" })) {
      const file = join(this.dir, name);
      if (statSync(file).isFile()) found[relative(this.dir, file)] = readFileSync(file).toString("base64");
    }
    return found;
  }
}
