/*
 * Opens what a value is made of (URLs, JSON, connection strings, encodings) and gives the parts to be judged with their
 * place in the whole.
 */
export {};
