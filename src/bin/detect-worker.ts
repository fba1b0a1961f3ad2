import { cacheCompiledCode } from "../kit/compiled-cache.ts";

// A worker thread of the scan: reads and judges files and batches of documents beside the main thread. Loaded after the
// cache is there, from which it is loaded.
cacheCompiledCode();
const [{ work }, { inspectReading }] = await Promise.all([
  import("../fast/workers/worker.ts"),
  import("../sources/inspect-file.ts"),
]);
work(inspectReading);
