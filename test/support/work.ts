import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** A text as it stands in the file `path`. */
export type Reading = { readonly text: string; readonly path: string };

/**
 * Counts what the product's own code does to find the secrets of a text, as a number that is the same on every machine:
 * how often each block of it is entered, each turn of a loop among them, and how many characters its expressions look
 * through. In a thread of its own, since what other tests have compiled before is not counted.
 */
export class WorkCounter {
  readonly #thread = new Worker(new URL("work-thread.ts", import.meta.url), { execArgv: [] });

  async read(reading: Reading): Promise<number> {
    this.#thread.postMessage(reading);
    const [work] = (await once(this.#thread, "message")) as [number];
    return work;
  }

  async end(): Promise<void> {
    await this.#thread.terminate();
  }
}
