/*
 * What a key starts: scans, plans, runs. A verb changes the state and calls core; it draws nothing.
 */
export {};
