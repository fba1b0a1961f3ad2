/*
 * Streams of JSON documents, cut into batches without a look at what lies between. What comes out is what JSON.parse reads.
 */
export {};
