import { work } from "./detect/worker.ts";

// A worker thread of the scan: judges values and reads files beside the main thread.
work();
