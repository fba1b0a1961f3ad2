/*
 * A streaming tar reader with limits. Nothing is extracted, and an entry with a false size is an error.
 */
export {};
