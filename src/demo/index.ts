/*
 * `npm run demo`: a small world with a separate engine to try unsprawl in, which is removed afterwards. No part of the
 * product calls it.
 */
export {};
