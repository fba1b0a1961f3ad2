/*
 * Reads unsprawl.yaml and the files beside it: settings, what of a project's file counts only once it is trusted, what
 * is ignored, and the mapping that a person edits. Parsing has no effect on anything else.
 */
export {};
