/*
 * Crash-safe files: atomic writes, locks, sealed copies, and checks of owners and names before they become paths.
 */
export {};
