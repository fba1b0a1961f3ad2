/*
 * The interfaces that plug-ins implement and core calls. Types, with no more code than they need, and no library. A
 * change here is a change for every plug-in: extend it by what may be absent.
 */
export {};
