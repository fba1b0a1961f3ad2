/*
 * `npm run demo`: a small world with an engine of its own to try unsprawl in, which is removed afterwards. No part of
 * the product calls it.
 */
export {};
