/*
 * Pieces that screens are put together from: bars, windows, text that fits. They know no finding.
 */
export {};
