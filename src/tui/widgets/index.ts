/*
 * Building blocks of screens: bars, windows, text that fits. They know no finding.
 */
export {};
