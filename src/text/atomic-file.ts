export { atomicRemove, atomicWrite, digestOf, hasTemps, mayReplace, sweepTemps } from "../kit/io/atomic.ts";
export { fileError } from "../kit/io/error.ts";
export { withFileLock } from "../kit/io/lock.ts";
