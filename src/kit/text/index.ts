/*
 * Text processing: escaping, redaction, splicing in place, the nearest name. Faces escape untrusted text once, with the
 * functions here.
 */
export {};
