/*
 * Scans on a schedule and as containers start, and reports changes: the loop, the engine's events, metrics. The face
 * hands it everything; it writes the history and its metrics.
 */
export {};
