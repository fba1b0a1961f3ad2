/*
 * Pure data types used everywhere: secrets, fingerprints, locations, findings, plans, receipts, errors. Imports nothing
 * but kit. A `Secret` prints as [secret] and is never part of a type that is serialised to JSON.
 */
export {};
