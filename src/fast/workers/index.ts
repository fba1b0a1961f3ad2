/*
 * Classifies text in threads: batches are sent out, and what was spotted comes back in order. Only speed depends on
 * this room, never a verdict.
 */
export {};
