/*
 * Reads unsprawl.yaml and related files: settings, trust in a project's file, ignore entries, and the mapping that a
 * person edits. Parsing has no side effects.
 */
export {};
