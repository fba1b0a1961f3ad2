/*
 * Completion: the shells' scripts ask the program what fits (`unsprawl __complete WORDS`), so that names of stores,
 * containers, images, runs and rules are those of this machine. Nothing is changed here, no value is read, and what
 * cannot be listed at once is left out: a person waits for the answer.
 */
export { scriptFor, SHELLS } from "./scripts.ts";
export { completionText } from "./answer.ts";
