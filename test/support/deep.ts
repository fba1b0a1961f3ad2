/** `npm run test:deep`: everything, however long it takes. The other tiers draw samples and trust records of proofs. */
export const DEEP = process.env["UNSPRAWL_DEEP"] === "1";
