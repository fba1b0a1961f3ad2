/*
 * Secrets in command lines: words as a shell splits them, then flags and positions as each program takes them. A
 * program's peculiarities are data where that is possible.
 */
export {};
