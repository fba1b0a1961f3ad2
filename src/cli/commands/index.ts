/*
 * One file per command, loaded when it is called. `run` gets the parsed flags, calls core and returns the exit code;
 * usage errors are thrown before anything is read or written.
 */
export {};
