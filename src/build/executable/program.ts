import { getAsset } from "node:sea";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { PACKAGED_DRIVER } from "../../model/driver.ts";
import type * as files from "../../kit/program.ts";

// What src/kit/program.ts says, in the one-file executable: all parts are assets of the executable itself.

/** The loader's first argument for the resolver of the OCI runtime. */
const RESOLVER = "oci-resolver";

export const startWords: typeof files.startWords = () => [process.execPath];
export const resolverWords: typeof files.resolverWords = () => [process.execPath, RESOLVER];
/** In the image of a release the executable is in this place too. */
export const driverProgram: typeof files.driverProgram = () => ({
  files: [{ from: process.execPath, to: PACKAGED_DRIVER[0] }],
  words: [...PACKAGED_DRIVER],
});
/** Node gives an executable of this kind its own path as first argument, and the arguments after it. */
export const ownWords: typeof files.ownWords = () => [];
export const resolverArguments: typeof files.resolverArguments = () => process.argv.slice(3);
export const reportPage: typeof files.reportPage = () => JSON.parse(getAsset("report-page.json", "utf8"));
export const startDetectWorker: typeof files.startDetectWorker = (options: WorkerOptions) =>
  new Worker(getAsset("loader.cjs", "utf8"), {
    ...options,
    eval: true,
    workerData: { ...(options.workerData as object | undefined), part: "detect-worker.js" },
  });
