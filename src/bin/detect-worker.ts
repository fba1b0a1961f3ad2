import { cacheCompiledCode } from "../kit/compiled-cache.ts";

// A worker thread beside the main thread: of the scan, which reads and classifies files and batches of documents, or one
// that reads what others wrote. Loaded after the compile cache is set up, so that its modules come from the cache.
cacheCompiledCode();
const { isReader, runReader } = await import("../fast/workers/reader.ts");
if (isReader()) {
  const { readingJobs } = await import("../assembly/reading-jobs.ts");
  runReader(readingJobs);
} else {
  const [{ runWorker }, { inspectReading }] = await Promise.all([
    import("../fast/workers/worker.ts"),
    import("../sources/inspect-file.ts"),
  ]);
  runWorker(inspectReading);
}
