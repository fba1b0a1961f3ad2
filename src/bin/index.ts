/*
 * What starts: main (arguments, face, exit code), the OCI runtime's resolver, and a thread that judges text. These
 * files choose and hand over; what they start lies elsewhere. The resolver must stay light: it runs at every start of a
 * container.
 */
export {};
