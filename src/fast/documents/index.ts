/*
 * Cuts streams of JSON documents into batches without parsing what is between the cuts. The documents are those that
 * JSON.parse returns.
 */
export {};
