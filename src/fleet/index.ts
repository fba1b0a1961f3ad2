/*
 * Many hosts and registries on PostgreSQL: one process asks, any number of workers scan. The database holds
 * fingerprints and places, never a value.
 */
export {};
