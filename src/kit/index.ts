/*
 * General tools that every folder may import: quoting for shells, starting child processes, memoising. Knows nothing
 * about secrets management; code that does belongs elsewhere.
 */
export {};
