/*
 * The verbs: scan, plan, apply, resume, rollback, scrub, rotate, render. Each takes its input and a host, and knows
 * plug-ins only by their contracts. Read-only mode is enforced here, never in a face.
 */
export {};
