import { cacheCompiledCode } from "../kit/compiled-cache.ts";

// A worker thread of the scan: reads and classifies files and batches of documents beside the main thread. Loaded after the
// compile cache is set up, so that its modules come from the cache.
cacheCompiledCode();
const [{ runWorker }, { inspectReading }] = await Promise.all([
  import("../fast/workers/worker.ts"),
  import("../sources/inspect-file.ts"),
]);
runWorker(inspectReading);
