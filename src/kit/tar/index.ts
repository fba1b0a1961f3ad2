/*
 * Reads tar as a stream within limits: nothing is unpacked, and an entry that lies about its size is an error.
 */
export {};
