/*
 * Judges text in threads: batches go out, what was spotted comes back in order. Only speed depends on this room, never
 * a verdict.
 */
export {};
