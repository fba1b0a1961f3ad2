/*
 * One HTTP client, one backoff, one deadline. A new request of any other room goes through these.
 */
export {};
