/** Whether a text may be written into a file: it is in one already, or can be no credential. */
export const isPublic = (text: string, files: string): boolean => isAmount(text) || files.includes(text);

/**
 * Whether a text is one that Compose takes as a number, a switch or an amount. A variable of a port cannot stay: Compose
 * resolves no project with a mark in its place.
 */
function isAmount(text: string): boolean {
  return /^(?:\d[\d.:/-]{0,20}(?:[kmg]?b?|ms|s|m|h)|true|false|yes|no|on|off)$/i.test(text);
}
