/*
 * What a run leaves on disk: the signed plan, its receipts, locks and the installation's key. Records are appended and
 * fsynced, intent before an effect and done after it. Files of earlier versions stay readable.
 */
export {};
