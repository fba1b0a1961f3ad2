/*
 * The words of commands, wherever a configuration has them: where a value stands in them, the variable that takes its
 * place, and how a shell fills that in.
 */
export {};
