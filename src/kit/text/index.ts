/*
 * Text that others wrote, and text for others: escaping, redaction, splicing in place, the nearest name. Untrusted text
 * is escaped once, by a face, with what lies here.
 */
export {};
