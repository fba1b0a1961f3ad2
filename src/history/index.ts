/*
 * What earlier scans saw, in SQLite on this machine or in PostgreSQL for a fleet. Schemas only grow; a database of a
 * newer version is refused.
 */
export {};
