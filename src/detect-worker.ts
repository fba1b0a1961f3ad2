import { work } from "./detect/worker.ts";
import { inspectReading } from "./sources/inspect-file.ts";

// A worker thread of the scan: reads and judges files and batches of documents beside the main thread.
work(inspectReading);
