/*
 * Recreating a container: the request (body), what it costs (losses, sharers), the swap of the old container for the new
 * one and back (swap), and the proof (prove). Nothing here knows where a configuration came from.
 *
 * Two documents are compared in six places. What no table names must be equal in each:
 * - same: what was requested and what the engine created, before anything is stopped. The engine may add to it.
 * - rights: a container before and after Compose recreated it from files that others can write. Accepted drift changes
 *   settings, never rights. Compose's frame.ts takes the delivery out of both first.
 * - the same two on the way back, where an outage is worse than a harmless difference.
 * - Swarm's spec.ts: a service and the change that it is to have.
 * - drift, and Swarm's `specDigest`: a plan and what it finds when it is applied. A plan holds digests, so the whole is
 *   compared.
 * - Compose's rewrite/compare.ts: what Compose reads before and after its files are rewritten, also whole.
 * The first four are tables for `differences` in compare.ts.
 */
export {};
