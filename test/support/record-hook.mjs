// Preloaded by the leak tests: appends what `recording.mjs` sees of unsprawl to RECORD_FILE (on tmpfs).
import fs from "node:fs";
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { startRecording } from "./recording.mjs";

// Threads preload this too; processes that it starts do not get to know the file.
const file = process.env.RECORD_FILE ?? getEnvironmentData("RECORD_FILE");
delete process.env.RECORD_FILE;
setEnvironmentData("RECORD_FILE", file);
const record = fs.openSync(file, "a", 0o600);
const { writeSync } = fs;
startRecording((kind, what, data) => writeSync(record, `${JSON.stringify({ kind, what, data })}\n`));
// A program that replaces itself is watched on.
const { execve } = process;
process.execve = (program, args, env) => execve.call(process, program, args, { ...env, RECORD_FILE: file });
