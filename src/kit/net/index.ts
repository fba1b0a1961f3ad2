/*
 * The HTTP client, backoff and deadlines. All requests of other folders use these.
 */
export {};
