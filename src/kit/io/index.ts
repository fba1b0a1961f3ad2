/*
 * Files that outlive a crash: atomic writes, locks, sealed copies, owners and names that are checked before they become
 * paths.
 */
export {};
