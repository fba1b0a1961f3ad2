/*
 * Opens structured values (URLs, JSON, connection strings, encodings) and returns the parts to classify with their
 * place in the whole.
 */
export {};
