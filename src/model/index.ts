/*
 * Pure data that every room speaks: secrets, fingerprints, locations, findings, plans, receipts, errors. It imports
 * nothing. A `Secret` prints as [secret] and is never part of a type that becomes JSON.
 */
export {};
