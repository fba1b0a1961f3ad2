/*
 * What a variable's name says, word by word. The word lists decide alone only where a value says nothing.
 */
export {};
