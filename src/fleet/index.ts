/*
 * Many hosts and registries through PostgreSQL: one process schedules, any number of workers scan. The database holds
 * fingerprints and places, never a value.
 */
export {};
