import { readFileSync } from "node:fs";
import { join } from "node:path";
import { atomicWrite } from "../../../kit/io/atomic.ts";
import { mustBeKnownForm } from "../../../kit/io/form.ts";
import { isOwnName } from "../../../kit/io/name.ts";
import { UnsprawlError } from "../../../model/error.ts";
import { parseOptions, type VolumeReferences } from "../options.ts";

const FILE = "volumes.json";
const LONGEST_NAME = 255;

/** The volumes that the engine has had made, with their options: references, and no value. */
export class Volumes {
  readonly #file: string;
  readonly #known: Map<string, { readonly [option: string]: string }>;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(home: string) {
    this.#file = join(home, FILE);
    this.#known = new Map(Object.entries(readVolumes(this.#file)));
  }

  names(): readonly string[] {
    return [...this.#known.keys()];
  }

  /** Throws `malformed` for options that are none of a volume's. Idempotent; other options take the place of earlier ones. */
  async create(name: string, options: { readonly [option: string]: string }): Promise<void> {
    parseOptions(options);
    // The name becomes a folder's.
    if (!isOwnName(name, LONGEST_NAME))
      throw new UnsprawlError("malformed", `${name.slice(0, 80)} cannot be the name of a volume of unsprawl`);
    this.#known.set(name, options);
    await this.#write();
  }

  async remove(name: string): Promise<void> {
    if (this.#known.delete(name)) await this.#write();
  }

  mustHave(name: string): VolumeReferences {
    const options = this.#known.get(name);
    if (options !== undefined) return parseOptions(options);
    throw new UnsprawlError("absent", `no such volume: ${name.slice(0, 80)}`);
  }

  async #write(): Promise<void> {
    const text = `${JSON.stringify({ version: 1, volumes: Object.fromEntries(this.#known) })}\n`;
    const writing = this.#writing.then(() => atomicWrite(this.#file, text, { mode: 0o600 }));
    this.#writing = writing.catch(() => null);
    await writing;
  }
}

function readVolumes(file: string): { readonly [name: string]: { readonly [option: string]: string } } {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return {};
  }
  const { version, volumes } = JSON.parse(text) as { version: unknown; volumes: { [name: string]: never } };
  mustBeKnownForm(version, 1, file);
  return volumes;
}
