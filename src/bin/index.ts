/*
 * What starts: main (arguments, face, exit code), the OCI runtime's resolver, and a thread that classifies text. These
 * files only choose and delegate; the code is elsewhere. The resolver must stay light: it runs at every container
 * start.
 */
export {};
