/*
 * Reads and classifies large data fast: batches of documents, files in threads.
 */
export {};
